"""What may a person change: acknowledge a failover, disarm the automatic failover for a while, arm it again?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from failover.application.holding import majority_needed
from failover.application.ports import Clock, Journal, Register
from failover.application.remembering import remember
from failover.domain.journal import Event
from failover.domain.leader_record import (
    Change,
    LeaderRecord,
    Refusal,
    acknowledge,
    arm,
    disarm,
    nothing_to_acknowledge,
)

LONGEST_DISARM = timedelta(days=7)
LONGEST_REASON = 300


@dataclass(frozen=True)
class Operated:
    """Whether it was done, and why or why not; `recorded` False: it is not in the journal. `run` is one that it began."""

    done: bool
    reason: str
    recorded: bool
    run: str | None = None


@dataclass(frozen=True)
class Operate:
    """For `by`, a person as AWS knows them. Each raises TransientFailure when no majority of the record's copies answers."""

    register: Register
    journal: Journal
    clock: Clock
    by: str

    def acknowledge(self) -> Operated:
        """After it, alarms may start a run again once the hold is over. Done as well where nothing was to be changed."""
        now = self.clock.now()
        changed = self._changed(acknowledge(now))
        if isinstance(changed, Refusal):
            return self._refused("acknowledged", changed.reason)
        if needless := nothing_to_acknowledge(changed, now):
            return self._done("nothing-to-acknowledge", needless, changed)
        return self._done("acknowledged", "The last failover is acknowledged.", changed)

    def disarm(self, duration: timedelta, reason: str) -> Operated:
        """Neither alarm nor probe starts a run for `duration`, at most a week: nobody forgets it for longer."""
        said = " ".join(reason.split())
        if not timedelta(0) < duration <= LONGEST_DISARM:
            return self._refused("disarmed", f"A time from 1 second to {LONGEST_DISARM.days} days is allowed.")
        if not 1 <= len(said) <= LONGEST_REASON:
            return self._refused("disarmed", f"A reason of 1 to {LONGEST_REASON} characters is needed.")
        now = self.clock.now()
        until = (now + duration).replace(microsecond=0)
        told = f"No alarm and no probe starts a run before {until:%Y-%m-%d %H:%M:%S} UTC: {said}"
        return self._change("disarmed", disarm(until, self.by, said, now), told)

    def arm(self) -> Operated:
        """Ends a disarm before its time."""
        return self._change("armed", arm(), "Alarms and probes may start runs.")

    def _change(self, kind: str, change: Change, told: str) -> Operated:
        changed = self._changed(change)
        if isinstance(changed, Refusal):
            return self._refused(kind, changed.reason)
        return self._done(kind, told, changed)

    def _changed(self, change: Change) -> LeaderRecord | Refusal:
        with majority_needed():
            return self.register.change(change)

    def _done(self, kind: str, told: str, record: LeaderRecord) -> Operated:
        return Operated(True, told, self._remember(kind, told, record))

    def _refused(self, kind: str, reason: str) -> Operated:
        return Operated(False, reason, self._remember(f"{kind}-refused", reason))

    def _remember(self, kind: str, reason: str, record: LeaderRecord | None = None) -> bool:
        data = {"record": record.to_dict()} if record else None
        return remember(self.journal, Event(kind, self.by, reason, data=data))
