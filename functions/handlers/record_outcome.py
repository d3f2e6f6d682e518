"""What is remembered of a run?"""

from failover.adapters.s3_outcomes import S3Outcomes
from failover.application.record_outcome import RecordOutcome
from failover.wiring.journal import journal_of
from failover.wiring.register import register_of
from failover.wiring.this_region import CLOCK, ThisRegion, variable
from handlers._task_state import task_handler


def build() -> RecordOutcome:
    this = ThisRegion.load()
    outcomes = S3Outcomes(this.client("s3"), variable("CONTROL_BUCKET"))
    return RecordOutcome(this.plan, this.name, register_of(this.plan), outcomes, journal_of(this), CLOCK)


handler = task_handler("RecordOutcome", build)
