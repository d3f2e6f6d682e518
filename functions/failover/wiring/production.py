"""With what does a rehearsal see production?"""

from __future__ import annotations

from failover.adapters.postgres_content import PostgresContent
from failover.adapters.rds import Rds
from failover.adapters.secrets import SecretsManager
from failover.adapters.service_probe import HttpProbe
from failover.application.see_production import SeePatiently, SeeProduction
from failover.wiring.heartbeats import heartbeats_of
from failover.wiring.this_region import CLOCK, ThisRegion


def see_production(this: ThisRegion) -> SeePatiently:
    """From the Region that this runs in, within a third of a step's budget."""
    timing = this.plan.timing
    see = SeeProduction(
        this.plan,
        this.name,
        Rds(this.client("rds")),
        SecretsManager(this.client("secretsmanager")),
        PostgresContent(timing.api_timeout, timing.api_timeout),
        heartbeats_of(this.plan),
        HttpProbe(timing.api_timeout),
    )
    return SeePatiently(see, CLOCK, timing.step_budget / 3)
