"""Is the leader down, when looked at again from every vantage point?"""

from failover.application.check_primary_health import CheckPrimaryHealth
from failover.wiring.looks import vantage_points_of
from failover.wiring.register import register_of
from failover.wiring.this_region import CLOCK, ThisRegion
from handlers._task_state import task_handler


def build() -> CheckPrimaryHealth:
    this = ThisRegion.load()
    return CheckPrimaryHealth(this.plan, this.name, register_of(this.plan), vantage_points_of(this.plan), CLOCK)


handler = task_handler("CheckPrimaryHealth", build)
