"""Does this run hold the fence, and how long until no lease holds any more?"""

from failover import wiring
from handlers._task_state import task_handler

handler = task_handler("FencePrimary", wiring.fence_primary)
