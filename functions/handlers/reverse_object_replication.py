"""Do the leader's objects reach this Region?"""

from failover.application.reverse_object_replication import ReverseObjectReplication
from failover.wiring.register import register_of
from failover.wiring.replication_rules import replication_of
from failover.wiring.this_region import ThisRegion
from handlers._task_state import task_handler


def build() -> ReverseObjectReplication:
    this = ThisRegion.load()
    return ReverseObjectReplication(this.plan, this.name, register_of(this.plan), replication_of(this.plan))


handler = task_handler("ReverseObjectReplication", build)
