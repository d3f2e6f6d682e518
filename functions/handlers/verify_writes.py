"""Does the service here write and read back, before any traffic?"""

from failover.adapters.service_probe import HttpProbe
from failover.application.verify_writes import VerifyWrites
from failover.wiring.this_region import CLOCK, ThisRegion
from handlers._task_state import task_handler


def build() -> VerifyWrites:
    this = ThisRegion.load()
    return VerifyWrites(this.plan, this.name, HttpProbe(this.plan.timing.api_timeout), CLOCK)


handler = task_handler("VerifyWrites", build)
