"""Is a plan that cannot work refused, with a sentence that says which value is wrong?"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from control_plane_world import ALARM_ARN, PRIMARY, STANDBY, WITNESS, plan_dict, plan_with
from hypothesis import given
from hypothesis import strategies as st

from failover.domain.plan import FailoverPolicy, Plan, PlanError


def test_the_plan_is_read_with_durations_and_regions() -> None:
    plan = plan_with()
    assert plan.timing.lease == timedelta(seconds=15)
    assert plan.failover_policy is FailoverPolicy.AUTO_WITHIN_RPO
    assert plan.cooldown == timedelta(hours=1)
    assert plan.timing.unpublished == timedelta(seconds=20)
    assert (plan.standby_of(PRIMARY), plan.standby_of(STANDBY)) == (STANDBY, PRIMARY)
    alarm = plan.alarm(ALARM_ARN)
    assert alarm is not None
    assert (alarm.region, alarm.watches, alarm.name) == (WITNESS, PRIMARY, "drlab-app-primary-health-check")
    assert plan.alarm("arn:aws:cloudwatch:us-east-1:123456789012:alarm:other") is None


def test_the_fence_is_waited_out_in_whole_seconds_rounded_up() -> None:
    """A workflow's Wait takes integers, and a second too short is a second with two writers."""
    plan = plan_with(lambda d: d["timing"].update(lease_seconds=15.2, lease_margin_seconds=5))
    assert plan.timing.fence_wait_seconds == 21


def test_the_labs_short_timing_is_accepted() -> None:
    short = {
        "lease_seconds": 2,
        "lease_margin_seconds": 1,
        "renew_seconds": 0.5,
        "heartbeat_timeout_seconds": 1,
        "second_look_seconds": 0.6,
        "poll_seconds": 0.1,
        "api_timeout_seconds": 1,
        "step_budget_seconds": 20,
        "probe_after_seconds": 6,
    }
    assert plan_with(lambda d: d["timing"].update(short)).timing.fence_wait_seconds == 3


