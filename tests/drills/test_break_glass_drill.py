"""Does a person move the leadership without a control plane, on real processes, with no more than the printed policy?"""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from rich.console import Console

from lab.drills.drill import conduct
from lab.drills.live_view import LiveView
from lab.reports import result
from lab.settings import SECONDARY_REGION, DrillSettings, LabSettings

pytestmark = pytest.mark.drill


def test_a_person_fails_over_when_the_leader_is_dark_and_the_standby_has_no_control_plane() -> None:
    settings = DrillSettings(
        LabSettings(replication_delay=timedelta(milliseconds=100)),
        break_glass=True,
        write_rate=100,
        warm_up=timedelta(seconds=1),
        settle=timedelta(seconds=1),
    )
    said = io.StringIO()
    record = conduct(settings, LiveView(Console(file=said, width=200)))
    found = result.build(record)
    told = (found["verdict"], found["invariants"], found["runs"], said.getvalue())
    acknowledged = {(one.writer, one.number) for one in record.attempts if one.outcome == "ok"}
    assert record.survivor_rows is not None
    assert found["loss"]["rows"] == len(acknowledged - record.survivor_rows)
    assert found["passed"], told
    assert [one["verdict"] for one in found["invariants"]] == ["held"] * 6, told
    assert found["leader_record"]["after"]["leader"] == SECONDARY_REGION
    (run,) = record.runs
    assert run.name.startswith("break-glass-e1-")
    assert "denied: []" in said.getvalue(), told
