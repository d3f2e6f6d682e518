"""Is everything as before, after a run that does not go on?"""

from failover import wiring
from handlers._task_state import task_handler

handler = task_handler("StandDown", wiring.stand_down)
