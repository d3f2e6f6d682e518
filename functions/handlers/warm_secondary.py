"""Is everything ready that can be made ready while the leader still serves?"""

from failover.adapters.ecs import Ecs
from failover.adapters.load_balancer import ElasticLoadBalancer
from failover.adapters.secrets import SecretsManager
from failover.application.scale_secondary_ecs import ScaleSecondaryECS
from failover.application.warm_secondary import WarmSecondary
from failover.wiring.databases import databases_of, sessions_of
from failover.wiring.heartbeats import heartbeats_of
from failover.wiring.this_region import CLOCK, ThisRegion
from handlers._task_state import task_handler


def build() -> WarmSecondary:
    this = ThisRegion.load()
    services, balancer = Ecs(this.client("ecs")), ElasticLoadBalancer(this.client("elbv2"))
    return WarmSecondary(
        this.plan,
        this.name,
        ScaleSecondaryECS(this.plan, this.name, services, balancer, CLOCK),
        databases_of(this.plan, this.client("rds")),
        SecretsManager(this.client("secretsmanager")),
        sessions_of(this.plan),
        heartbeats_of(this.plan),
        CLOCK,
    )


handler = task_handler("WarmSecondary", build)
