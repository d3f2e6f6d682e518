"""Is this Region's database a primary of its own?"""

from failover import wiring
from handlers._task_state import task_handler

handler = task_handler("PromoteReplica", wiring.promote_replica)
