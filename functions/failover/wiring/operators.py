"""With what does a person, or somebody in a person's name, act on this installation?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from failover.adapters import aws
from failover.adapters.aws_errors import told_in_a_sentence
from failover.adapters.executions import StepFunctions
from failover.adapters.s3_journal import S3Journal
from failover.adapters.s3_outcomes import S3Outcomes
from failover.application.answer_approval import AnswerApproval
from failover.application.operate import Operate
from failover.application.show_status import ShowStatus
from failover.domain.journal import Entry, digest_of, flaws, outcomes_named
from failover.domain.plan import Plan
from failover.wiring.journal import journal_in
from failover.wiring.register import register_of
from failover.wiring.this_region import CLOCK, client


def operate(plan: Plan, region: str, by: str) -> Operate:
    """What `by` does is remembered in the journal of `region`."""
    return Operate(register_of(plan), journal_in(region, plan), CLOCK, by)


def answer_approval(plan: Plan, region: str, by: str) -> AnswerApproval:
    """For the run that waits in `region`."""
    outcomes = S3Outcomes(aws.client("s3", region, plan.timing.api_timeout), plan.record_copies[region])
    states = aws.client("stepfunctions", region, plan.timing.api_timeout)
    waiting = StepFunctions(states, state_machine_of(region, plan))
    return AnswerApproval(outcomes, waiting, journal_in(region, plan), CLOCK, by)


def show_status(plan: Plan) -> ShowStatus:
    """Of both Regions that can lead."""
    return ShowStatus(register_of(plan), {region: _books(region, plan) for region in plan.regions}, CLOCK)


@dataclass(frozen=True)
class _Books:
    executions: StepFunctions
    journal: S3Journal

    def running(self) -> tuple[str, ...]:
        return self.executions.running()

    def newest_entries(self, count: int) -> Sequence[Entry]:
        return self.journal.newest_entries(count)


@dataclass(frozen=True)
class Verified:
    """`newest`: digest of the newest entry. Kept elsewhere, it shows also a journal that was cut off at its end."""

    entries: int
    outcomes: int
    newest: str | None
    flaws: tuple[str, ...]


def verify_journal(region: str, plan: Plan) -> Verified:
    """The journal of `region`, and each outcome that it names. Raises TransientFailure or RunRefused."""
    journal = journal_in(region, plan)
    texts = journal.all()
    found = flaws(texts)
    named = outcomes_named(texts.values())
    for key, digest in named.items():
        text = journal.read(key)
        if text is None or digest_of(text) != digest:
            found.append(f"{key} {'is gone' if text is None else 'was changed'} since the journal named it.")
    newest = digest_of(texts[max(texts)]) if texts else None
    return Verified(len(texts), len(named), newest, tuple(found))


def _books(region: str, plan: Plan) -> _Books:
    states = aws.client("stepfunctions", region, plan.timing.api_timeout)
    return _Books(StepFunctions(states, state_machine_of(region, plan)), journal_in(region, plan))


def state_machine_of(region: str, plan: Plan) -> str:
    """The workflow's ARN in `region`, by its name in template.yaml."""
    return f"arn:aws:states:{region}:{plan.account_id}:stateMachine:drlab-{plan.service}-failover"


def caller() -> str:
    """The ARN of whoever this process acts as. Raises TransientFailure or RunRefused."""
    with told_in_a_sentence("Asking who is calling"):
        arn: str = client("sts").get_caller_identity()["Arn"]
    return arn
