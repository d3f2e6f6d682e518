"""With what is it decided whether an event starts a run?"""

from __future__ import annotations

from failover.adapters.executions import StepFunctions
from failover.application.receive_alarm import Intake
from failover.wiring.journal import journal_of
from failover.wiring.register import register_of
from failover.wiring.this_region import CLOCK, ThisRegion


def intake(state_machine_arn: str) -> Intake:
    """The plan is read here. Raises RunRefused or TransientFailure."""
    this = ThisRegion.load()
    executions = StepFunctions(this.client("stepfunctions"), state_machine_arn)
    return Intake(this.plan, this.name, register_of(this.plan), executions, journal_of(this), CLOCK)
