"""Does an event start a run?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

from failover.application.holding import majority_needed
from failover.application.ports import Alarms, Clock, Executions, Journal, Register
from failover.application.remembering import remember
from failover.application.setting_aside import DeadLetters, set_aside
from failover.application.subject_line import subject_line
from failover.application.telling_once import TellOnce
from failover.domain.alarm_event import AlarmEvent, NotAnAlarm, ReportedAlarm, accept, overtaken, read_report
from failover.domain.digest import digest_of
from failover.domain.intake import Duplicate, Start, decide
from failover.domain.journal import Event
from failover.domain.leader_record import Refusal
from failover.domain.plan import Plan
from failover.domain.withheld import NEXT_STEP, Withheld

RUNBOOK = "Runbook: runbooks/unplanned_failover.md"


@dataclass(frozen=True)
class Received:
    """`started` False with an ARN: the run of this alarm change exists already."""

    started: bool
    reason: str
    execution_arn: str | None = None
    run: str | None = None
    epoch: int | None = None

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True)
class Intake:
    """What a decision needs beyond the event. Made only for an event that is worth a call to AWS.

    `alarms` and `tell` are asked for only where a decision depends on them.
    """

    plan: Plan
    region: str
    register: Register
    executions: Executions
    alarms: Callable[[], Alarms]
    tell: Callable[[], TellOnce]
    journal: Journal
    clock: Clock


@dataclass(frozen=True)
class ReceiveAlarm:
    """`account_id` is the account that this runs in; `intake` is asked for only after the event was found in order.

    `dead_letters` is asked for only where the event is none of an alarm.
    """

    account_id: str
    intake: Callable[[], Intake]
    dead_letters: Callable[[], DeadLetters]

    def __call__(self, event: object) -> Received:
        """Never raises because of the event. Raises TransientFailure or RunRefused when AWS gives no decision."""
        report = read_report(event)
        if isinstance(report, NotAnAlarm):
            set_aside(self.dead_letters, event, report.reason)
        if isinstance(report, ReportedAlarm) and report.account_id != self.account_id:
            report = Refusal(f"The alarm is of account {report.account_id}, not {self.account_id}.")
        if isinstance(report, Refusal):
            return Received(False, report.reason)
        intake = self.intake()
        received = _decide(report, intake)
        # Only what was weighed against the leader record: anybody may send a stale or foreign alarm, and the log has it.
        # A copy of an event tells nothing new, and there may be a hundred.
        if received.epoch is not None and (received.started or received.execution_arn is None):
            kind = "run-started" if received.started else "alarm-refused"
            remember(intake.journal, Event(kind, "ReceiveAlarm", received.reason, received.run, {"alarm": report.arn}))
        return received


def _decide(report: ReportedAlarm, intake: Intake) -> Received:
    now = intake.clock.now()
    event = accept(report, intake.plan, now)
    if isinstance(event, Refusal):
        return Received(False, event.reason)
    with majority_needed():
        record = intake.register.read()
    decision = decide(event, intake.plan, intake.region, record, intake.executions.running(), now)
    if isinstance(decision, Refusal):
        return Received(False, decision.reason, epoch=record.epoch)
    if isinstance(decision, Duplicate):
        return _duplicate(intake.executions.arn_of(decision.name), decision.name, decision.reason, record.epoch)
    if isinstance(decision, Withheld):
        _tell(decision, event, intake)
        return Received(False, decision.reason, epoch=record.epoch)
    state = intake.alarms().look(event.alarm)
    if refusal := overtaken(event, state.health, state.since):
        return Received(False, refusal.reason, epoch=record.epoch)
    return _start(decision, intake.executions, record.epoch)


def _tell(withheld: Withheld, event: AlarmEvent, intake: Intake) -> None:
    """Once for each change of the alarm, however often it is delivered."""
    if withheld.told:
        change = digest_of(event.alarm.arn + event.timestamp)[:16]
        subject = subject_line(f"{intake.plan.service}: an alarm starts no run", event.alarm.name)
        intake.tell()(f"alarms/{change}.json", subject, f"{withheld.reason}\n\n{NEXT_STEP}\n{RUNBOOK}")


def _start(decision: Start, executions: Executions, epoch: int) -> Received:
    started = executions.start(decision.name, decision.input)
    if not started.new:
        reason = f"This is a duplicate: the same alarm change started {decision.name}."
        return _duplicate(started.arn, decision.name, reason, epoch)
    return Received(True, "The alarm is in order and nothing holds a run back.", started.arn, decision.name, epoch)


def _duplicate(arn: str, run: str, reason: str, epoch: int) -> Received:
    return Received(False, reason, arn, run, epoch)
