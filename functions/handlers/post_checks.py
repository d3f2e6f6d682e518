"""Is a user served: a write and its read-back through the public name?"""

from failover.adapters.service_probe import HttpProbe
from failover.application.post_checks import PostChecks
from failover.wiring.this_region import CLOCK, ThisRegion
from handlers._task_state import task_handler


def build() -> PostChecks:
    this = ThisRegion.load()
    return PostChecks(this.plan, this.name, HttpProbe(this.plan.timing.api_timeout), CLOCK)


handler = task_handler("PostChecks", build)
