"""Does the service here write and read back, before any traffic?"""

from failover import wiring
from handlers._task_state import task_handler

handler = task_handler("VerifyWrites", wiring.verify_writes)
