"""Is whatever the control plane writes as a run's input taken, and whatever makes no sense refused in a sentence?"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from control_plane_world import NOW, PRIMARY, RUN, STANDBY, alarm_event, plan_with
from hypothesis import given
from hypothesis import strategies as st

from failover.domain import by_hand, incident, intake, rebuild, rehearsal
from failover.domain.alarm_event import AlarmEvent, ReportedAlarm, accept, read_report
from failover.domain.intake import Start, TriggerKind
from failover.domain.leader_record import genesis
from failover.domain.run import Mode, Run, RunInputError
from failover.domain.run_input import require_failover, require_rebuild, require_rehearsal
from failover.domain.signals import Health, Observation

PLAN = plan_with()
RECORD = genesis(PRIMARY, NOW - timedelta(days=1))
OF_STANDBY = genesis(STANDBY, NOW - timedelta(days=1))
REQUIRE: dict[str, Callable[[Run], None]] = {
    "failover": require_failover,
    "rebuild": require_rebuild,
    "rehearsal": require_rehearsal,
}
BY_HAND = {"kind": "manual", "reason": "it is down"}
SENTENCE = re.compile(r"The run's input is malformed: [^\n]{1,400}\.")


def take(workflow: str, run_input: Any) -> None:
    """As the first state does, by JSON."""
    event = {"run": RUN, "started_at": NOW.isoformat(), "state": run_input}
    REQUIRE[workflow](Run.parse(json.loads(json.dumps(event))))


def of_an_alarm() -> Any:
    report = read_report(alarm_event())
    assert isinstance(report, ReportedAlarm)
    event = accept(report, PLAN, NOW)
    assert isinstance(event, AlarmEvent)
    return intake.decide(event, PLAN, STANDBY, RECORD, (), NOW)


def of_the_probe() -> Any:
    since = NOW - PLAN.timing.probe_after
    seen = [
        Observation(one, Health.UNHEALTHY, "down", since=since, direct=one == "probe") for one in ("probe", "route53")
    ]
    return incident.open_incident(seen, RECORD, PLAN, NOW, ())


def of_a_person(mode: Mode) -> Any:
    return by_hand.decide(mode, "by-hand-1", STANDBY, PLAN, RECORD, (), "it is down", NOW)


def of_a_rebuild() -> Any:
    return rebuild.decide(PRIMARY, PLAN, OF_STANDBY, (), "it is back", True, NOW)


def of_a_rehearsal(moment: bool) -> Any:
    trigger = {**BY_HAND, "alarm_arn": None, "observed_at": NOW.isoformat()}
    return rehearsal.decide(STANDBY, PLAN, RECORD, (), NOW if moment else None, trigger, NOW)


@pytest.mark.parametrize(
    ("workflow", "started"),
    [
        ("failover", of_an_alarm()),
        ("failover", of_the_probe()),
        ("failover", of_a_person(Mode.UNPLANNED)),
        ("failover", of_a_person(Mode.PLANNED)),
        ("rebuild", of_a_rebuild()),
        ("rehearsal", of_a_rehearsal(moment=True)),
        ("rehearsal", of_a_rehearsal(moment=False)),
    ],
    ids=["alarm", "probe", "by hand", "switchover", "rebuild", "rehearsal of a moment", "rehearsal"],
)
def test_what_starts_a_run_writes_an_input_that_is_taken(workflow: str, started: Any) -> None:
    assert isinstance(started, Start), started
    take(workflow, started.input)


@pytest.mark.parametrize("workflow", REQUIRE)
def test_a_key_that_nobody_reads_is_named_with_those_that_there_are(workflow: str) -> None:
    own = {"failover": {}, "rebuild": {"rebuild": {}}, "rehearsal": {"rehearsal": {"to": "latest"}}}[workflow]
    with pytest.raises(RunInputError, match=r"malformed: mod is no key that anybody reads; known are .*trigger"):
        take(workflow, {**own, "trigger": BY_HAND, "mod": "planned"})


@pytest.mark.parametrize(
    ("workflow", "typed", "why"),
    [
        ("failover", {"trigger": {**BY_HAND, "reason": 5}}, "trigger.reason must be text, not 5."),
        ("failover", {"trigger": {**BY_HAND, "alarm_arn": []}}, "trigger.alarm_arn must be text, not []."),
        ("failover", {"trigger": {**BY_HAND, "observed_at": {}}}, "trigger.observed_at must be text, not {}."),
        (
            "failover",
            {"trigger": {**BY_HAND, "why": 5}},
            "trigger.why is no key that anybody reads; known are "
            "trigger.kind, trigger.reason, trigger.alarm_arn, trigger.observed_at.",
        ),
        (
            "failover",
            {"trigger": {"kind": "alarm"}, "mode": "planned"},
            "only a person starts a planned run, so trigger.kind is manual.",
        ),
        ("rebuild", {"trigger": BY_HAND, "rebuild": None}, "rebuild must be an object, {} for one, not null."),
        ("rebuild", {"trigger": BY_HAND, "rebuild": 5}, "rebuild must be an object, {} for one, not 5."),
        (
            "rebuild",
            {"trigger": BY_HAND, "rebuild": {"accept": True}},
            "rebuild.accept is no key that anybody reads; known are rebuild.accept_unknown_divergence.",
        ),
        (
            "rebuild",
            {"trigger": BY_HAND, "rebuild": {"accept_unknown_divergence": 1}},
            "rebuild.accept_unknown_divergence must be true or false, not 1.",
        ),
        ("failover", [1, 2], "it must be a JSON object, not [1, 2]."),
        (
            "failover",
            {"trigger": {"kind": "x"}},
            'trigger.kind must be alarm, probe, manual or schedule, not "x".',
        ),
        (
            "failover",
            {"trigger": BY_HAND, "expected_epoch": "3"},
            'expected_epoch must be a whole number from 1, not "3".',
        ),
        (
            "failover",
            {"trigger": {"kind": "schedule"}},
            'trigger.kind of a failover must be alarm, probe or manual, not "schedule".',
        ),
        (
            "rebuild",
            {"trigger": {"kind": "schedule"}, "rebuild": {}},
            'trigger.kind of a rebuild must be manual, not "schedule".',
        ),
        (
            "rehearsal",
            {"trigger": {"kind": "alarm"}, "rehearsal": {"to": "latest"}},
            'trigger.kind of a rehearsal must be manual or schedule, not "alarm".',
        ),
        ("rehearsal", {"trigger": BY_HAND}, 'rehearsal must be there, such as {"to": "latest"}.'),
        ("rehearsal", {"trigger": BY_HAND, "rehearsal": None}, 'rehearsal must be there, such as {"to": "latest"}.'),
    ],
)
def test_what_is_wrong_is_named_with_its_value_and_what_is_allowed(workflow: str, typed: Any, why: str) -> None:
    with pytest.raises(RunInputError) as refused:
        take(workflow, typed)
    assert str(refused.value) == f"The run's input is malformed: {why}"


@pytest.mark.parametrize(
    ("workflow", "own", "kinds"),
    [
        ("failover", {}, {"alarm", "probe", "manual"}),
        ("rebuild", {"rebuild": {}}, {"manual"}),
        ("rehearsal", {"rehearsal": {"to": "latest"}}, {"manual", "schedule"}),
    ],
)
def test_a_run_is_taken_from_those_alone_who_start_such_runs(workflow: str, own: Any, kinds: set[str]) -> None:
    """By schedule above all nobody fails over: whoever copies the rehearsal's trigger to the wrong workflow is told."""
    taken = {kind for kind in TriggerKind if refusal_of(workflow, {**own, "trigger": {"kind": kind}}) is None}
    assert taken == kinds


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-10:00"])
def test_a_moment_that_utc_does_not_have_is_refused_in_a_sentence(moment: str) -> None:
    for workflow, key in (("failover", "restore"), ("rehearsal", "rehearsal")):
        told = refusal_of(workflow, {"trigger": BY_HAND, key: {"to": moment}})
        assert told is not None
        assert f"{key} must be" in told


