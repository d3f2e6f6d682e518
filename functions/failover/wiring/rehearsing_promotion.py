"""With what is a promotion rehearsed? As a person, from where this Region's database can be reached."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from failover.adapters import aws
from failover.adapters.postgres_content import PostgresContent
from failover.adapters.rds import Rds
from failover.adapters.rds_throwaway import RdsThrowaway
from failover.adapters.readiness.public_name import Route53Names
from failover.adapters.secrets import SecretsManager
from failover.adapters.service_probe import HttpProbe
from failover.application.rehearse_promotion import RehearsePromotion
from failover.application.see_production import SeeProduction, SeeStanding
from failover.domain.plan import Plan
from failover.wiring.heartbeats import heartbeats_of
from failover.wiring.operators import look_for_work
from failover.wiring.register import register_of
from failover.wiring.this_region import CLOCK, ThisRegion


def rehearse_promotion(
    plan: Plan, region: str, by: str, domain_name: str, patience: timedelta, say: Callable[[str], None]
) -> RehearsePromotion:
    """In `region`, which this process acts in; `domain_name` is the public name as Route 53 has it."""
    this, limit = ThisRegion(region, plan), plan.timing.api_timeout
    replicas, sessions = RdsThrowaway(this.client("rds")), PostgresContent(limit, patience)
    secrets, heartbeats = SecretsManager(this.client("secretsmanager")), heartbeats_of(plan)
    see = SeeStanding(
        SeeProduction(plan, region, replicas, secrets, sessions, heartbeats, HttpProbe(limit)),
        register_of(plan),
        lambda leader: Rds(aws.client("rds", leader, limit)),
        Route53Names(aws.client("route53", plan.witness_region, limit)),
        domain_name,
    )
    return RehearsePromotion(
        plan,
        region,
        by,
        register_of(plan),
        [look_for_work(plan, one) for one in plan.regions],
        replicas,
        secrets,
        sessions,
        heartbeats,
        see,
        CLOCK,
        patience,
        say,
    )
