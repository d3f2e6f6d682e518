"""Has a run ended without giving the fence back, and what is done about it?"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from failover.application.by_hand_runs import ByHandRuns
from failover.application.errors import RunRefused, TransientFailure
from failover.application.holding import majority_needed
from failover.application.ports import Clock, Journal, Notifications, Outcomes, Register, RunHistory
from failover.application.remembering import remember
from failover.application.subject_line import subject_line
from failover.application.telling_once import TellOnce
from failover.domain.abandoned_run import Page, Reopen, driven_by_hand, holder, judge, judge_driven, untold
from failover.domain.journal import Event
from failover.domain.leader_record import LeaderRecord, Refusal, reopen
from failover.domain.outcome import outcome_key
from failover.domain.plan import Plan

PAGE = "runbooks/abandoned_run.md"
LOG = logging.getLogger(__name__)
REDRIVE = (
    "Look at the replica, or at what was restored in its place. If it was promoted, or restored and found right: "
    "`aws stepfunctions redrive-execution` lets the run go on from the step that failed, where the execution can be redriven. "
    "Where it cannot: "
)
TAKE_OVER = (
    "`drlab failover --break-glass --take-over` looks at the replica itself, and goes on behind its promotion or reopens the "
    "old leader. Never open both."
)


RESUME = "Where that terminal is gone, go on from another: `drlab failover --break-glass --to {region} --resume {run}`"
STAND_DOWN = ", or undo it: the same with `--stand-down`"


@dataclass(frozen=True)
class ReconcileRun:
    """Called every minute, in both Regions; each looks only at its own runs: those that would make `region` the leader."""

    plan: Plan
    region: str
    register: Register
    runs: RunHistory
    outcomes: Outcomes
    notifications: Notifications
    journal: Journal
    clock: Clock

    def __call__(self) -> str | None:
        """What was done, or is still to be done by a person, in a sentence; None when there is nothing.

        People are told once a run. Raises TransientFailure or RunRefused: the next call comes in a minute.
        """
        with majority_needed():
            record = self.register.read()
        run = holder(record)
        if run is None:
            return self._make_up_for(record)
        if driven_by_hand(run):
            return None if record.leader == self.region else self._look_after(record, run)
        found = judge(record, self.runs.ended(run), self.plan.timing.step_budget, self.clock.now())
        if isinstance(found, Reopen):
            return self._reopen(run, found)
        if isinstance(found, Page):
            self._tell(
                run, f"{self.plan.service} HELD: nobody leads, act now", f"{found.reason}\n\n{_next_step(found)}"
            )
            return found.reason
        return None

    def _make_up_for(self, record: LeaderRecord) -> str | None:
        """A run may be cut off between its last change of the record and its outcome, and so may this function.

        Whoever calls this has more urgent things to do where somebody leads: a failure waits for the next call.
        """
        run = record.run
        try:
            if run is None or any(self.outcomes.read(key) is not None for key in (outcome_key(run), _told_key(run))):
                return None
            told = untold(record, self.runs.ended(run), self.plan.timing.step_budget, self.clock.now())
            if told is not None:
                remember(self.journal, Event("run-reconciled", "ProbeLeader", told, run, {"record": record.to_dict()}))
                self._tell(run, f"{self.plan.service}: a run was cut off, {record.leader} leads", told)
        except (RunRefused, TransientFailure) as error:
            LOG.warning("not known whether people were told of %s (%s)", run, error)
            return None
        return told

    def _reopen(self, run: str, found: Reopen) -> str | None:
        with majority_needed():
            changed = self.register.change(reopen(run, self.clock.now()))
        if isinstance(changed, Refusal):
            return None
        told = f"{found.reason} {changed.leader} was reopened in epoch {changed.epoch}."
        remember(self.journal, Event("run-reconciled", "ProbeLeader", told, run, {"record": changed.to_dict()}))
        self._tell(run, f"{self.plan.service}: {changed.leader} was reopened", told)
        return told

    def _look_after(self, record: LeaderRecord, run: str) -> str | None:
        """A run that a person drives. People are told once for each time that it falls silent."""
        now = self.clock.now()
        driven = ByHandRuns(self.outcomes, self.clock).driven(run)
        reason = judge_driven(record, driven, now)
        if reason is None:
            return None
        undo = "" if driven.promotes else STAND_DOWN
        goes_on = f"{RESUME.format(region=self.region, run=run)}{undo}. Never open both."
        step = f"Nothing but a person's own run is left: {TAKE_OVER}" if driven.ended else goes_on
        since = f"{driven.entered_at or record.changed_at:%Y%m%dT%H%M%SZ}"
        subject = f"{self.plan.service} HELD: nobody leads, act now"
        self._tell(run, subject, f"{reason}\n\n{step}", f"runs/{run}/silent-{since}.json")
        return reason

    def _tell(self, run: str, subject: str, text: str, key: str | None = None) -> None:
        tell = TellOnce(self.outcomes, self.notifications, self.clock)
        tell(key or _told_key(run), subject_line(subject, run), f"{text}\n\nRunbook: {PAGE}")


def _next_step(held: Page) -> str:
    return f"{REDRIVE}{TAKE_OVER}" if held.redrivable else f"Nothing but a person's own run is left: {TAKE_OVER}"


def _told_key(run: str) -> str:
    return f"runs/{run}/reconciled.json"
