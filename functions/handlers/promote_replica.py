"""Is this Region's database a primary of its own?"""

from failover.adapters.postgres import Postgres
from failover.adapters.rds import Rds
from failover.adapters.secrets import SecretsManager
from failover.application.promote_replica import PromoteReplica
from failover.wiring.register import register_of
from failover.wiring.this_region import CLOCK, ThisRegion
from handlers._task_state import task_handler


def build() -> PromoteReplica:
    this = ThisRegion.load()
    return PromoteReplica(
        this.plan,
        this.name,
        register_of(this.plan),
        Rds(this.client("rds")),
        SecretsManager(this.client("secretsmanager")),
        Postgres(this.plan.timing.api_timeout),
        CLOCK,
    )


handler = task_handler("PromoteReplica", build)
