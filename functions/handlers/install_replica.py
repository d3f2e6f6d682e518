"""Is the new replica this Region's database, under the name that the plan and the templates know?"""

from failover.adapters.rds import Rds
from failover.application.install_replica import InstallReplica
from failover.wiring.register import register_of
from failover.wiring.this_region import CLOCK, ThisRegion
from handlers._task_state import task_handler


def build() -> InstallReplica:
    this = ThisRegion.load()
    return InstallReplica(this.plan, this.name, register_of(this.plan), Rds(this.client("rds")), CLOCK)


handler = task_handler("InstallReplica", build)
