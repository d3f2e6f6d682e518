"""With what is a restore rehearsed? As a person, from where this Region's database can be reached."""

from __future__ import annotations

from datetime import timedelta

from failover.adapters import aws
from failover.adapters.parameters import ParameterStore
from failover.adapters.postgres_content import PostgresContent
from failover.adapters.rds import Rds
from failover.adapters.rds_backups import RdsBackups
from failover.adapters.s3_rehearsals import S3Rehearsals
from failover.adapters.secrets import SecretsManager
from failover.adapters.service_probe import HttpProbe
from failover.application.keep_rehearsal import KeepRehearsal
from failover.application.rehearse_restore import RehearseRestore
from failover.domain.plan import Plan
from failover.wiring.heartbeats import heartbeats_of
from failover.wiring.journal import journal_in
from failover.wiring.operators import runs_of
from failover.wiring.register import register_of
from failover.wiring.this_region import CLOCK, ThisRegion


def keep_rehearsal(plan: Plan, region: str, by: str) -> KeepRehearsal:
    """What `by` rehearsed in `region`."""
    kept = S3Rehearsals(aws.client("s3", region, plan.timing.api_timeout), plan.record_copies[region])
    return KeepRehearsal(kept, journal_in(region, plan), CLOCK, by)


def rehearse_restore(plan: Plan, region: str, patience: timedelta) -> RehearseRestore:
    """In `region`, which this process acts in."""
    this, limit = ThisRegion(region, plan), plan.timing.api_timeout
    rds = this.client("rds")
    backups = RdsBackups(rds)
    return RehearseRestore(
        plan,
        region,
        register_of(plan),
        runs_of(plan, region),
        Rds(rds),
        backups,
        backups,
        SecretsManager(this.client("secretsmanager")),
        PostgresContent(limit, patience),
        heartbeats_of(plan),
        HttpProbe(limit),
        ParameterStore(this.client("ssm")),
        CLOCK,
        patience,
    )
