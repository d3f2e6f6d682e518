"""Is everything as before, after a run that does not go on?

Before the one-way step nobody else was opened, so giving the same leader back its writes is never unsafe. A leader that
is dead stays dead; one that comes back by itself serves again without anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from failover.application.errors import RunRefused, TransientFailure
from failover.application.holding import majority_needed
from failover.application.polling import Waiting, poll_until_budget
from failover.application.ports import Answer, Clock, Register, ServiceProbe, Services
from failover.domain.leader_record import LeaderRecord, State, reopen
from failover.domain.outcome import why_not_going_on
from failover.domain.plan import Plan
from failover.domain.run import Run


@dataclass(frozen=True)
class StandDown:
    """Answers `{result, reason, reopened, leader, epoch}`. Repeating it changes nothing more."""

    plan: Plan
    region: str
    register: Register
    services: Services
    probe: ServiceProbe
    clock: Clock

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises TransientFailure when no majority of the record's copies answers."""
        record = self._reopen(run) if self._may_have_fenced(run) else self._read()
        reopened = record.run == run.name and record.state is State.OPEN and record.leader != self.region
        said = [why_not_going_on(run)]
        if reopened:
            said.append(self._old_leader(record.leader))
        if scaled := self._scale_back(run):
            said.append(scaled)
        return {
            "result": "stood-down",
            "reason": " ".join(said),
            "reopened": reopened,
            "leader": record.leader,
            "epoch": record.epoch,
        }

    def _may_have_fenced(self, run: Run) -> bool:
        return run.value("readiness", "ready") is True

    def _read(self) -> LeaderRecord:
        with majority_needed():
            return self.register.read()

    def _reopen(self, run: Run) -> LeaderRecord:
        """Asked of the register even when the fence seems not to be held.

        The answer to FencePrimary may have been lost, and its writes may still be on their way: a change, even a
        refused one, makes the copies deaf to them, which a mere read does not.
        """
        with majority_needed():
            changed = self.register.change(reopen(run.name, self.clock.now()))
        return changed if isinstance(changed, LeaderRecord) else self._read()

    def _old_leader(self, leader: str) -> str:
        """Whether it serves again, given as long as its tasks need to renew a lease."""
        patience = self.plan.timing.renew + self.plan.timing.heartbeat_timeout + self.plan.timing.api_timeout
        until = self.clock.monotonic() + patience.total_seconds()
        answered = poll_until_budget(self.clock, self.plan.timing, lambda: self._serves(leader, until))
        if isinstance(answered, Waiting) or answered:
            detail = answered.reason if isinstance(answered, Waiting) else answered
            return f"{leader} was reopened, but does not serve yet: {detail}"
        return f"{leader} was reopened and serves again."

    def _serves(self, leader: str, until: float) -> str | Waiting:
        """Empty when it does; why not when patience is over."""
        answer = self.probe.get(f"{self.plan.region(leader).service_url}/healthz")
        if isinstance(answer, Answer) and answer.status == 200:
            return ""
        why = f"/healthz answered {answer.status}." if isinstance(answer, Answer) else f"{answer.reason}."
        return Waiting(why) if self.clock.monotonic() < until else why

    def _scale_back(self, run: Run) -> str | None:
        """Best effort: a standby that is too large costs money, nothing else."""
        before = run.value("readiness", "tasks")
        here = self.plan.region(self.region)
        # A switchover scales before its fence, a failover after it.
        scaled = run.planned or run.value("fence", "held") is True
        if not scaled or type(before) is not int or before >= here.leading_tasks:
            return None
        try:
            size = self.services.size(here.ecs_cluster, here.ecs_service)
            # Another count than the run's own was set by somebody else, and is theirs.
            if size is None or size.desired != here.leading_tasks:
                return None
            self.services.resize(here.ecs_cluster, here.ecs_service, before)
        except (TransientFailure, RunRefused) as error:
            return f"The standby could not be scaled back to {before} tasks: {error}"
        return f"The standby's desired count is {before} again."
