"""Which rows has only the old primary, and are they written down?"""

from failover.adapters.ledger_rows import PostgresLedger
from failover.adapters.postgres import Postgres
from failover.adapters.rds import Rds
from failover.adapters.s3_outcomes import S3Outcomes
from failover.adapters.secrets import SecretsManager
from failover.application.export_divergence import ExportDivergence
from failover.wiring.this_region import ThisRegion, variable
from handlers._task_state import task_handler


def build() -> ExportDivergence:
    this = ThisRegion.load()
    return ExportDivergence(
        this.plan,
        this.name,
        Rds(this.client("rds")),
        SecretsManager(this.client("secretsmanager")),
        Postgres(this.plan.timing.api_timeout),
        # Rows by the thousand are no matter of one call's time.
        PostgresLedger(Postgres(this.plan.timing.step_budget)),
        S3Outcomes(this.client("s3"), variable("CONTROL_BUCKET")),
    )


handler = task_handler("ExportDivergence", build)
