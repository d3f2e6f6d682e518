"""Does this Region's database follow the leader?"""

from failover.adapters.postgres import Postgres
from failover.adapters.rds import Rds
from failover.adapters.secrets import SecretsManager
from failover.application.verify_standby import VerifyStandby
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
        Rds(this.client("rds")),
        SecretsManager(this.client("secretsmanager")),
        Postgres(this.plan.timing.api_timeout),
        heartbeats_of(this.plan),
        CLOCK,
    )


handler = task_handler("VerifyStandby", build)
