"""Does the leadership go to the other Region and back under live writes, with every lost row listed on the way?"""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from rich.console import Console

from lab.drills.live_view import LiveView
from lab.drills.roundtrip import conduct
from lab.reports import trip_result
from lab.settings import PRIMARY_REGION, SECONDARY_REGION, DrillSettings, LabSettings
from tests.drills.permissions_seen import SEEN

pytestmark = pytest.mark.drill


def test_a_round_trip_loses_what_the_failover_lost_lists_it_and_loses_nothing_on_the_way_back() -> None:
    settings = DrillSettings(
        LabSettings(replication_delay=timedelta(milliseconds=100)), give_up_after=timedelta(seconds=120)
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
