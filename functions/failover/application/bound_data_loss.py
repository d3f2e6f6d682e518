"""How much acknowledged work could promotion lose, or a restore, and does the plan accept that?

A switchover accepts none: it waits until the replica shows that it holds everything, or does not go on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from failover.application.database_login import login_in
from failover.application.errors import DatabaseUnavailable
from failover.application.object_ports import ObjectReplication
from failover.application.polling import Waiting, poll_until_budget
from failover.application.ports import (
    Clock,
    DatabaseLogin,
    Databases,
    DatabaseSessions,
    Heartbeats,
    PublishedHeartbeat,
    Secrets,
)
from failover.domain.lease_holders import Confirmations, MayLack, judge
from failover.domain.loss_bound import (
    KnownLoss,
    LossBound,
    ReplicaPosition,
    UnknownLoss,
    accept,
    bound_loss,
    bound_restored_loss,
)
from failover.domain.plan import Plan
from failover.domain.recovery_point import Path, RecoveryPoint, points_of
from failover.domain.run import Run

NOT_SHOWN = "A switchover promotes only what is shown to hold everything, and this was not shown in time."
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class BoundDataLoss:
    """Called when the lease has run out, or in a switchover at once after the fence. Changes nothing.

    Answers `{accepted, askable, approval_seconds, known, bound_seconds, bytes_behind, reason, evidence, objects}`.
    `objects` is what waited for S3's replication. It is told and counted, and decides nothing: objects that wait are
    not lost with a Region that comes back, and S3 counts them only once a minute.
    """

    plan: Plan
    region: str
    databases: Databases
    secrets: Secrets
    sessions: DatabaseSessions
    heartbeats: Heartbeats
    objects: ObjectReplication
    clock: Clock

    def __call__(self, run: Run) -> dict[str, Any]:
        """A replica that stays silent makes the loss unknown. Raises TransientFailure or RunRefused."""
        leader = run.text("fence", "leader")
        if run.value("readiness", "path") == Path.RESTORE:
            return self._restored(points_of(run), leader)
        login = login_in(self.plan.region(self.region), self.databases, self.secrets)
        if run.planned:
            return self._nothing(run, login, leader)
        position = poll_until_budget(self.clock, self.plan.timing, lambda: self._settled(login, leader))
        published = self.heartbeats.read()
        loss = self._loss(published, position, leader)
        return self._answer(loss, leader, "", self._evidence(published, position))

    def _restored(self, points: Sequence[RecoveryPoint], leader: str) -> dict[str, Any]:
        """What a restore from the best of `points` would lose. An older one is tried only where it loses no more than this."""
        published = self.heartbeats.read()
        loss = self._unreadable(published) or bound_restored_loss(
            published.newest, points[0].at, leader, self.plan.timing.unpublished
        )
        evidence = {
            **self._published(published),
            "recovery_point": points[0].to_dict(),
            "accepts_up_to_seconds": self.plan.rpo_target.total_seconds(),
        }
        return self._answer(loss, leader, f" The database is to be made of {points[0]}.", evidence)

    def _answer(self, loss: LossBound, leader: str, remark: str, evidence: dict[str, Any]) -> dict[str, Any]:
        decision = accept(loss, self.plan.failover_policy, self.plan.rpo_target)
        known = loss if isinstance(loss, KnownLoss) else None
        return {
            "accepted": decision.accepted,
            "askable": decision.askable,
            "approval_seconds": math.ceil(self.plan.timing.approval.total_seconds()),
            "known": known is not None,
            "bound_seconds": known.bound / MICROSECOND / 1e6 if known else None,
            "bytes_behind": known.bytes_behind if known else None,
            "reason": f"{decision.reason}{remark}",
            "evidence": evidence,
            "objects": self._objects(leader),
        }

    def _nothing(self, run: Run, login: DatabaseLogin, leader: str) -> dict[str, Any]:
        """That nothing is lost, or that this could not be shown in time: then no figure is given."""
        epoch = run.whole("fence", "epoch")
        found = poll_until_budget(self.clock, self.plan.timing, lambda: self._everything(login, leader, epoch))
        shown = found.confirmations if isinstance(found, _Proven | _Unproven) else None
        proven = isinstance(found, _Proven)
        return {
            "accepted": proven,
            "askable": False,
            "approval_seconds": math.ceil(self.plan.timing.approval.total_seconds()),
            "known": proven,
            "bound_seconds": 0.0 if proven else None,
            "bytes_behind": 0 if proven else None,
            "reason": found.reason if proven else f"{found.reason} {NOT_SHOWN}",
            "evidence": {
                "lease_holders": [one.to_dict() for one in shown.holders] if shown else None,
                "source_lsn": str(shown.source) if shown and shown.source else None,
                "replayed_lsn": str(shown.replayed) if shown and shown.replayed else None,
            },
            "objects": self._objects(leader),
        }

    def _objects(self, leader: str) -> dict[str, Any]:
        return self.objects.backlog(leader, self.clock.now()).to_dict()

    def _everything(self, login: DatabaseLogin, leader: str, fence_epoch: int) -> _Proven | _Unproven:
        try:
            confirmations = self.sessions.confirmations(login, leader)
        except DatabaseUnavailable as error:
            return _Unproven(f"The replica does not answer: {error}", None)
        verdict = judge(confirmations, fence_epoch, timedelta(seconds=self.plan.timing.fence_wait_seconds))
        if isinstance(verdict, MayLack):
            return _Unproven(verdict.reason, confirmations)
        return _Proven(verdict.reason, confirmations)

    def _settled(self, login: DatabaseLogin, leader: str) -> ReplicaPosition | _Unsettled:
        """The position once everything received is replayed: until then the heartbeat row may still get newer."""
        try:
            position = self.sessions.position(login, leader)
        except DatabaseUnavailable as error:
            return _Unsettled(f"The replica does not answer: {error}", None)
        if not position.settled:
            return _Unsettled("The replica has not replayed all that it received.", position)
        return position

    def _loss(self, published: PublishedHeartbeat, position: ReplicaPosition | Waiting, leader: str) -> LossBound:
        if unreadable := self._unreadable(published):
            return unreadable
        # Not all replayed: the row is older than what promotion will show, so the bound is too large, never too small.
        settled = position.position if isinstance(position, _Unsettled) else position
        if not isinstance(settled, ReplicaPosition):
            return UnknownLoss(position.reason if isinstance(position, Waiting) else "The replica does not answer.")
        return bound_loss(published.newest, settled, leader, self.plan.timing.unpublished)

    def _unreadable(self, published: PublishedHeartbeat) -> UnknownLoss | None:
        if published.majority:
            return None
        answered = ", ".join(published.answered) or "none"
        return UnknownLoss(f"No majority of the heartbeat's copies could be read; answered: {answered}.")

    def _published(self, published: PublishedHeartbeat) -> dict[str, Any]:
        return {
            "published": published.newest.to_dict() if published.newest else None,
            "copies_answered": list(published.answered),
            "unpublished_seconds": self.plan.timing.unpublished.total_seconds(),
        }

    def _evidence(self, published: PublishedHeartbeat, position: ReplicaPosition | Waiting) -> dict[str, Any]:
        settled = position.position if isinstance(position, _Unsettled) else position
        shown = settled if isinstance(settled, ReplicaPosition) else None
        return {
            **self._published(published),
            "replica_heartbeat": shown.heartbeat.to_dict() if shown and shown.heartbeat else None,
            "received_lsn": str(shown.received) if shown and shown.received else None,
            "replayed_lsn": str(shown.replayed) if shown and shown.replayed else None,
            "drained": shown.drained if shown else None,
        }


@dataclass(frozen=True)
class _Proven:
    """The replica holds everything, by this evidence."""

    reason: str
    confirmations: Confirmations


@dataclass(frozen=True)
class _Unproven(Waiting):
    """What was seen last, when it did not show that in time."""

    confirmations: Confirmations | None


@dataclass(frozen=True)
class _Unsettled(Waiting):
    """What was seen last, when the budget ends before the replica has settled."""

    position: ReplicaPosition | None
