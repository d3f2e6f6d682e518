"""How much acknowledged work could promotion lose, and does the plan accept that?"""

from failover.adapters.postgres import Postgres
from failover.adapters.rds import Rds
from failover.adapters.secrets import SecretsManager
from failover.application.bound_data_loss import BoundDataLoss
from failover.wiring.heartbeats import heartbeats_of
from failover.wiring.object_backlog import backlog_to
from failover.wiring.this_region import CLOCK, ThisRegion
from handlers._task_state import task_handler


def build() -> BoundDataLoss:
    this = ThisRegion.load()
    return BoundDataLoss(
        this.plan,
        this.name,
        Rds(this.client("rds")),
        SecretsManager(this.client("secretsmanager")),
        Postgres(this.plan.timing.api_timeout),
        heartbeats_of(this.plan),
        backlog_to(this.plan, this.name),
        CLOCK,
    )


handler = task_handler("BoundDataLoss", build)
