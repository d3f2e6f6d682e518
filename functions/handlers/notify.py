"""What are people told of a run, at three in the morning?"""

from failover.adapters.sns import SnsTopic
from failover.application.notify import Notify
from failover.wiring.this_region import ThisRegion, variable
from handlers._task_state import task_handler


def build() -> Notify:
    this = ThisRegion.load()
    return Notify(this.plan, this.name, SnsTopic(this.client("sns"), variable("TOPIC_ARN")))


handler = task_handler("Notify", build)
