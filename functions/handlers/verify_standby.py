"""Does this Region's database follow the leader?"""

from failover.adapters.secrets import SecretsManager
from failover.application.verify_standby import VerifyStandby
from failover.wiring.databases import databases_of, sessions_of
from failover.wiring.heartbeats import heartbeats_of
from failover.wiring.register import register_of
from failover.wiring.this_region import CLOCK, ThisRegion
from handlers._task_state import task_handler


def build() -> VerifyStandby:
    this = ThisRegion.load()
    return VerifyStandby(
        this.plan,
        this.name,
        register_of(this.plan),
        databases_of(this.plan, this.client("rds")),
        SecretsManager(this.client("secretsmanager")),
        sessions_of(this.plan),
        heartbeats_of(this.plan),
        CLOCK,
    )


handler = task_handler("VerifyStandby", build)
