"""Is the public name answered by this Region?"""

from failover.adapters.service_probe import HttpProbe
from failover.application.flip_route53 import FlipRoute53
from failover.wiring.this_region import CLOCK, ThisRegion
from handlers._task_state import task_handler


def build() -> FlipRoute53:
    this = ThisRegion.load()
    return FlipRoute53(this.plan, this.name, HttpProbe(this.plan.timing.api_timeout), CLOCK)


handler = task_handler("FlipRoute53", build)
