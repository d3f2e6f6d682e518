"""Does the probe open an incident exactly when the evidence is old enough, and tell what it rests on?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from control_plane_world import NOW, PRIMARY, STANDBY, WITNESS, plan_with

from failover.domain.incident import LONGEST_PAUSE, down_since, may_open, open_incident
from failover.domain.intake import Start, execution_name
from failover.domain.leader_record import Disarmed, Refusal, State, genesis
from failover.domain.signals import Health, Observation

PLAN = plan_with()
PATIENCE = PLAN.timing.probe_after
RECORD = replace(genesis(PRIMARY, NOW - timedelta(days=1)), epoch=5)
SECOND = timedelta(seconds=1)


def looks(lasted: timedelta | None = PATIENCE, second: Health = Health.UNHEALTHY) -> list[Observation]:
    since = None if lasted is None else NOW - lasted
    return [
        Observation("probe", Health.UNREACHABLE, "no answer", direct=True),
        Observation("route53", second, "0 of 3", since=since),
    ]


def opened(
    seen: Sequence[Observation] | None = None, ended: Sequence[datetime] = (), now: datetime = NOW
) -> Start | Refusal:
    return open_incident(looks() if seen is None else seen, RECORD, PLAN, now, ended)


def test_a_run_is_started_under_a_name_and_with_the_evidence() -> None:
    start = opened()
    assert isinstance(start, Start)
    assert start.name == execution_name(5, "probe", str(int(NOW.timestamp()) // 180))
    assert start.input == {
        "trigger": {
            "kind": "probe",
            "reason": (
                f"No alarm and no earlier run ended it: {PRIMARY} is down for 180 s"
                " (probe: unreachable, no answer; route53: unhealthy, 0 of 3)."
            ),
            "alarm_arn": None,
            "observed_at": "2026-11-23T03:00:00+00:00",
        },
        "expected_epoch": 5,
    }


def test_the_instant_is_told_in_utc_wherever_the_clock_is() -> None:
    start = opened(now=NOW.astimezone(timezone(timedelta(hours=11))))
    assert isinstance(start, Start)
    assert start.input["trigger"]["observed_at"] == NOW.astimezone(UTC).isoformat()


def test_probes_of_one_period_name_one_run_and_those_of_the_next_another() -> None:
    """Two probes side by side start one execution, because Step Functions takes a name once."""
    first, same, next_one = (opened(now=NOW + after) for after in (0 * SECOND, PATIENCE - SECOND, PATIENCE))
    assert isinstance(first, Start)
    assert isinstance(same, Start)
    assert isinstance(next_one, Start)
    assert first.name == same.name != next_one.name


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (looks(PATIENCE - SECOND), "is down for 179 s; an alarm has 180 s to arrive first"),
        (looks(None), f"No vantage point tells since when {PRIMARY} is down (probe: unreachable, no answer;"),
        (looks()[:1], "1 of 2 vantage points find"),
        (looks(second=Health.HEALTHY), "1 of 2 vantage points find"),
        ([*looks(), Observation("witness", Health.HEALTHY, "answers")], "2 of 2 vantage points find"),
        ([], "0 of 2 vantage points find"),
    ],
)
def test_evidence_that_is_not_enough_opens_nothing(seen: list[Observation], why: str) -> None:
    refused = opened(seen)
    assert isinstance(refused, Refusal)
    assert why in refused.reason


def test_a_region_that_finds_only_itself_well_is_cut_off() -> None:
    assert isinstance(opened([*looks(), Observation("inside", Health.HEALTHY, "answers", outside=False)]), Start)


@pytest.mark.parametrize(("runs", "pause"), [(1, PATIENCE), (2, 2 * PATIENCE), (3, 4 * PATIENCE), (9, LONGEST_PAUSE)])
def test_each_further_run_waits_twice_as_long_up_to_an_hour(runs: int, pause: timedelta) -> None:
    newest = NOW - pause
    earlier = [newest - number * timedelta(hours=2) for number in range(runs)]
    assert isinstance(opened(ended=earlier), Start)
    refused = opened(ended=[newest + SECOND, *earlier[1:]])
    assert isinstance(refused, Refusal)
    assert refused.reason.startswith(
        f"{runs} runs of this outage have stood down; the next begins {pause.total_seconds():.0f} s after the last (probe:"
    )


def test_an_alarm_has_the_first_word_only_before_the_first_run() -> None:
    young = looks(SECOND)
    assert isinstance(opened(young), Refusal)
    assert isinstance(opened(young, ended=[NOW - PATIENCE]), Start)


def test_the_oldest_evidence_against_the_leader_counts() -> None:
    old = Observation("route53", Health.UNHEALTHY, "d", since=NOW - 9 * SECOND)
    young = Observation("heartbeat", Health.UNHEALTHY, "d", since=NOW)
    well = Observation("probe", Health.HEALTHY, "d", since=NOW - timedelta(days=1))
    assert down_since([young, old, well, Observation("x", Health.UNHEALTHY, "d")]) == NOW - 9 * SECOND
    assert down_since([well]) is None


def test_a_standby_looks_unless_the_record_or_its_place_forbids_it() -> None:
    assert may_open(RECORD, PLAN, STANDBY, NOW) is None
    disarmed = replace(RECORD, disarmed=Disarmed(NOW + SECOND, "kim", "maintenance"))
    for record, region, why in (
        (RECORD, WITNESS, "can lead"),
        (RECORD, PRIMARY, "already leads"),
        (disarmed, STANDBY, "Disarmed by kim"),
        (replace(RECORD, state=State.FENCED, run="other"), STANDBY, "other holds the fence"),
    ):
        refused = may_open(record, PLAN, region, NOW)
        assert refused is not None
        assert why in refused.reason
