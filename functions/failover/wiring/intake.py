"""With what is it decided whether an event starts a run?"""

from __future__ import annotations

from failover.adapters.executions import StepFunctions
from failover.adapters.s3_outcomes import S3Outcomes
from failover.adapters.sns import SnsTopic
from failover.adapters.sqs import SqsQueue
from failover.application.receive_alarm import Intake
from failover.application.telling_once import TellOnce
from failover.wiring.alarms import alarms_of
from failover.wiring.journal import journal_of
from failover.wiring.register import register_of
from failover.wiring.this_region import CLOCK, ThisRegion, client, variable


def intake(state_machine_arn: str) -> Intake:
    """The plan is read here. Raises RunRefused or TransientFailure."""
    this = ThisRegion.load()
    return Intake(
        plan=this.plan,
        region=this.name,
        register=register_of(this.plan),
        executions=StepFunctions(this.client("stepfunctions"), state_machine_arn),
        alarms=lambda: alarms_of(this.plan),
        tell=lambda: _tell_once(this),
        journal=journal_of(this),
        clock=CLOCK,
    )


def dead_letters() -> SqsQueue:
    """Needs no plan. Raises RunRefused when the environment names no queue."""
    return SqsQueue(client("sqs"), variable("UNDECIDED_ALARMS_QUEUE"))


def _tell_once(this: ThisRegion) -> TellOnce:
    outcomes = S3Outcomes(this.client("s3"), variable("CONTROL_BUCKET"))
    return TellOnce(outcomes, SnsTopic(this.client("sns"), variable("TOPIC_ARN")), CLOCK)
