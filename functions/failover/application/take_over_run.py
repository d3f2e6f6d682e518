"""May a person take a run over that nothing drives any more, and what is left to do?

As long as the replica is one, nothing but the fence was changed: the old leader gets its writes back, and whoever takes over
begins anew with what is true now. So it is where a restored database is not there yet, or nobody found it right, and where
the one that is there is what this Region led with before and was left behind with. Once the replica is promoted, or what was
restored is proven, the fence goes on to the person's run, which opens this Region. In between only waiting helps. Whatever the
dead run still sends is refused by the record from then on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from failover.application.database_login import login_for
from failover.application.errors import DatabaseUnavailable, RunRefused, TransientFailure
from failover.application.holding import majority_needed
from failover.application.ports import (
    Clock,
    DatabaseInstance,
    Databases,
    DatabaseSessions,
    Journal,
    Outcomes,
    Register,
    RunHistory,
    Secrets,
)
from failover.application.remembering import remember
from failover.application.restore_candidates import proof_key
from failover.application.restore_from_latest_snapshot import POINT_TAG, RUN_TAG
from failover.domain.by_hand import why_not
from failover.domain.instance_status import SERVING_STATUSES
from failover.domain.intake import TriggerKind
from failover.domain.journal import Event
from failover.domain.leader_record import Change, LeaderRecord, Refusal, State, reopen, take_over
from failover.domain.plan import Plan
from failover.domain.run import Mode

# Where a run goes on whose replica is promoted.
AFTER_PROMOTION = "UpdateSecretsAndRotateAppConfig"
UNKNOWN_LOSS = "The run that promoted was taken over, and what its gate saw is not known."


@dataclass(frozen=True)
class BeginAnew:
    """The old leader was reopened; a run of its own may fence it again."""

    reason: str


@dataclass(frozen=True)
class GoOn:
    """The fence is that run's now; `state` is what the workflow's states up to AFTER_PROMOTION would have left."""

    reason: str
    state: dict[str, Any]


@dataclass(frozen=True)
class TakeOverRun:
    """For `by`, a person as AWS knows them, in the Region that would lead. Whatever is refused is recorded as well."""

    plan: Plan
    region: str
    register: Register
    databases: Databases
    secrets: Secrets
    sessions: DatabaseSessions
    runs: RunHistory
    outcomes: Outcomes
    journal: Journal
    clock: Clock
    by: str

    def __call__(self, of: str, run: str, reason: str) -> BeginAnew | GoOn | Refusal:
        """By the run `run`, from the run `of`. Raises TransientFailure or RunRefused; then nothing was changed."""
        with majority_needed():
            record = self.register.read()
        if obstacle := self._obstacle(record, of):
            return self._refused(obstacle, of)
        name = self.plan.region(self.region).database_instance
        instance = self.databases.describe(name)
        if instance is None:
            return self._reopen(of, f"there is no {name}")
        if RUN_TAG in instance.tags and not self._proven(of, instance):
            return self._reopen(of, f"{name} was restored from a backup, and nobody has found it right")
        if instance.status not in SERVING_STATUSES:
            told = f"{instance.identifier} is {instance.status}: a promotion may be under way."
            return self._refused(f"{told} Ask again when it is available.", of)
        if instance.source is not None:
            return self._reopen(of, f"{name} is a replica still")
        if self._left_behind(instance, record.leader):
            return self._reopen(
                of, f"{name} is what {self.region} led with before, and has nothing of {record.leader}'s since"
            )
        return self._go_on(of, run, reason, record, instance)

    def _obstacle(self, record: LeaderRecord, of: str) -> str | None:
        if record.state is not State.FENCED or record.run != of:
            now = f"{record.leader} is {record.state} in epoch {record.epoch}, by {record.run or 'nobody'}"
            return f"{of} does not hold the fence: {now}."
        if reason := why_not(self.region, self.plan, record, of, self.clock.now()):
            return reason
        if self._drives(of):
            return f"{of} is in progress: Step Functions drives it. To end it: `aws stepfunctions stop-execution`."
        # A function that it called last may still be under way, and the old leader's leases may still hold.
        settled = max(self.plan.timing.step_budget, timedelta(seconds=self.plan.timing.fence_wait_seconds))
        if (left := settled - (self.clock.now() - record.changed_at)) > timedelta(0):
            return f"{of} was at work a moment ago: a step of it may be under way. Ask again in {left.total_seconds():.0f} s."
        return None

    def _drives(self, of: str) -> bool:
        """Where Step Functions does not answer, or does not know the run, nobody drives it."""
        try:
            found = self.runs.ended(of)
        except (RunRefused, TransientFailure):
            return False
        return found is not None and found.stopped_at is None

    def _proven(self, of: str, instance: DatabaseInstance) -> bool:
        """Whether `of` restored it, read it and wrote to it. What another run restored is older than `of`'s fence."""
        key = proof_key(of, instance.tags.get(POINT_TAG))
        return instance.tags.get(RUN_TAG) == of and self.outcomes.read(key) is not None

    def _left_behind(self, instance: DatabaseInstance, leader: str) -> bool:
        """Whether the last to lead this database was its own Region. One that cannot be asked is taken for what it seems."""
        try:
            login = login_for(instance, self.secrets.read(self.plan.region(self.region).database_secret))
            own = self.sessions.position(login, self.region).heartbeat
            led = self.sessions.position(login, leader).heartbeat
        except (DatabaseUnavailable, RunRefused, TransientFailure):
            return False
        return own is not None and (led is None or own.is_newer_than(led))

    def _reopen(self, of: str, found: str) -> BeginAnew | Refusal:
        changed = self._change(reopen(of, self.clock.now()))
        if isinstance(changed, Refusal):
            return self._refused(changed.reason, of)
        reopened = f"{changed.leader} was reopened in epoch {changed.epoch}"
        told = f"{of} is taken over: {found}, so {reopened}."
        self._remember(told, of, changed)
        return BeginAnew(told)

    def _go_on(
        self, of: str, run: str, reason: str, record: LeaderRecord, instance: DatabaseInstance
    ) -> GoOn | Refusal:
        now = self.clock.now()
        changed = self._change(take_over(run, of, now))
        if isinstance(changed, Refusal):
            return self._refused(changed.reason, of)
        own = "restored and found right" if RUN_TAG in instance.tags else "promoted"
        promoted = f"{instance.identifier} is {own}, so {self.region} is to be opened"
        told = f"{of} is taken over by {run} in epoch {changed.epoch}: {promoted}."
        self._remember(told, run, changed)
        trigger = {
            "kind": TriggerKind.MANUAL.value,
            "reason": reason,
            "alarm_arn": None,
            "observed_at": now.isoformat(),
        }
        fence = {"held": True, "reason": told, "epoch": changed.epoch, "leader": changed.leader}
        loss = {"accepted": False, "askable": False, "known": False, "bound_seconds": None, "reason": UNKNOWN_LOSS}
        state = {
            "mode": Mode.UNPLANNED.value,
            "trigger": trigger,
            "expected_epoch": record.epoch,
            "taken_over": of,
            "health": {"leader": changed.leader, "epoch": record.epoch, "mode": Mode.UNPLANNED.value},
            "readiness": {"ready": True, "db_mode": self.plan.db_mode, "instance": instance.identifier},
            "fence": {**fence, "fenced_at": record.changed_at.isoformat()},
            "prepared": {"loss": loss},
            "database": {
                "instance": instance.identifier,
                "endpoint": instance.host,
                "port": instance.port,
                "already_promoted": True,
                "promoted_at": None,
            },
        }
        return GoOn(told, state)

    def _change(self, change: Change) -> LeaderRecord | Refusal:
        with majority_needed():
            return self.register.change(change)

    def _remember(self, told: str, run: str, record: LeaderRecord) -> None:
        remember(self.journal, Event("run-taken-over", self.by, told, run, {"record": record.to_dict()}))

    def _refused(self, reason: str, of: str) -> Refusal:
        remember(self.journal, Event("run-refused", self.by, reason, of))
        return Refusal(reason)
