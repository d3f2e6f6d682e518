"""Have the two clusters of the Aurora global database changed roles, without losing a write?"""

from failover.adapters import aws
from failover.adapters.aurora import Aurora
from failover.adapters.aurora_postgres import AuroraPostgres
from failover.adapters.secrets import SecretsManager
from failover.application.switchover_global_cluster import SwitchoverGlobalCluster
from failover.wiring.register import register_of
from failover.wiring.this_region import CLOCK, ThisRegion
from handlers._task_state import task_handler


def build() -> SwitchoverGlobalCluster:
    this = ThisRegion.load()
    within = this.plan.timing.api_timeout
    return SwitchoverGlobalCluster(
        this.plan,
        this.name,
        register_of(this.plan),
        Aurora(this.client("rds"), this.plan.global_cluster, lambda region: aws.client("rds", region, within)),
        SecretsManager(this.client("secretsmanager")),
        AuroraPostgres(within),
        CLOCK,
    )


handler = task_handler("SwitchoverGlobalCluster", build)
