"""Can this Region take over?"""

from failover.adapters.ecs import Ecs
from failover.adapters.rds_backups import RdsBackups
from failover.adapters.readiness.keys_and_secrets import KmsKeys
from failover.adapters.s3_rehearsals import S3Rehearsals
from failover.application.check_secondary_readiness import CheckSecondaryReadiness
from failover.wiring.databases import databases_of
from failover.wiring.this_region import CLOCK, ThisRegion
from handlers._task_state import task_handler


def build() -> CheckSecondaryReadiness:
    this = ThisRegion.load()
    rds, keys, ecs = this.client("rds"), KmsKeys(this.client("kms")), Ecs(this.client("ecs"))
    databases, backups = databases_of(this.plan, rds), RdsBackups(rds)
    rehearsals = S3Rehearsals(this.client("s3"), this.plan.record_copies[this.name])
    return CheckSecondaryReadiness(this.plan, this.name, databases, backups, keys, ecs, rehearsals, CLOCK)


handler = task_handler("CheckSecondaryReadiness", build)
