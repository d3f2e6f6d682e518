"""Is nothing left of the rehearsal?"""

from failover.adapters.rds import Rds
from failover.adapters.rds_backups import RdsBackups
from failover.application.delete_rehearsed_instance import DeleteRehearsedInstance
from failover.wiring.this_region import CLOCK, ThisRegion
from handlers._task_state import task_handler


def build() -> DeleteRehearsedInstance:
    this = ThisRegion.load()
    rds = this.client("rds")
    return DeleteRehearsedInstance(this.plan, Rds(rds), RdsBackups(rds), CLOCK)


handler = task_handler("DeleteRehearsedInstance", build)
