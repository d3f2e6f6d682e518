"""Is a user served: a write and its read-back through the public name?"""

from failover import wiring
from handlers._task_state import task_handler

handler = task_handler("PostChecks", wiring.post_checks)
