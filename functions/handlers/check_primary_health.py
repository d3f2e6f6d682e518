"""Is the leader down, when looked at again from every vantage point?"""

from failover import wiring
from handlers._task_state import task_handler

handler = task_handler("CheckPrimaryHealth", wiring.check_primary_health)
