"""What did the rehearsal prove, and did production notice?"""

from failover.adapters.parameters import ParameterStore
from failover.adapters.s3_rehearsals import S3Rehearsals
from failover.application.keep_rehearsal import KeepRehearsal
from failover.wiring.production import see_production
from failover.wiring.this_region import CLOCK, ThisRegion, variable
from handlers._task_state import task_handler


def build() -> KeepRehearsal:
    this = ThisRegion.load()
    return KeepRehearsal(
        this.plan,
        this.name,
        see_production(this),
        ParameterStore(this.client("ssm")),
        S3Rehearsals(this.client("s3"), variable("CONTROL_BUCKET")),
        CLOCK,
    )


handler = task_handler("KeepRehearsal", build)
