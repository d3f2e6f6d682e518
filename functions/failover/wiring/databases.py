"""By which of its kinds is a Region's database described and opened?"""

from __future__ import annotations

from typing import Any

from failover.adapters.aurora import Aurora
from failover.adapters.aurora_postgres import AuroraPostgres
from failover.adapters.postgres import Postgres
from failover.adapters.rds import Rds
from failover.domain.plan import DatabaseMode, Plan


def databases_of(plan: Plan, rds: Any) -> Rds | Aurora:
    """`rds` is the boto3 client of the Region that is asked."""
    return Aurora(rds, plan.global_cluster) if plan.db_mode is DatabaseMode.AURORA else Rds(rds)


def sessions_of(plan: Plan) -> Postgres:
    """Sessions on a database of the plan, each within its time for a call."""
    kind = AuroraPostgres if plan.db_mode is DatabaseMode.AURORA else Postgres
    return kind(plan.timing.api_timeout)
