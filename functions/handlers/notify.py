"""What are people told of a run, at three in the morning?"""

from failover import wiring
from handlers._task_state import task_handler

handler = task_handler("Notify", wiring.notify)
