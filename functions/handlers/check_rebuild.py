"""May this Region be made a standby of the leader now?"""

from failover.adapters.postgres import Postgres
from failover.adapters.rds import Rds
from failover.adapters.secrets import SecretsManager
from failover.application.check_rebuild import CheckRebuild
from failover.wiring.register import register_of
from failover.wiring.this_region import ThisRegion
from handlers._task_state import task_handler


def build() -> CheckRebuild:
    this = ThisRegion.load()
    return CheckRebuild(
        this.plan,
        this.name,
        register_of(this.plan),
        Rds(this.client("rds")),
        SecretsManager(this.client("secretsmanager")),
        Postgres(this.plan.timing.api_timeout),
    )


handler = task_handler("CheckRebuild", build)
