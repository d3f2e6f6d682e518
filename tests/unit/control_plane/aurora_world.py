"""An Aurora global database of two clusters in memory, as DescribeGlobalClusters tells of it over time."""

from __future__ import annotations

from control_plane_world import (
    ACCOUNT,
    PRIMARY,
    RUN,
    STANDBY,
    MemoryRegister,
    MemorySecrets,
    MemoryServer,
    VirtualClock,
    plan_with,
    run_with,
)

from failover.application.ports import DatabaseInstance
from failover.domain.global_database import GlobalDatabase
from failover.domain.leader_record import Refusal
from failover.domain.plan import DatabaseMode, Plan
from failover.domain.run import Run

ARNS = {region: f"arn:aws:rds:{region}:{ACCOUNT}:cluster:app-{region}" for region in (PRIMARY, STANDBY)}


def aurora_plan() -> Plan:
    return plan_with(lambda plan: plan.update(db_mode=DatabaseMode.AURORA.value))


def the_run(planned: bool = False, accepted: bool = True, name: str = RUN) -> Run:
    return run_with(
        name=name,
        mode="planned" if planned else "unplanned",
        fence={"held": True, "leader": PRIMARY, "epoch": 2},
        prepared={"loss": {"accepted": accepted, "known": True, "bound_seconds": 0 if planned else 20}},
    )


class MemoryGlobalCluster:
    """A request is known to AWS at once, and shows a little later; the roles change in the middle. `completes` False: never."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.server = MemoryServer()
        self.writer = PRIMARY
        self.own_status = "available"
        self.moving: str | None = None
        self.completes = True
        self.asked: list[str] = []

    def describe(self, identifier: str) -> DatabaseInstance | None:
        database = GlobalDatabase(
            "drlab-app", None, {arn: region == self.writer for region, arn in ARNS.items()}, self.moving
        )
        own = ARNS[STANDBY]
        source = database.source_of(own)
        host = "app.cluster.example.com" if source is None else "app.cluster-ro.example.com"
        return DatabaseInstance(identifier, database.status_of(own, self.own_status), source, host, 5432, 7)

    def fail_over(self, identifier: str) -> Refusal | None:
        return self._begin("failing-over")

    def switch_over(self, identifier: str) -> Refusal | None:
        return self._begin("switching-over")

    def _begin(self, moving: str) -> Refusal | None:
        if self.asked or self.writer == STANDBY:
            return Refusal("AWS does not make it the writer in its present state.")
        self.asked.append(moving)
        if self.completes:
            self.clock.later(2, lambda: setattr(self, "moving", moving))
            self.clock.later(12, self._change_roles)
        return None

    def _change_roles(self) -> None:
        self.writer, self.server.recovering, self.own_status = STANDBY, False, "promoting"
        self.clock.later(3, lambda: setattr(self, "own_status", "available"))


class AuroraWorld:
    """This Region's cluster follows the leader's, and the run holds the fence."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.register, self.secrets = MemoryRegister().fenced_by(RUN), MemorySecrets()
        self.clusters = MemoryGlobalCluster(self.clock)
        self.server = self.clusters.server
        self.parts = (
            aurora_plan(),
            STANDBY,
            self.register,
            self.clusters,
            self.secrets,
            self.server,
            self.clock,
        )
