"""Is the public name answered by this Region?"""

from failover import wiring
from handlers._task_state import task_handler

handler = task_handler("FlipRoute53", wiring.flip_route53)
