"""Is there a replica of the leader's database in this Region?"""

from failover.adapters.rds import Rds
from failover.application.create_replica import CreateReplica
from failover.wiring.register import register_of
from failover.wiring.this_region import CLOCK, ThisRegion
from handlers._task_state import task_handler


def build() -> CreateReplica:
    this = ThisRegion.load()
    return CreateReplica(this.plan, this.name, register_of(this.plan), Rds(this.client("rds")), CLOCK)


handler = task_handler("CreateReplica", build)
