"""Has this Region as many healthy tasks as a leader needs?"""

from failover.adapters.ecs import Ecs
from failover.adapters.load_balancer import ElasticLoadBalancer
from failover.application.scale_secondary_ecs import ScaleSecondaryECS
from failover.wiring.this_region import CLOCK, ThisRegion
from handlers._task_state import task_handler


def build() -> ScaleSecondaryECS:
    this = ThisRegion.load()
    return ScaleSecondaryECS(
        this.plan, this.name, Ecs(this.client("ecs")), ElasticLoadBalancer(this.client("elbv2")), CLOCK
    )


handler = task_handler("ScaleSecondaryECS", build)
