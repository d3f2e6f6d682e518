"""Is this Region the open leader?"""

from failover import wiring
from handlers._task_state import task_handler

handler = task_handler("OpenSecondary", wiring.open_secondary)
