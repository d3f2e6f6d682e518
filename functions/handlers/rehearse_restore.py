"""Can the newest backup be restored, and how long does that take?"""

from failover.adapters.parameters import ParameterStore
from failover.adapters.postgres_content import PostgresContent
from failover.adapters.rds import Rds
from failover.adapters.rds_backups import RdsBackups
from failover.adapters.s3_outcomes import S3Outcomes
from failover.adapters.secrets import SecretsManager
from failover.application.rehearse_restore import RehearseRestore
from failover.wiring.heartbeats import heartbeats_of
from failover.wiring.register import register_of
from failover.wiring.this_region import CLOCK, ThisRegion, variable
from handlers._task_state import task_handler


def build() -> RehearseRestore:
    this = ThisRegion.load()
    rds = this.client("rds")
    return RehearseRestore(
        this.plan,
        this.name,
        register_of(this.plan),
        Rds(rds),
        RdsBackups(rds),
        SecretsManager(this.client("secretsmanager")),
        PostgresContent(this.plan.timing.api_timeout, this.plan.timing.step_budget / 4),
        heartbeats_of(this.plan),
        S3Outcomes(this.client("s3"), variable("CONTROL_BUCKET")),
        ParameterStore(this.client("ssm")),
        CLOCK,
    )


handler = task_handler("RehearseRestore", build)
