"""Is this Region's Aurora cluster the writer of the global database, now that the old writer is given up?"""

from failover.adapters.aurora import Aurora
from failover.adapters.aurora_postgres import AuroraPostgres
from failover.adapters.secrets import SecretsManager
from failover.application.failover_global_cluster import FailoverGlobalCluster
from failover.wiring.register import register_of
from failover.wiring.this_region import CLOCK, ThisRegion
from handlers._task_state import task_handler


def build() -> FailoverGlobalCluster:
    this = ThisRegion.load()
    return FailoverGlobalCluster(
        this.plan,
        this.name,
        register_of(this.plan),
        Aurora(this.client("rds"), this.plan.global_cluster),
        SecretsManager(this.client("secretsmanager")),
        AuroraPostgres(this.plan.timing.api_timeout),
        CLOCK,
    )


handler = task_handler("FailoverGlobalCluster", build)
