"""Which recovery point is tried next, what became of those before it, and what may one of them lose?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from failover.application.errors import NoCapacity, RunRefused
from failover.application.polling import Waiting
from failover.application.ports import Outcomes
from failover.application.restore_ports import Placement, Restores
from failover.domain.approval import shown as figure
from failover.domain.heartbeat import Heartbeat
from failover.domain.instance_status import BROKEN_STATUSES, NO_CAPACITY
from failover.domain.recovery_point import RecoveryPoint, points_of
from failover.domain.run import Run


@dataclass(frozen=True)
class Candidates:
    """What was found unusable is kept in the run's folder: a call that dies must not make the next one forget it."""

    run: Run
    outcomes: Outcomes
    points: Sequence[RecoveryPoint]

    @staticmethod
    def of(run: Run, outcomes: Outcomes) -> Candidates:
        """Those that CheckSecondaryReadiness found. Raises RunStateError when there are none."""
        return Candidates(run, outcomes, points_of(run))

    def by_digest(self, digest: str | None) -> RecoveryPoint | None:
        return next((one for one in self.points if one.digest == digest), None)

    def unusable(self, point: RecoveryPoint) -> str | None:
        """Why this run cannot use `point`; None: not found so."""
        text = self.outcomes.read(self._key(point))
        return None if text is None else str(json.loads(text)["reason"])

    def mark_proven(self, point: RecoveryPoint) -> None:
        """Its rows were read and one was written: whoever takes the run over need not restore it again."""
        self.outcomes.put_once(proof_key(self.run.name, point.digest), json.dumps({"point": point.to_dict()}))

    def mark_unusable(self, point: RecoveryPoint, reason: str) -> None:
        self.outcomes.put_once(self._key(point), json.dumps({"point": point.to_dict(), "reason": reason}))

    def begin(
        self, restores: Restores, point: RecoveryPoint, name: str, placement: Placement, tags: Mapping[str, str]
    ) -> Waiting:
        """Ask for an instance made of `point`. For want of capacity it is asked for again: an older one would lose more."""
        try:
            refusal = restores.restore(point, name, placement, tags)
        except NoCapacity as error:
            return Waiting(str(error))
        if refusal is not None:
            self.mark_unusable(point, refusal.reason)
            return Waiting(f"{point} cannot be restored: {refusal.reason}")
        return Waiting(f"A restore from {point} was asked for.")

    def failed(self, point: RecoveryPoint, status: str) -> bool:
        """Whether the instance that is made of `point` never serves; marks `point` unusable then, but for want of capacity."""
        if status in BROKEN_STATUSES:
            self.mark_unusable(point, f"RDS says that the instance is {status}.")
        return status in BROKEN_STATUSES or status == NO_CAPACITY

    def next(self, unpublished: timedelta) -> RecoveryPoint:
        """The best that is left and that nobody would have to accept anew.

        Raises RunRefused with what became of each, and what an older one would lose.
        """
        told: list[str] = []
        for point in self.points:
            reason = self.unusable(point)
            if reason is not None:
                told.append(f"{_capital(point)} cannot be used: {reason.rstrip('.')}.")
            elif (bound := self.bound(point, unpublished)) <= self._accepted():
                return point
            else:
                told.append(
                    f"{_capital(point)} would lose up to {figure(bound.total_seconds())} s, which nobody accepted; "
                    f'a run with restore {{"to": "{point.at.isoformat()}"}} asks for it.'
                )
                break
        raise RunRefused(" ".join([*told, "Nothing was restored."]))

    def untried(self) -> RecoveryPoint | None:
        """The best that this run did not find unusable, whatever it may lose; None: there is none left."""
        return next((one for one in self.points if self.unusable(one) is None), None)

    def tried(self) -> list[dict[str, Any]]:
        """Those that were found unusable, and why."""
        found = [(point, self.unusable(point)) for point in self.points]
        return [{"point": str(point), "reason": reason} for point, reason in found if reason is not None]

    def published(self) -> Heartbeat | None:
        """The newest that the gate saw."""
        seen = self.run.value("prepared", "loss", "evidence", "published")
        return Heartbeat.from_dict(seen) if isinstance(seen, dict) else None

    def bound(self, point: RecoveryPoint, unpublished: timedelta) -> timedelta:
        """How much acknowledged work may be missing from it. Raises RunRefused where that cannot be told."""
        published = self.published()
        if published is None:
            raise RunRefused("The gate saw no heartbeat of the old leader, so no loss can be told.")
        return max(published.at + unpublished - point.at, timedelta(0))

    def _accepted(self) -> timedelta:
        """What the policy or a person accepted: the plan's target is in the policy's acceptance, a figure in a person's."""
        bound = float(self.run.value("prepared", "loss", "bound_seconds"))
        target = self.run.value("prepared", "loss", "evidence", "accepts_up_to_seconds")
        by_policy = self.run.value("prepared", "loss", "accepted") is True and isinstance(target, int | float)
        return timedelta(seconds=max(bound, float(target)) if by_policy else bound)

    def _key(self, point: RecoveryPoint) -> str:
        return f"runs/{self.run.name}/restore/{point.digest}-unusable.json"


def proof_key(run: str, digest: str | None) -> str:
    """Where `run` keeps that the recovery point of `digest` was restored, and what came of it found right."""
    return f"runs/{run}/restore/{digest}-proven.json"


def _capital(point: RecoveryPoint) -> str:
    text = str(point)
    return text[0].upper() + text[1:]
