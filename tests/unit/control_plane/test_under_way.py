"""Does whoever asks hear of everything that is in progress, and who began it?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from control_plane_world import NOW, PRIMARY, STANDBY, WITNESS, MemoryRds, VirtualClock

from failover.application.run_ports import KnownRun, VisitedState
from failover.application.under_way import DRILL, FAILOVER, REBUILD, LookForWork, begun_by
from failover.domain.deploy_guard import may_deploy
from failover.domain.isolated_promotion import MADE_BY_TAG
from failover.domain.journal import Entry, Event
from failover.domain.leader_record import genesis

RUN = "rebuild-e3-20261123T030000Z"


class Runs:
    """One that is in the second state of three."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def running(self) -> list[KnownRun]:
        return [KnownRun(name, "RUNNING", NOW, None) for name in self.names]

    def states(self, name: str) -> list[VisitedState]:
        assert name in self.names
        later = NOW + timedelta(seconds=5)
        return [VisitedState("CheckRebuild", NOW, later), VisitedState("CreateReplica", later, None)]


def test_a_rebuild_is_told_with_its_state_and_with_who_began_it() -> None:
    replicas = MemoryRds(VirtualClock())
    found = LookForWork(f"app-{STANDBY}", {FAILOVER: Runs(), REBUILD: Runs(RUN)}, replicas)()
    event = Event("run-started", "maria", "A rebuild began.", RUN)
    (told,) = begun_by(found, [Entry(1, NOW, event, "")])
    assert str(told) == f"{RUN}, a rebuild, by maria, since 2026-11-23 03:00:00 UTC, in CreateReplica"
    assert told.to_dict()["kind"] == "rebuild"


def test_the_throwaway_replica_of_a_drill_is_told_with_who_made_it() -> None:
    replicas = MemoryRds(VirtualClock())
    replicas.set(identifier=f"app-{STANDBY}-isolated", tags={MADE_BY_TAG: "jane"}, made_at=NOW, status="creating")
    (told,) = LookForWork(f"app-{STANDBY}", {FAILOVER: Runs()}, replicas)()
    assert (told.kind, told.by, told.state, told.since) == (DRILL, "jane", "creating", NOW)
    assert begun_by([told], []) == [told]


def test_nothing_is_deployed_beside_what_is_in_progress() -> None:
    record = genesis(PRIMARY, datetime(2026, 11, 23, tzinfo=UTC))
    regions = (PRIMARY, STANDBY, WITNESS)
    refusal = may_deploy(record, regions, regions, [f"{RUN}, a rebuild"])
    assert refusal is not None
    assert refusal.reason == f"In progress: {RUN}, a rebuild. Deploy when it has ended."
    assert may_deploy(replace(record, epoch=2), regions, regions, []) is None
