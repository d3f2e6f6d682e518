"""Is everything as before, after a run that does not go on?"""

from failover.adapters.ecs import Ecs
from failover.adapters.service_probe import HttpProbe
from failover.application.stand_down import StandDown
from failover.wiring.register import register_of
from failover.wiring.this_region import CLOCK, ThisRegion
from handlers._task_state import task_handler


def build() -> StandDown:
    this = ThisRegion.load()
    return StandDown(
        this.plan,
        this.name,
        register_of(this.plan),
        Ecs(this.client("ecs")),
        HttpProbe(this.plan.timing.api_timeout),
        CLOCK,
    )


handler = task_handler("StandDown", build)
