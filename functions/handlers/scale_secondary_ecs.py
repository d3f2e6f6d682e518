"""Has this Region as many healthy tasks as a leader needs?"""

from failover import wiring
from handlers._task_state import task_handler

handler = task_handler("ScaleSecondaryECS", wiring.scale_secondary_ecs)
