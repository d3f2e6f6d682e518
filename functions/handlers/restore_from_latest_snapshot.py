"""Is this Region's database one that was made of a backup, and is what is in it true?"""

from failover.adapters.parameters import ParameterStore
from failover.adapters.postgres_content import PostgresContent
from failover.adapters.rds import Rds
from failover.adapters.rds_backups import RdsBackups
from failover.adapters.s3_outcomes import S3Outcomes
from failover.adapters.secrets import SecretsManager
from failover.application.restore_from_latest_snapshot import RestoreFromLatestSnapshot
from failover.wiring.register import register_of
from failover.wiring.this_region import CLOCK, ThisRegion, variable
from handlers._task_state import task_handler


def build() -> RestoreFromLatestSnapshot:
    this = ThisRegion.load()
    rds = this.client("rds")
    return RestoreFromLatestSnapshot(
        this.plan,
        this.name,
        register_of(this.plan),
        Rds(rds),
        RdsBackups(rds),
        SecretsManager(this.client("secretsmanager")),
        PostgresContent(this.plan.timing.api_timeout, this.plan.timing.step_budget / 4),
        S3Outcomes(this.client("s3"), variable("CONTROL_BUCKET")),
        ParameterStore(this.client("ssm")),
        CLOCK,
    )


handler = task_handler("RestoreFromLatestSnapshot", build)
