"""What is remembered of a run?"""

from failover import wiring
from handlers._task_state import task_handler

handler = task_handler("RecordOutcome", wiring.record_outcome)
