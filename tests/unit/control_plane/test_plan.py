"""Is a plan that cannot work refused, with a sentence that says which value is wrong?"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from control_plane_world import ALARM_ARN, PRIMARY, STANDBY, WITNESS, plan_dict, plan_with
from hypothesis import given
from hypothesis import strategies as st

from failover.application.restore_from_latest_snapshot import aside
from failover.domain.isolated_promotion import throwaway_of
from failover.domain.plan import AlarmPlan, FailoverPolicy, Plan, PlanError, VantagePoint
from failover.domain.plan_reader import PlanObject
from failover.domain.rebuild import InstanceNames
from failover.domain.rehearsal import instance_name


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


SECONDARY_ALARM = ALARM_ARN.replace("primary", "secondary")


def test_each_region_s_health_check_has_an_alarm_of_its_own() -> None:
    """Route 53 publishes both in one Region, so the plan says which Region each is about."""
    second = {"arn": SECONDARY_ALARM, "vantage_point": "route53", "watches": STANDBY}
    plan = plan_with(lambda d: d["alarms"].append(second))
    assert [alarm.watches for alarm in plan.alarms] == [PRIMARY, STANDBY]


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


def known(keys: Iterable[str]) -> str:
    return f"allowed: no such key; known are {', '.join(sorted(keys))}"


REFUSED: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (
        lambda d: d["alarms"][0].update(watches=WITNESS),
        'alarms[0].watches is "us-east-1"; allowed: ap-southeast-2, us-west-2',
    ),
    (
        lambda d: d["alarms"].append({**alarm_on(STANDBY, "load-balancer"), "watches": PRIMARY}),
        'alarms[1].watches is "ap-southeast-2"; allowed: us-west-2',
    ),
    (
        lambda d: d.update(extra=1),
        f"extra is 1; {known(plan_dict())}",
    ),
    (lambda d: d.pop("routing"), "routing is null; allowed: a value: the key is missing"),
    (
        lambda d: d["timing"].update(jitter_seconds=1),
        f"timing.jitter_seconds is 1; {known(plan_dict()['timing'])}",
    ),
    (
        lambda d: d["regions"][STANDBY].update(size=1),
        f"regions.us-west-2.size is 1; {known(plan_dict()['regions'][STANDBY])}",
    ),
    (lambda d: d["regions"].pop(STANDBY), "regions.us-west-2 is null; allowed: a value: the key is missing"),
    (
        lambda d: d["regions"].update({"eu-west-1": {}}),
        "regions.eu-west-1 is {}; allowed: no such key; known are ap-southeast-2, us-west-2",
    ),
    (
        lambda d: d.update(secondary_region=PRIMARY),
        'secondary_region is "ap-southeast-2"; allowed: three different Regions: it is given twice',
    ),
    (
        lambda d: d.update(witness_region=STANDBY),
        'witness_region is "us-west-2"; allowed: three different Regions: it is given twice',
    ),
    (
        lambda d: d.update(primary_region="Sydney"),
        'primary_region is "Sydney"; allowed: an AWS Region such as us-west-2',
    ),
    (
        lambda d: d.update(account_id=123456789012),
        "account_id is 123456789012; allowed: an AWS account id of 12 digits",
    ),
    (
        lambda d: d.update(service="App"),
        'service is "App"; allowed: up to 20 of a-z, 0-9 and -, a letter first, and each - between two others',
    ),
    (
        lambda d: d.update(public_url="app.example.com"),
        'public_url is "app.example.com"; allowed: an http or https address without a final slash',
    ),
    (
        lambda d: d.update(public_url="https://app.example.com/"),
        'public_url is "https://app.example.com/"; allowed: an http or https address without a final slash',
    ),
    (lambda d: d.update(db_mode="mysql"), 'db_mode is "mysql"; allowed: rds-postgres, aurora-global'),
    (lambda d: d.update(routing="explicit"), 'routing is "explicit"; allowed: failover'),
    (
        lambda d: d.update(failover_policy="maybe"),
        'failover_policy is "maybe"; allowed: auto, approve, auto-within-rpo',
    ),
    (
        lambda d: d.update(rpo_target_seconds=1e-7),
        "rpo_target_seconds is 1e-07; allowed: a number, at least 0.000001, up to 86400",
    ),
    (lambda d: d.update(rpo_target_seconds=0), "rpo_target_seconds is 0; allowed: a number, above 0, up to 86400"),
    (
        lambda d: d.update(rpo_target_seconds="300"),
        'rpo_target_seconds is "300"; allowed: a number, above 0, up to 86400',
    ),
    (lambda d: d.update(rto_target_minutes=True), "rto_target_minutes is true; allowed: a number, above 0, up to 1440"),
    (lambda d: d.update(cooldown_minutes=-1), "cooldown_minutes is -1; allowed: a number, above 0, up to 10080"),
    (lambda d: d.update(signals_required=0), "signals_required is 0; allowed: a whole number, 1 to 2"),
    (lambda d: d.update(signals_required=3), "signals_required is 3; allowed: a whole number, 1 to 2"),
    (lambda d: d.update(signals_required=1.5), "signals_required is 1.5; allowed: a whole number, 1 to 2"),
    (lambda d: d.update(timing=[]), "timing is []; allowed: a JSON object"),
    (
        lambda d: d["timing"].update(renew_seconds=15),
        "timing.renew_seconds is 15.0; allowed: less than lease_seconds, which is 15",
    ),
    (
        lambda d: d["timing"].update(heartbeat_timeout_seconds=15),
        "timing.heartbeat_timeout_seconds is 15.0; allowed: less than lease_seconds, which is 15",
    ),
    (
        lambda d: d["timing"].update(second_look_seconds=45),
        "timing.second_look_seconds is 45.0; allowed: less than step_budget_seconds, which is 45",
    ),
    (
        lambda d: d["timing"].update(poll_seconds=45),
        "timing.poll_seconds is 45.0; allowed: less than step_budget_seconds, which is 45",
    ),
    (
        lambda d: d["timing"].update(step_budget_seconds=60),
        "timing.step_budget_seconds is 60; allowed: a number, above 0, up to 50",
    ),
    (
        lambda d: d["timing"].update(second_look_samples=1),
        "timing.second_look_samples is 1; allowed: a whole number, 2 to 20",
    ),
    (
        lambda d: d["timing"].update(lease_margin_seconds=0),
        "timing.lease_margin_seconds is 0; allowed: a number, above 0, up to 600",
    ),
    (
        lambda d: d["record_copies"].pop(WITNESS),
        "record_copies.us-east-1 is null; allowed: a value: the key is missing",
    ),
    (
        lambda d: d["record_copies"].update({WITNESS: "A_B"}),
        'record_copies.us-east-1 is "A_B"; allowed: an S3 bucket name',
    ),
    (
        lambda d: d["record_copies"].update({WITNESS: d["record_copies"][PRIMARY]}),
        'record_copies.us-east-1 is "drlab-app-control-123456789012-ap-southeast-2";'
        " allowed: a bucket of its own: three copies need three buckets",
    ),
    (lambda d: d.update(alarms=[]), "alarms is []; allowed: a list of at least one alarm"),
    (lambda d: d.update(alarms=["x"]), 'alarms[0] is "x"; allowed: a JSON object'),
    (
        lambda d: d["alarms"].append(d["alarms"][0]),
        'alarms[1].arn is "arn:aws:cloudwatch:us-east-1:123456789012:alarm:drlab-app-primary-health-check";'
        " allowed: each alarm once: it is given twice",
    ),
    (
        lambda d: d["alarms"].append({"arn": f"{ALARM_ARN}-2", "vantage_point": "route53"}),
        'alarms[1].vantage_point is "route53"; allowed: one alarm of each vantage point for ap-southeast-2',
    ),
    (
        lambda d: d["alarms"][0].update(vantage_point="moon"),
        'alarms[0].vantage_point is "moon"; allowed: route53, load-balancer, database',
    ),
    (
        lambda d: d["alarms"][0].update(arn="not an arn"),
        'alarms[0].arn is "not an arn"; allowed: the ARN of a CloudWatch alarm',
    ),
    (
        lambda d: d["alarms"][0].update(arn=ALARM_ARN.replace("123456789012", "210987654321")),
        'alarms[0].arn is "arn:aws:cloudwatch:us-east-1:210987654321:alarm:drlab-app-primary-health-check";'
        " allowed: an alarm of account 123456789012",
    ),
    (
        lambda d: d["alarms"][0].update(arn=ALARM_ARN.replace("us-east-1", "eu-west-1")),
        'alarms[0].arn is "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:drlab-app-primary-health-check";'
        " allowed: an alarm in ap-southeast-2, us-west-2, us-east-1",
    ),
    (
        lambda d: d["alarms"][0].update(vantage_point="database"),
        'alarms[0].arn is "arn:aws:cloudwatch:us-east-1:123456789012:alarm:drlab-app-primary-health-check";'
        " allowed: an alarm in ap-southeast-2, us-west-2",
    ),
    (
        lambda d: d["alarms"][0].update(arn=ALARM_ARN.replace("us-east-1", STANDBY)),
        'alarms[0].arn is "arn:aws:cloudwatch:us-west-2:123456789012:alarm:drlab-app-primary-health-check";'
        " allowed: an alarm in us-east-1, for a Route 53 metric",
    ),
    (
        lambda d: d["regions"][STANDBY].update(leading_tasks=0),
        "regions.us-west-2.leading_tasks is 0; allowed: a whole number, 1 to 1000",
    ),
    (
        lambda d: d["regions"][STANDBY].update(minimum_tasks=3),
        "regions.us-west-2.minimum_tasks is 3; allowed: a whole number, 1 to 2",
    ),
    (
        lambda d: d["regions"][STANDBY].update(database_instance="app--x"),
        'regions.us-west-2.database_instance is "app--x"; allowed: an RDS instance identifier of up to 48 characters',
    ),
    (
        lambda d: d["regions"][STANDBY].update(service_url="x"),
        'regions.us-west-2.service_url is "x"; allowed: an http or https address without a final slash',
    ),
    (
        lambda d: d["regions"][STANDBY].update(database_secret="a b"),
        'regions.us-west-2.database_secret is "a b"; allowed: a secret\'s name',
    ),
    (
        lambda d: d["regions"][STANDBY].update(database_parameter="a"),
        'regions.us-west-2.database_parameter is "a"; allowed: a parameter\'s name',
    ),
    (
        lambda d: d["regions"][STANDBY].update(ecs_cluster="a/b"),
        'regions.us-west-2.ecs_cluster is "a/b"; allowed: an ECS cluster\'s name',
    ),
    (
        lambda d: d["regions"][STANDBY].update(ecs_service=""),
        'regions.us-west-2.ecs_service is ""; allowed: an ECS service\'s name',
    ),
]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(*one, marks=pytest.mark.scenario("F15")) if "second_look_samples" in one[1] else one
        for one in REFUSED
    ],
    ids=[f"{told.split()[0]}-{n}" for n, (_, told) in enumerate(REFUSED)],
)
def test_a_plan_that_cannot_work_is_refused_by_key_value_and_what_is_allowed(
    change: Callable[[dict[str, Any]], object], told: str
) -> None:
    described = plan_dict()
    change(described)
    with pytest.raises(PlanError) as caught:
        Plan.parse(json.dumps(described))
    assert str(caught.value) == f"plan: {told}"
    assert (caught.value.key, caught.value.allowed) == (told.partition(" is ")[0], told.rpartition("; allowed: ")[2])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", '(whole text) is ""; allowed: JSON (Expecting value at line 1)'),
        ("{\n", '(whole text) is "{\\n"; allowed: JSON (Expecting property name enclosed in double quotes at line 2)'),
        ("[]", "(whole text) is []; allowed: a JSON object"),
        ('"plan"', '(whole text) is "plan"; allowed: a JSON object'),
        ("null", "(whole text) is null; allowed: a JSON object"),
        ('{"service":NaN}', '(whole text) is "NaN"; allowed: finite numbers'),
        ('{"a":1,"a":2}', "a is 2; allowed: each key once: it is given twice"),
    ],
)
def test_what_is_no_json_object_with_each_key_once_is_refused(text: str, told: str) -> None:
    with pytest.raises(PlanError) as caught:
        Plan.parse(text)
    assert str(caught.value) == f"plan: {told}"


def test_every_value_of_a_plan_is_where_it_was_written() -> None:
    def every_value_differs(described: dict[str, Any]) -> None:
        for number, key in enumerate(sorted(described["timing"])):
            described["timing"][key] = number + 2 if key == "second_look_samples" else 1 + number / 8
        described["timing"].update(lease_seconds=40, step_budget_seconds=50)
        described["regions"][PRIMARY].update(
            leading_tasks=7, minimum_tasks=3, service_url="http://a.example:8080/x/y~z"
        )
        described.update(signals_required=1, rpo_target_seconds=11, rto_target_minutes=12, cooldown_minutes=13)

    plan, described = plan_with(every_value_differs), plan_dict()
    every_value_differs(described)
    for name in ("service", "account_id", "primary_region", "secondary_region", "witness_region", "public_url"):
        assert getattr(plan, name) == described[name]
    assert (plan.db_mode, plan.routing, plan.failover_policy) == ("rds-postgres", "failover", "auto-within-rpo")
    spans = (plan.rpo_target, plan.rto_target, plan.cooldown)
    assert spans == (timedelta(seconds=11), timedelta(minutes=12), timedelta(minutes=13))
    assert plan.signals_required == 1
    for key, value in described["timing"].items():
        name = key.removesuffix("_seconds")
        found = getattr(plan.timing, name)
        assert (found if name == "second_look_samples" else found.total_seconds()) == value
    assert dict(plan.record_copies) == described["record_copies"]
    for region, values in described["regions"].items():
        assert asdict(plan.region(region)) == {"region": region, **values}
    assert plan.alarms == (
        AlarmPlan(ALARM_ARN, VantagePoint.ROUTE53, WITNESS, "drlab-app-primary-health-check", PRIMARY),
    )
    assert plan.objects_bucket(STANDBY) == "drlab-app-app-data-123456789012-us-west-2"
    assert plan.key_alias == "alias/drlab-app"
    assert plan.timing.look_timeout == min(plan.timing.api_timeout, plan.timing.second_look)


def test_an_alarm_of_a_region_s_own_watches_that_region() -> None:
    arn = f"arn:aws:cloudwatch:{STANDBY}:123456789012:alarm:targets"
    plan = plan_with(lambda d: d["alarms"].append({"arn": arn, "vantage_point": "load-balancer"}))
    assert plan.alarm(arn) == AlarmPlan(arn, VantagePoint.LOAD_BALANCER, STANDBY, "targets", STANDBY)


def alarm_on(region: str, vantage_point: str) -> dict[str, str]:
    arn = f"arn:aws:cloudwatch:{region}:123456789012:alarm:{vantage_point}"
    return {"arn": arn, "vantage_point": vantage_point}


@pytest.mark.parametrize(
    ("more", "most"),
    [
        ([], 2),
        ([alarm_on(PRIMARY, "load-balancer"), alarm_on(PRIMARY, "database")], 2),
        ([alarm_on(STANDBY, "load-balancer")], 3),
        ([{"arn": SECONDARY_ALARM, "vantage_point": "route53", "watches": STANDBY}], 3),
        ([alarm_on(STANDBY, "load-balancer"), alarm_on(STANDBY, "database")], 3),
    ],
)
def test_no_more_signals_are_asked_for_than_there_are_of_whichever_region_leads(
    more: list[dict[str, str]], most: int
) -> None:
    """Once the other Region leads, the alarms that watch it and the two looks are left."""

    def asking(signals: int) -> Plan:
        return plan_with(lambda d: d.update(signals_required=signals, alarms=[*d["alarms"], *more]))

    assert asking(most).signals_required == most
    with pytest.raises(PlanError, match=f"allowed: a whole number, 1 to {most}"):
        asking(most + 1)


def test_a_global_database_has_the_plan_s_name_and_an_instance_has_none() -> None:
    assert plan_with(lambda d: d.update(db_mode="aurora-global")).global_cluster == "drlab-app"
    with pytest.raises(PlanError) as caught:
        _ = plan_with().global_cluster
    told = 'plan: db_mode is "rds-postgres"; allowed: aurora-global, for a step of a global database'
    assert str(caught.value) == told


LONGEST_INSTANCE = "A" + "-9" * 23 + "z"

# What is just allowed, of each bound.
ALLOWED: list[Callable[[dict[str, Any]], object]] = [
    lambda d: d.update(service="a" * 20),
    lambda d: d.update(service="a-1-b"),
    lambda d: d.update(rpo_target_seconds=86_400),
    lambda d: d.update(rto_target_minutes=1440),
    lambda d: d.update(cooldown_minutes=10_080),
    lambda d: d.update(signals_required=1),
    lambda d: d["timing"].update(second_look_samples=20),
    lambda d: d["timing"].update(second_look_samples=2),
    lambda d: d["timing"].update(lease_seconds=600, lease_margin_seconds=600),
    lambda d: d["timing"].update(lease_seconds=600, renew_seconds=599.9, heartbeat_timeout_seconds=599.9),
    lambda d: d["timing"].update(
        step_budget_seconds=50, second_look_seconds=49.9, poll_seconds=49, api_timeout_seconds=49
    ),
    lambda d: d["timing"].update(alarm_max_age_seconds=86_400, probe_after_seconds=86_400, approval_seconds=7200),
    lambda d: d["regions"][STANDBY].update(leading_tasks=1000, minimum_tasks=1000),
    lambda d: d["regions"][STANDBY].update(leading_tasks=1, minimum_tasks=1),
    lambda d: d["regions"][STANDBY].update(database_secret="/A/z_9+=.@-", database_parameter="/A/z_9.-"),
    lambda d: d["regions"][STANDBY].update(ecs_cluster="Az_9-", ecs_service="Az_9-"),
    lambda d: d["regions"][STANDBY].update(database_instance=LONGEST_INSTANCE),
]
# And what is just not.
BEYOND: list[Callable[[dict[str, Any]], object]] = [
    lambda d: d.update(service="a" * 21),
    lambda d: d.update(service="a-"),
    lambda d: d.update(service="a--b"),
    lambda d: d.update(rpo_target_seconds=86_401),
    lambda d: d.update(rto_target_minutes=1441),
    lambda d: d.update(cooldown_minutes=10_081),
    lambda d: d.update(cooldown_minutes=0),
    lambda d: d["timing"].update(second_look_samples=21),
    lambda d: d["timing"].update(lease_margin_seconds=601),
    lambda d: d["timing"].update(lease_seconds=601),
    lambda d: d["timing"].update(api_timeout_seconds=45),
    lambda d: d["timing"].update(alarm_max_age_seconds=86_401),
    lambda d: d["timing"].update(probe_after_seconds=86_401),
    lambda d: d["timing"].update(approval_seconds=7201),
    lambda d: d["regions"][STANDBY].update(leading_tasks=1001),
    lambda d: d["regions"][STANDBY].update(minimum_tasks=0),
    lambda d: d["regions"][STANDBY].update(database_instance=f"{LONGEST_INSTANCE}z"),
    lambda d: d["regions"][STANDBY].update(database_instance="app-"),
    lambda d: d["regions"][STANDBY].update(database_instance=""),
]


@pytest.mark.parametrize("change", ALLOWED)
def test_a_value_at_its_bound_is_allowed(change: Callable[[dict[str, Any]], object]) -> None:
    assert plan_with(change).service[0] == "a"


@pytest.mark.parametrize("change", BEYOND)
def test_a_value_past_its_bound_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(PlanError):
        plan_with(change)


def test_every_name_that_is_made_of_an_instance_s_is_one_that_rds_takes() -> None:
    """Found out otherwise while a database is being restored, and nothing else would do then."""
    named = InstanceNames.of(LONGEST_INSTANCE, 99_999)
    plan = plan_with(lambda d: d["regions"][STANDBY].update(database_instance=LONGEST_INSTANCE))
    made = (throwaway_of(LONGEST_INSTANCE), instance_name(plan, STANDBY), aside(LONGEST_INSTANCE, "failover-e1-0a"))
    for name in (*made, named.kept_as, named.replica):
        assert len(name) <= 63
        assert re.fullmatch(r"[A-Za-z](-?[A-Za-z0-9])*", name)


def test_a_long_value_is_shortened_in_the_sentence() -> None:
    with pytest.raises(PlanError) as caught:
        plan_with(lambda d: d.update(service="x" * 500))
    assert f'is "{"x" * 76}...; allowed' in str(caught.value)
    with pytest.raises(PlanError) as caught:
        plan_with(lambda d: d.update(service="x" * 78))
    assert f'is "{"x" * 78}"; allowed' in str(caught.value)
    assert caught.value.value == "x" * 78
    with pytest.raises(PlanError) as caught:
        plan_with(lambda d: d.update(service="x" * 79))
    assert f'is "{"x" * 76}...; allowed' in str(caught.value)
    assert str(PlanError("key", {1}, "none")) == "plan: key is {1}; allowed: none"


def test_a_number_may_be_as_low_as_its_bound_unless_that_is_zero() -> None:
    values = PlanObject("", {"low": 2, "below": 1.5}, ("low", "below"))
    assert values.number("low", 2, 5) == 2.0
    with pytest.raises(PlanError) as caught:
        values.number("below", 2, 5)
    assert str(caught.value) == "plan: below is 1.5; allowed: a number, 2 to 5"


def test_a_region_outside_the_plan_is_not_guessed() -> None:
    with pytest.raises(PlanError) as caught:
        plan_with().region(WITNESS)
    assert str(caught.value) == 'plan: regions is "us-east-1"; allowed: ap-southeast-2 or us-west-2'
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
