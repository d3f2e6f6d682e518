"""Can this Region take over?"""

from failover.adapters.ecs import Ecs
from failover.adapters.rds_backups import RdsBackups
from failover.application.check_secondary_readiness import CheckSecondaryReadiness
from failover.wiring.databases import databases_of
from failover.wiring.this_region import CLOCK, ThisRegion
from handlers._task_state import task_handler


def build() -> CheckSecondaryReadiness:
    this = ThisRegion.load()
    rds = this.client("rds")
    return CheckSecondaryReadiness(
        this.plan, this.name, databases_of(this.plan, rds), RdsBackups(rds), Ecs(this.client("ecs")), CLOCK
    )


handler = task_handler("CheckSecondaryReadiness", build)
