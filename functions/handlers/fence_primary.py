"""Does this run hold the fence, and how long until no lease holds any more?"""

from failover.application.fence_primary import FencePrimary
from failover.wiring.register import register_of
from failover.wiring.this_region import CLOCK, ThisRegion
from handlers._task_state import task_handler


def build() -> FencePrimary:
    this = ThisRegion.load()
    return FencePrimary(this.plan, this.name, register_of(this.plan), CLOCK)


handler = task_handler("FencePrimary", build)
