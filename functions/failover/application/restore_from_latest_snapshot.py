"""Is this Region's database one that was made of a backup, and is what is in it true?

Polled, and begun anew by every call: what RDS shows and what the run's folder keeps say how far it has come. The restored
instance takes the name that the plan gives the Region's database, so that nothing else has to learn another. Whoever has
that name is renamed and kept; only an instance that this very run restored, and found unusable, is deleted.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIT.html
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_RenameInstance.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from failover.application.database_login import login_for
from failover.application.errors import DamagedContent, DatabaseUnavailable, RunRefused
from failover.application.holding import require_fence
from failover.application.placement import placement_of
from failover.application.polling import Waiting, poll
from failover.application.ports import Clock, DatabaseInstance, Databases, Outcomes, Parameters, Register, Secrets
from failover.application.restore_candidates import Candidates
from failover.application.restore_ports import RestoredDatabases, Restores
from failover.domain.approval import gate_passed
from failover.domain.digest import digest_of
from failover.domain.instance_status import SERVING_STATUSES
from failover.domain.plan import Plan
from failover.domain.recovery_point import RecoveryPoint
from failover.domain.restored_content import Content, implausible
from failover.domain.run import Run

RUN_TAG, POINT_TAG = "drlab:restored-by", "drlab:recovery-point"


@dataclass(frozen=True)
class RestoreFromLatestSnapshot:
    """Answers `{instance, endpoint, port, restored_from, restored_to, bound_seconds, unusable, content, promoted_at}`.

    `bound_seconds` is what this point may lose: more than the gate's figure where an older one had to do.
    """

    plan: Plan
    region: str
    register: Register
    databases: Databases
    restores: Restores
    secrets: Secrets
    sessions: RestoredDatabases
    outcomes: Outcomes
    parameters: Parameters
    clock: Clock

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises StillInProgress until a restore is proven; TransientFailure; RunRefused when none can be."""
        leader = run.text("fence", "leader")
        if not gate_passed(run):
            raise RunRefused("No loss bound was accepted, so nothing is restored.")
        require_fence(self.register, run.name, leader)
        candidates = Candidates.of(run, self.outcomes)
        done = poll(self.clock, self.plan.timing, lambda: self._look(run, candidates, leader))
        return {
            "instance": done.instance.identifier,
            "endpoint": done.instance.host,
            "port": done.instance.port,
            "restored_from": str(done.point),
            "restored_to": done.point.at.isoformat(),
            "bound_seconds": candidates.bound(done.point, self.plan.timing.unpublished).total_seconds(),
            "unusable": candidates.tried(),
            "content": done.content.to_dict(),
            "promoted_at": self.clock.now().isoformat(),
        }

    def _look(self, run: Run, candidates: Candidates, leader: str) -> _Restored | Waiting:
        name = self.plan.region(self.region).database_instance
        found = self.databases.describe(name)
        if found is None:
            gone = self.databases.describe(aside(name, run.name))
            if gone is not None and gone.status == "renaming":
                return Waiting(f"{name} is becoming {gone.identifier}, of whose backups a restore may be made.")
            return self._begin(run, candidates, name)
        if found.tags.get(RUN_TAG) != run.name:
            return self._set_aside(run, found)
        point = candidates.by_digest(found.tags.get(POINT_TAG))
        if point is None:
            raise RunRefused(f"{name} was restored by this run from a recovery point that its state does not name.")
        if candidates.unusable(point) is not None:
            return self._discard(found)
        if candidates.failed(point, found.status):
            return self._discard(found)
        if found.status not in SERVING_STATUSES:
            return Waiting(f"{name} is {found.status}, being restored from {point}.")
        return self._proven(found, point, candidates, leader)

    def _begin(self, run: Run, candidates: Candidates, name: str) -> Waiting:
        point = candidates.next(self.plan.timing.unpublished)
        placement = placement_of(self.plan.region(self.region), self.parameters)
        tags = {RUN_TAG: run.name, POINT_TAG: point.digest}
        return candidates.begin(self.restores, point, name, placement, tags)

    def _set_aside(self, run: Run, found: DatabaseInstance) -> Waiting:
        """The name becomes free within minutes."""
        new = aside(found.identifier, run.name)
        if found.status == "renaming":
            return Waiting(f"{found.identifier} is being renamed.")
        refusal = self.restores.rename(found.identifier, new)
        return Waiting(refusal.reason if refusal else f"{found.identifier} was asked to become {new}.")

    def _discard(self, found: DatabaseInstance) -> Waiting:
        if found.status != "deleting":
            refusal = self.restores.delete(found.identifier)
            if refusal is not None:
                return Waiting(refusal.reason)
        return Waiting(f"{found.identifier}, which cannot be used, is being deleted.")

    def _proven(
        self, found: DatabaseInstance, point: RecoveryPoint, candidates: Candidates, leader: str
    ) -> _Restored | Waiting:
        login = login_for(found, self.secrets.read(self.plan.region(self.region).database_secret))
        try:
            content = self.sessions.content(login, leader)
            refusal = implausible(content, point, candidates.published(), self.plan.timing.unpublished)
            if refusal is None:
                self.sessions.write_probe(login, self.region)
                candidates.mark_proven(point)
                return _Restored(found, point, content)
            reason = refusal.reason
        except DamagedContent as error:
            reason = f"What is in it cannot be read: {error}"
        except DatabaseUnavailable as error:
            return Waiting(f"{found.identifier} is {found.status}, but does not answer yet: {error}")
        candidates.mark_unusable(point, reason)
        return self._discard(found)


@dataclass(frozen=True)
class _Restored:
    instance: DatabaseInstance
    point: RecoveryPoint
    content: Content


def aside(identifier: str, run: str) -> str:
    """What an instance of the plan is called once another has taken its name; the same for the same run."""
    return f"{identifier}-aside-{digest_of(run)[:8]}"
