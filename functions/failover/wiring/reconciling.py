"""With what is it found out whether a run has left the fence behind?"""

from __future__ import annotations

from failover.adapters.executions import StepFunctions
from failover.adapters.s3_outcomes import S3Outcomes
from failover.adapters.sns import SnsTopic
from failover.application.reconcile_run import ReconcileRun
from failover.wiring.journal import journal_of
from failover.wiring.register import register_of
from failover.wiring.this_region import CLOCK, ThisRegion, variable


def reconciler(this: ThisRegion) -> ReconcileRun:
    """Of this Region's runs. Raises RunRefused."""
    runs = StepFunctions(this.client("stepfunctions"), variable("STATE_MACHINE_ARN"))
    outcomes = S3Outcomes(this.client("s3"), variable("CONTROL_BUCKET"))
    topic = SnsTopic(this.client("sns"), variable("TOPIC_ARN"))
    return ReconcileRun(this.plan, this.name, register_of(this.plan), runs, outcomes, topic, journal_of(this), CLOCK)
