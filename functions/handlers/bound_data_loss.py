"""How much acknowledged work could promotion lose, and does the plan accept that?"""

from failover.adapters.secrets import SecretsManager
from failover.application.bound_data_loss import BoundDataLoss
from failover.wiring.databases import databases_of, sessions_of
from failover.wiring.heartbeats import heartbeats_of
from failover.wiring.object_backlog import backlog_to
from failover.wiring.this_region import CLOCK, ThisRegion
from handlers._task_state import task_handler


def build() -> BoundDataLoss:
    this = ThisRegion.load()
    return BoundDataLoss(
        this.plan,
        this.name,
        databases_of(this.plan, this.client("rds")),
        SecretsManager(this.client("secretsmanager")),
        sessions_of(this.plan),
        heartbeats_of(this.plan),
        backlog_to(this.plan, this.name),
        CLOCK,
    )


handler = task_handler("BoundDataLoss", build)
