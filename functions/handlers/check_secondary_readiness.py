"""Can this Region take over?"""

from failover.adapters.ecs import Ecs
from failover.adapters.rds_backups import RdsBackups
from failover.adapters.readiness.keys_and_secrets import KmsKeys
from failover.application.check_secondary_readiness import CheckSecondaryReadiness
from failover.wiring.databases import databases_of
from failover.wiring.this_region import CLOCK, ThisRegion
from handlers._task_state import task_handler


def build() -> CheckSecondaryReadiness:
    this = ThisRegion.load()
    rds, keys, ecs = this.client("rds"), KmsKeys(this.client("kms")), Ecs(this.client("ecs"))
    databases = databases_of(this.plan, rds)
    return CheckSecondaryReadiness(this.plan, this.name, databases, RdsBackups(rds), keys, ecs, CLOCK)


handler = task_handler("CheckSecondaryReadiness", build)
