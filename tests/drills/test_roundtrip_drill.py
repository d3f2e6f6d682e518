"""Does the leadership go to the other Region and back under live writes, with every lost row listed on the way?"""

from __future__ import annotations

import io
import json
import time
from datetime import timedelta
from typing import Any

import pytest
from rich.console import Console

from lab.drills.faults import FAULTS
from lab.drills.live_view import LiveView
from lab.drills.occasion import FAULT, Occasion, switchover_to
from lab.drills.roundtrip import conduct
from lab.laboratory import Laboratory
from lab.reports import trip_result
from lab.settings import PRIMARY_REGION, SECONDARY_REGION, DrillSettings, LabSettings
from tests.drills.permissions_seen import SEEN

pytestmark = pytest.mark.drill
OF_THE_DATABASE = (
    *("replica", "replica-streams", "replica-lag", "backups", "database-class"),
    *("secret", "schema"),
)
TASKS_ARE_LED_WITHIN_SECONDS = 30
WRITER_MADE_BY = ("FailoverGlobalCluster", "SwitchoverGlobalCluster")


def test_a_round_trip_loses_what_the_failover_lost_lists_it_and_loses_nothing_on_the_way_back() -> None:
    settings = DrillSettings(
        LabSettings(replication_delay=timedelta(milliseconds=100)),
        write_rate=100,
        warm_up=timedelta(seconds=1),
        settle=timedelta(seconds=1),
        give_up_after=timedelta(seconds=120),
    )
    said = io.StringIO()
    trip = conduct(settings, LiveView(Console(file=said, width=200)))
    found = trip_result.build(trip)
    told = (found["complaints"], found["rebuild"], said.getvalue())
    assert trip.back is not None, told
    SEEN.append(trip.back.permissions)
    # How long it took is this machine's business, and told by the report.
    assert [one for one in found["complaints"] if "wall time" not in one] == [], told
    failed_over(found["legs"]["out"], told)
    switched_over(found["legs"]["back"], told)
    # Found again from the raw history, by other code than the product's.
    acknowledged = {(one.writer, one.number) for one in trip.out.attempts if one.outcome == "ok"}
    assert trip.out.survivor_rows is not None
    lost = acknowledged - trip.out.survivor_rows
    assert trip.listed is not None
    assert lost, "with 100 ms between the Regions some rows are always lost"
    assert lost <= trip.listed
    later = {(one.writer, one.number) for one in trip.back.attempts if one.outcome == "ok"}
    assert trip.back.survivor_rows is not None
    assert later - trip.back.survivor_rows == set()
    assert {one.region for one in trip.back.attempts if one.outcome == "ok"} == {PRIMARY_REGION, SECONDARY_REGION}
    assert (trip.back.record_after or {})["leader"] == PRIMARY_REGION
    assert found["rebuild"]["kept_as"].startswith(f"app-{PRIMARY_REGION}-diverged-")


def test_a_global_database_goes_out_and_back_is_ready_before_each_way_and_is_said_to_be_simulated() -> None:
    """On PostgreSQL that stands in for its clusters. Aurora makes the standby; the rebuild leads the service and the objects
    to it, or nobody there would reach a database: the old Region's secret named the writer endpoint, inactive since.
    """
    ready: dict[str, dict[str, str]] = {}
    began: list[float] = []
    fault, switchover = FAULTS["region-dark"], switchover_to(PRIMARY_REGION)

    def strike(lab: Laboratory) -> None:
        ready["out"] = asked_of(lab, SECONDARY_REGION)
        began.append(time.monotonic())
        fault.inject(lab)

    def ask(lab: Laboratory) -> object:
        ready["back"] = asked_of(lab, PRIMARY_REGION)
        began.append(time.monotonic())
        return switchover.begin(lab)

    out = Occasion(fault.name, fault.description, FAULT, strike, struck_at=lambda: began[0])
    back = Occasion(switchover.name, switchover.description, switchover.word, ask, struck_at=lambda: began[1])
    settings = DrillSettings(
        LabSettings(replication_delay=timedelta(milliseconds=100), database_mode="aurora-global"),
        write_rate=100,
        give_up_after=timedelta(seconds=120),
    )
    said = io.StringIO()
    trip = conduct(settings, LiveView(Console(file=said, width=200)), out, back)
    found = trip_result.build(trip)
    told = (found["complaints"], found["rebuild"], ready, said.getvalue())
    assert trip.back is not None, told
    SEEN.append(trip.back.permissions)
    assert [one for one in found["complaints"] if "wall time" not in one] == [], told
    failed_over(found["legs"]["out"], told)
    switched_over(found["legs"]["back"], told)
    assert ready == dict.fromkeys(("out", "back"), dict.fromkeys(OF_THE_DATABASE, "ok")), told
    entered = [[one["state"] for run in found["legs"][way]["runs"] for one in run["states"]] for way in ("out", "back")]
    assert [states.count(name) for states, name in zip(entered, WRITER_MADE_BY, strict=True)] == [1, 1]
    assert "PromoteReplica" not in (*entered[0], *entered[1])
    assert found["rebuild"]["kept_as"] is None
    assert trip.rebuild is not None
    assert (trip.rebuild.state["secrets"]["changed"], trip.rebuild.state["objects"]["changed"]) == (True, True)
    for leg in found["legs"].values():
        assert "The database is simulated" in str(leg["notes"])


def asked_of(lab: Laboratory, region: str) -> dict[str, str]:
    """What that Region's readiness says of its database, once its tasks, which read their secret again, had time to."""
    deadline = time.monotonic() + TASKS_ARE_LED_WITHIN_SECONDS
    while True:
        answer = lab.client("lambda", region).invoke(FunctionName="drlab-app-evaluate-readiness", Payload=b"{}")
        verdicts = {one["name"]: one["verdict"] for one in json.load(answer["Payload"])["checks"]}
        found = {name: verdicts[name] for name in OF_THE_DATABASE}
        if set(found.values()) == {"ok"} or time.monotonic() > deadline:
            return found
        time.sleep(0.5)


def failed_over(leg: dict[str, Any], told: object) -> None:
    assert leg["passed"], (leg["verdict"], leg["invariants"], told)
    assert {run["status"] for run in leg["runs"]} == {"SUCCEEDED"}
    assert leg["leader_record"]["after"]["leader"] == SECONDARY_REGION
    assert leg["loss"]["acknowledged_late_by_old_leader"] == []
    assert leg["acknowledged_per_bucket"][SECONDARY_REGION]


def switched_over(leg: dict[str, Any], told: object) -> None:
    """Nothing was lost, and it was known beforehand that nothing would be."""
    assert leg["passed"], (leg["verdict"], leg["invariants"], told)
    assert [one["verdict"] for one in leg["invariants"]].count("held") == 5, told
    assert [one["invariant"] for one in leg["invariants"] if one["verdict"] == "not checked"] == [
        "Nothing on the failover path needs the failed Region to answer"
    ]
    assert (leg["loss"]["rows"], leg["loss"]["bound_milliseconds"]) == (0, 0)
    assert leg["loss"]["gate"]["evidence"]["lease_holders"]
