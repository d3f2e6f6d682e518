"""Can this Region take over?"""

from failover import wiring
from handlers._task_state import task_handler

handler = task_handler("CheckSecondaryReadiness", wiring.check_secondary_readiness)
