"""May this Region be made a standby of the leader now?"""

from failover.adapters.secrets import SecretsManager
from failover.application.check_rebuild import CheckRebuild
from failover.wiring.databases import databases_of, sessions_of
from failover.wiring.register import register_of
from failover.wiring.this_region import ThisRegion
from handlers._task_state import task_handler


def build() -> CheckRebuild:
    this = ThisRegion.load()
    return CheckRebuild(
        this.plan,
        this.name,
        register_of(this.plan),
        databases_of(this.plan, this.client("rds")),
        SecretsManager(this.client("secretsmanager")),
        sessions_of(this.plan),
    )


handler = task_handler("CheckRebuild", build)
