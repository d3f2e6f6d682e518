"""Is this Region the open leader?"""

from failover.application.open_secondary import OpenSecondary
from failover.wiring.register import register_of
from failover.wiring.this_region import CLOCK, ThisRegion
from handlers._task_state import task_handler


def build() -> OpenSecondary:
    this = ThisRegion.load()
    return OpenSecondary(this.plan, this.name, register_of(this.plan), CLOCK)


handler = task_handler("OpenSecondary", build)
