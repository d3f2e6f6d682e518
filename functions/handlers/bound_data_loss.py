"""How much acknowledged work could promotion lose, and does the plan accept that?"""

from failover import wiring
from handlers._task_state import task_handler

handler = task_handler("BoundDataLoss", wiring.bound_data_loss)
