"""Can the newest backup be restored, and how long does that take?

Polled, and begun anew by every call. An isolated instance is made of the backup, by the restore and the judgement of a
failover; only the name, and who is let in, are others. What an earlier rehearsal left is deleted first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from failover.application.database_login import login_for
from failover.application.errors import DamagedContent, DatabaseUnavailable, RunRefused
from failover.application.placement import placement_of
from failover.application.polling import Waiting, poll
from failover.application.ports import (
    Clock,
    DatabaseInstance,
    Databases,
    Heartbeats,
    Outcomes,
    Parameters,
    Register,
    Secrets,
)
from failover.application.rebuilding import require_leader
from failover.application.rehearsed_instance import RehearsedInstance
from failover.application.restore_candidates import Candidates
from failover.application.restore_from_latest_snapshot import POINT_TAG, RUN_TAG
from failover.application.restore_ports import RehearsedDatabases, Restores
from failover.domain.instance_status import SERVING_STATUSES
from failover.domain.instants import aware
from failover.domain.plan import Plan
from failover.domain.recovery_point import RecoveryPoint, points_of
from failover.domain.restored_content import Content, implausible
from failover.domain.run import Run

# On the instance, so that a call which dies does not make the next one forget when the restore was asked for.
ASKED_TAG = "drlab:asked-at"


@dataclass(frozen=True)
class RehearseRestore:
    """Answers `{instance, restored_from, restored_to, seconds, unusable, content}`.

    `seconds`: from the request to rows that were read.
    """

    plan: Plan
    region: str
    register: Register
    databases: Databases
    restores: Restores
    secrets: Secrets
    sessions: RehearsedDatabases
    heartbeats: Heartbeats
    outcomes: Outcomes
    parameters: Parameters
    clock: Clock

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises StillInProgress until rows were read; TransientFailure; RunRefused when no backup proves usable.

        RunRefused too once the leadership moves: a rehearsal gives way to a run.
        """
        require_leader(self.register, run)
        candidates = Candidates(run, self.outcomes, points_of(run, "check"))
        instance = RehearsedInstance(run.text("check", "instance"), self.databases, self.restores)
        found = poll(self.clock, self.plan.timing, lambda: self._look(run, candidates, instance))
        return {
            "instance": instance.name,
            "restored_from": str(found.point),
            "restored_to": found.point.at.isoformat(),
            "seconds": found.took.total_seconds(),
            "unusable": candidates.tried(),
            "content": found.content.to_dict(),
        }

    def _look(self, run: Run, candidates: Candidates, instance: RehearsedInstance) -> _Read | Waiting:
        found = instance.find()
        if found is None:
            return self._begin(run, candidates, instance.name)
        point = candidates.by_digest(found.tags.get(POINT_TAG))
        if found.tags[RUN_TAG] != run.name or point is None or candidates.unusable(point) is not None:
            return instance.discard(found)
        if candidates.failed(point, found.status):
            return instance.discard(found)
        if found.status not in SERVING_STATUSES:
            return Waiting(f"{instance.name} is {found.status}, being restored from {point}.")
        content = self._content(found, point, run.text("check", "leader"))
        if isinstance(content, str):
            candidates.mark_unusable(point, content)
            return instance.discard(found)
        if isinstance(content, Waiting):
            return content
        return _Read(point, self.clock.now() - aware(found.tags[ASKED_TAG]), content)

    def _begin(self, run: Run, candidates: Candidates, name: str) -> Waiting:
        point = candidates.untried()
        if point is None:
            told = [f"{one['point']}: {one['reason']}" for one in candidates.tried()]
            raise RunRefused(f"No backup proved usable. {' '.join(told)}")
        placement = placement_of(self.plan.region(self.region), self.parameters)
        if not placement.rehearsal_security_groups:
            # RDS would take the network's default group, which lets everything in it in.
            raise RunRefused(
                "No security group for a rehearsal is known here: deploy the data plane's database stack anew."
            )
        isolated = replace(placement, security_groups=placement.rehearsal_security_groups)
        tags = {RUN_TAG: run.name, POINT_TAG: point.digest, ASKED_TAG: self.clock.now().isoformat()}
        return candidates.begin(self.restores, point, name, isolated, tags)

    def _content(self, found: DatabaseInstance, point: RecoveryPoint, leader: str) -> Content | Waiting | str:
        """What is in it, or in one sentence why `point` is not usable."""
        login = login_for(found, self.secrets.read(self.plan.region(self.region).database_secret))
        try:
            content = self.sessions.content(login, leader)
        except DamagedContent as error:
            return f"What is in it cannot be read: {error}"
        except DatabaseUnavailable as error:
            return Waiting(f"{found.identifier} is {found.status}, but does not answer yet: {error}")
        refusal = implausible(content, point, self.heartbeats.read().newest, self.plan.timing.unpublished)
        return refusal.reason if refusal is not None else content


@dataclass(frozen=True)
class _Read:
    point: RecoveryPoint
    took: timedelta
    content: Content
