"""Is the old primary out of the way, and kept with all it has?"""

from failover.adapters.rds import Rds
from failover.application.keep_old_primary import KeepOldPrimary
from failover.wiring.register import register_of
from failover.wiring.this_region import CLOCK, ThisRegion
from handlers._task_state import task_handler


def build() -> KeepOldPrimary:
    this = ThisRegion.load()
    return KeepOldPrimary(this.plan, this.name, register_of(this.plan), Rds(this.client("rds")), CLOCK)


handler = task_handler("KeepOldPrimary", build)
