"""May a restore be rehearsed in this Region now, of which backups, and what is production like before?"""

from failover.adapters.rds_backups import RdsBackups
from failover.application.check_rehearsal import CheckRehearsal
from failover.wiring.operators import WORKFLOWS, runs_of
from failover.wiring.production import see_production
from failover.wiring.register import register_of
from failover.wiring.this_region import ThisRegion
from handlers._task_state import task_handler


def build() -> CheckRehearsal:
    this = ThisRegion.load()
    return CheckRehearsal(
        this.plan,
        this.name,
        register_of(this.plan),
        [runs_of(this.plan, this.name, kind) for kind in WORKFLOWS],
        RdsBackups(this.client("rds")),
        see_production(this),
    )


handler = task_handler("CheckRehearsal", build)
