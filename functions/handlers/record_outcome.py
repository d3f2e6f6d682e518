"""What is remembered of a run?"""

from failover.adapters.s3_outcomes import S3Outcomes
from failover.application.record_outcome import RecordOutcome
from failover.wiring.this_region import CLOCK, ThisRegion, variable
from handlers._task_state import task_handler


def build() -> RecordOutcome:
    this = ThisRegion.load()
    return RecordOutcome(this.plan, this.name, S3Outcomes(this.client("s3"), variable("CONTROL_BUCKET")), CLOCK)


handler = task_handler("RecordOutcome", build)