@pytest.mark.parametrize(
    ("workflow", "least"),
    [
        ("failover", {}),
        ("failover", {"restore": {"to": "latest"}, "mode": "unplanned"}),
        ("rebuild", {"rebuild": {}}),
        ("rebuild", {"rebuild": {"accept_unknown_divergence": False}}),
        ("rehearsal", {"rehearsal": {"to": "2026-11-27T03:00:00Z"}}),
    ],
)
def test_what_a_person_may_leave_out_is_not_asked_for(workflow: str, least: Any) -> None:
    take(workflow, {**least, "trigger": {"kind": "manual"}})


def test_a_key_and_a_value_are_shown_on_one_line_and_cut() -> None:
    with pytest.raises(RunInputError, match=r"malformed: a\\nb is no key"):
        take("failover", {"trigger": BY_HAND, "a\nb": 1})
    with pytest.raises(RunInputError, match=r"malformed: x{40} is no key"):
        take("failover", {"trigger": BY_HAND, "x" * 41: 1})
    with pytest.raises(RunInputError, match=r'not \["x{38}\.$'):
        take("failover", {"trigger": {**BY_HAND, "reason": ["x" * 99]}})


KEYS = st.sampled_from(["mode", "trigger", "expected_epoch", "restore", "rebuild", "rehearsal", "to", "kind", "reason"])
LEAVES = st.none() | st.booleans() | st.integers(-2, 3) | st.text(max_size=5) | st.sampled_from(["planned", "latest"])
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS | st.text(max_size=5), inner, max_size=4)
)
TRIGGERED = st.dictionaries(KEYS, ANYTHING, max_size=3).map(lambda found: {**found, "trigger": BY_HAND})


@given(st.sampled_from(sorted(REQUIRE)), ANYTHING | TRIGGERED)
def test_whatever_is_typed_is_taken_or_refused_in_a_sentence(workflow: str, typed: Any) -> None:
    told = refusal_of(workflow, typed)
    if told is None:
        assert set(typed) <= {"mode", "restore", "rebuild", "rehearsal", "trigger", "expected_epoch"}
    else:
        assert SENTENCE.fullmatch(told), told


def refusal_of(workflow: str, typed: Any) -> str | None:
    try:
        take(workflow, typed)
    except RunInputError as refused:
        return str(refused)
    return None