REFUSED: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda d: d.update(extra=1), "extra"),
    (lambda d: d.pop("routing"), "routing"),
    (lambda d: d["timing"].update(jitter_seconds=1), "timing.jitter_seconds"),
    (lambda d: d["regions"][STANDBY].update(size=1), f"regions.{STANDBY}.size"),
    (lambda d: d["regions"].pop(STANDBY), f"regions.{STANDBY}"),
    (lambda d: d["regions"].update({"eu-west-1": {}}), "regions.eu-west-1"),
    (lambda d: d.update(secondary_region=PRIMARY), "secondary_region"),
    (lambda d: d.update(witness_region=STANDBY), "witness_region"),
    (lambda d: d.update(primary_region="Sydney"), "primary_region"),
    (lambda d: d.update(account_id=123456789012), "account_id"),
    (lambda d: d.update(service="App"), "service"),
    (lambda d: d.update(public_url="app.example.com"), "public_url"),
    (lambda d: d.update(public_url="https://app.example.com/"), "public_url"),
    (lambda d: d.update(db_mode="mysql"), "db_mode"),
    (lambda d: d.update(routing="explicit"), "routing"),
    (lambda d: d.update(failover_policy="maybe"), "failover_policy"),
    (lambda d: d.update(rpo_target_seconds=0), "rpo_target_seconds"),
    (lambda d: d.update(rpo_target_seconds="300"), "rpo_target_seconds"),
    (lambda d: d.update(rto_target_minutes=True), "rto_target_minutes"),
    (lambda d: d.update(cooldown_minutes=-1), "cooldown_minutes"),
    (lambda d: d.update(signals_required=0), "signals_required"),
    (lambda d: d.update(signals_required=4), "signals_required"),
    (lambda d: d.update(signals_required=1.5), "signals_required"),
    (lambda d: d.update(timing=[]), "timing"),
    (lambda d: d["timing"].update(renew_seconds=15), "timing.renew_seconds"),
    (lambda d: d["timing"].update(heartbeat_timeout_seconds=15), "timing.heartbeat_timeout_seconds"),
    (lambda d: d["timing"].update(second_look_seconds=45), "timing.second_look_seconds"),
    (lambda d: d["timing"].update(poll_seconds=45), "timing.poll_seconds"),
    (lambda d: d["timing"].update(step_budget_seconds=60), "timing.step_budget_seconds"),
    (lambda d: d["timing"].update(second_look_samples=1), "timing.second_look_samples"),
    (lambda d: d["timing"].update(lease_margin_seconds=0), "timing.lease_margin_seconds"),
    (lambda d: d["record_copies"].pop(WITNESS), f"record_copies.{WITNESS}"),
    (lambda d: d["record_copies"].update({WITNESS: "A_B"}), f"record_copies.{WITNESS}"),
    (lambda d: d["record_copies"].update({WITNESS: d["record_copies"][PRIMARY]}), f"record_copies.{WITNESS}"),
    (lambda d: d.update(alarms=[]), "alarms"),
    (lambda d: d.update(alarms=["x"]), "alarms[0]"),
    (lambda d: d["alarms"].append(d["alarms"][0]), "alarms[1].arn"),
    (lambda d: d["alarms"].append({"arn": f"{ALARM_ARN}-2", "vantage_point": "route53"}), "alarms[1].vantage_point"),
    (lambda d: d["alarms"][0].update(vantage_point="moon"), "alarms[0].vantage_point"),
    (lambda d: d["alarms"][0].update(arn="not an arn"), "alarms[0].arn"),
    (lambda d: d["alarms"][0].update(arn=ALARM_ARN.replace("123456789012", "210987654321")), "alarms[0].arn"),
    (lambda d: d["alarms"][0].update(arn=ALARM_ARN.replace("us-east-1", "eu-west-1")), "alarms[0].arn"),
    (lambda d: d["alarms"][0].update(arn=ALARM_ARN.replace("us-east-1", STANDBY)), "alarms[0].arn"),
    (lambda d: d["regions"][STANDBY].update(leading_tasks=0), f"regions.{STANDBY}.leading_tasks"),
    (lambda d: d["regions"][STANDBY].update(minimum_tasks=3), f"regions.{STANDBY}.minimum_tasks"),
    (lambda d: d["regions"][STANDBY].update(database_instance="app--x"), f"regions.{STANDBY}.database_instance"),
]


@pytest.mark.scenario("F15")
@pytest.mark.parametrize(("change", "key"), REFUSED, ids=[f"{key}-{n}" for n, (_, key) in enumerate(REFUSED)])
def test_a_plan_that_cannot_work_is_refused_by_naming_the_key(
    change: Callable[[dict[str, Any]], object], key: str
) -> None:
    described = plan_dict()
    change(described)
    with pytest.raises(PlanError) as caught:
        Plan.parse(json.dumps(described))
    assert caught.value.key == key
    assert caught.value.allowed in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", '"plan"', "null", '{"service":NaN}', '{"a":1,"a":2}'])
def test_what_is_no_json_object_with_each_key_once_is_refused(text: str) -> None:
    with pytest.raises(PlanError):
        Plan.parse(text)


def test_a_long_value_is_shortened_in_the_sentence() -> None:
    with pytest.raises(PlanError) as caught:
        plan_with(lambda d: d.update(service="x" * 500))
    assert len(str(caught.value)) < 250


def test_a_region_outside_the_plan_is_not_guessed() -> None:
    with pytest.raises(PlanError):
        plan_with().region(WITNESS)
    with pytest.raises(PlanError):
        plan_with().standby_of("eu-west-1")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(plan_dict())), JSON)
def test_any_value_anywhere_parses_or_is_refused_and_nothing_else_is_raised(key: str, value: Any) -> None:
    described = {**plan_dict(), key: value}
    with contextlib.suppress(PlanError):
        Plan.parse(json.dumps(described))
