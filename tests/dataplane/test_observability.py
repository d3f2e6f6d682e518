"""Would a person see it, and be told once?"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.dataplane.templates import ACCOUNT, PRIMARY, STANDBY, WITNESS, of_type, only, stack, text

QUERIES = Path(__file__).parents[2] / "runbooks" / "queries"
REGIONS = (PRIMARY, STANDBY)


def log_groups(region: str) -> set[str]:
    """Those that the Region's stacks make, and those of the control plane."""
    made = {
        one["LogGroupName"]
        for concern in ("network", "storage", "database", "service", "observability")
        for one in of_type(region, concern, "AWS::Logs::LogGroup").values()
    }
    return made | {"/drlab/app/control-plane"}


@pytest.mark.parametrize("region", REGIONS)
def test_a_regions_dashboard_shows_what_a_failover_is_judged_by(region: str) -> None:
    dashboard = only(region, "observability", "AWS::CloudWatch::Dashboard")
    body = text(dashboard["DashboardBody"])
    shown = [
        *("HTTPCode_Target_4XX_Count", "HTTPCode_Target_5XX_Count", "TargetResponseTime", "p95"),
        *("RunningTaskCount", "DesiredTaskCount", "MemoryUtilization", "CPUUtilization", "DatabaseConnections"),
        *("ReplicaLag", "BytesPendingReplication", "OperationsPendingReplication", "ReplicationLatency"),
        *("ExecutionsStarted", "ExecutionTime", "AlarmStartedRun", "AlarmRefused", "ProbeStartedRun"),
        *("RecordOutcome", "BoundDataLoss", "CheckSecondaryReadiness", "CheckPrimaryHealth"),
        *("HeartbeatAge", "ReadinessNotOk", "ReadinessUnknown"),
    ]
    assert [name for name in shown if name not in body] == []
    pair = text(only(WITNESS, "overview", "AWS::CloudWatch::Dashboard")["DashboardBody"])
    ours = re.findall(r'\\"AWS/(\w+)\\",\\"(\w+)\\"', body)
    one_region_s = {"HealthyHostCount"}
    assert len(ours) > 10
    assert [name for _, name in ours if name not in pair and name not in one_region_s] == []


def test_the_pairs_dashboard_is_in_neither_region_and_shows_both() -> None:
    body = text(only(WITNESS, "overview", "AWS::CloudWatch::Dashboard")["DashboardBody"])
    assert [region for region in REGIONS if body.count(region) < 10] == []


def test_metrics_of_the_control_plane_are_those_that_it_counts() -> None:
    """A name that nobody counts would be an empty graph for ever."""
    handlers = Path(__file__).parents[2] / "functions" / "handlers"
    source = "".join(path.read_text() for path in handlers.glob("*.py"))
    body = text(only(PRIMARY, "observability", "AWS::CloudWatch::Dashboard")["DashboardBody"])
    shown = set(re.findall(r'\\"drlab\\",\\"(\w+)\\"', body))
    assert len(shown) == 8
    assert [name for name in shown if f'"{name}"' not in source] == []


@pytest.mark.parametrize("region", REGIONS)
def test_only_composite_alarms_tell_people(region: str) -> None:
    """One message for many causes; a single alarm has to fail in three of five minutes, or over a window of the budget.

    An object that S3 gave up on is counted in one minute, and never again.
    """
    single = of_type(region, "observability", "AWS::CloudWatch::Alarm")
    assert {name: one for name, one in single.items() if "AlarmActions" in one} == {}
    by_the_minute = [one for one in single.values() if "Metrics" not in one and one["Period"] == 60]
    given_up = [one for one in by_the_minute if one["MetricName"] == "OperationsFailedReplication"]
    assert [(one["EvaluationPeriods"], one["DatapointsToAlarm"], one["Threshold"]) for one in given_up] == [(60, 1, 0)]
    others = [one for one in by_the_minute if one not in given_up]
    assert {(one["EvaluationPeriods"], one["DatapointsToAlarm"]) for one in others} == {(5, 3)}
    assert {one["EvaluationPeriods"] for one in single.values() if one not in by_the_minute} == {1}
    told = of_type(region, "observability", "AWS::CloudWatch::CompositeAlarm").values()
    assert {one["AlarmName"].removesuffix("-of-drlab-app") for one in told} == {
        *("users-suffer", "data-at-risk", "budget-burns-fast", "budget-burns-slowly"),
    }
    assert all(one["AlarmActions"] == one["OKActions"] for one in told)
    rules = text([one["AlarmRule"] for one in told])
    assert [name for name in single if f'"{name}"' not in rules] == []


@pytest.mark.parametrize("region", REGIONS)
def test_no_alarm_for_people_reaches_the_function_that_starts_runs(region: str) -> None:
    """ReceiveAlarm hears of every alarm whose name begins with drlab-<service>-."""
    kinds = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
    names = [one["AlarmName"] for kind in kinds for one in of_type(region, "observability", kind).values()]
    assert len(names) > 5
    assert [name for name in names if name.startswith("drlab-app-")] == []


@pytest.mark.scenario("F21")
@pytest.mark.parametrize("region", REGIONS)
def test_a_replicas_lag_alarms_at_the_rpo_target_and_its_silence_where_the_region_stands_by(region: str) -> None:
    """In both Regions, whoever leads: a leader publishes no lag, so there its absence must tell nobody."""
    alarms = of_type(region, "observability", "AWS::CloudWatch::Alarm")
    lag = {named(one): one for one in alarms.values() if one.get("MetricName") == "ReplicaLag"}
    assert set(lag) == {"replica-lag", "replica-silent"}
    assert (lag["replica-lag"]["Threshold"], lag["replica-lag"]["TreatMissingData"]) == (300, "notBreaching")
    silent = lag["replica-silent"]
    assert (silent["Statistic"], silent["ComparisonOperator"], silent["Threshold"], silent["TreatMissingData"]) == (
        *("SampleCount", "LessThanThreshold", 1),
        "breaching",
    )
    (rule,) = [
        text(one["AlarmRule"])
        for one in of_type(region, "observability", "AWS::CloudWatch::CompositeAlarm").values()
        if named(one) == "data-at-risk"
    ]
    (both,) = re.findall(r"\(ALARM[^()]*\([^()]*\) AND ALARM[^()]*\([^()]*\)\)", rule)
    assert ("standsby" in both.lower(), "replicasilent" in both.lower(), "replicalag" in both.lower()) == (
        *(True, True),
        False,
    )


@pytest.mark.parametrize("region", REGIONS)
def test_objects_alarm_where_s3_publishes_the_figure_whichever_way_they_go(region: str) -> None:
    """What is late is told in the destination's Region, what was given up on in the source's; elsewhere an alarm never rings.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html ("Which Region is this metric published in?")
    A rebuild turns the direction around. Where none go S3 gives no figure, which is none to worry about.
    """
    alarms = of_type(region, "observability", "AWS::CloudWatch::Alarm").values()
    objects = {one["MetricName"]: one for one in alarms if one.get("Namespace") == "AWS/S3"}
    assert {one["TreatMissingData"] for one in objects.values()} == {"notBreaching"}
    (other,) = {*REGIONS} - {region}
    seen = {
        name: {one["Name"]: one["Value"].rpartition(f"{ACCOUNT}-")[2] for one in alarm["Dimensions"]}
        for name, alarm in objects.items()
    }
    rule = {"RuleId": "app-data-to-the-other-region"}
    assert seen == {
        "ReplicationLatency": {"SourceBucket": other, "DestinationBucket": region, **rule},
        "OperationsFailedReplication": {"SourceBucket": region, "DestinationBucket": other, **rule},
    }


@pytest.mark.parametrize("region", REGIONS)
def test_a_regions_dashboard_shows_of_the_objects_those_that_come_there(region: str) -> None:
    body = text(only(region, "observability", "AWS::CloudWatch::Dashboard")["DashboardBody"])
    shown = re.findall(r'DestinationBucket\\",\\"drlab-app-app-data-\d+-([a-z0-9-]+)', body)
    assert shown == [region] * 3


def named(alarm: dict[str, Any]) -> str:
    return str(alarm["AlarmName"]).removesuffix("-of-drlab-app")


def burn_windows(region: str) -> dict[str, tuple[int, float, str]]:
    """By logical id: seconds, threshold and expression of each alarm on the error budget."""
    found = {}
    for name, one in of_type(region, "observability", "AWS::CloudWatch::Alarm").items():
        if "Metrics" in one:
            (expression,) = [metric["Expression"] for metric in one["Metrics"] if "Expression" in metric]
            (period,) = {metric["MetricStat"]["Period"] for metric in one["Metrics"] if "MetricStat" in metric}
            found[name] = (period, one["Threshold"], expression)
    return found


@pytest.mark.parametrize("region", REGIONS)
def test_the_error_budget_is_watched_over_the_windows_of_the_workbook(region: str) -> None:
    """https://sre.google/workbook/alerting-on-slos/ (table 5-8): 2 % in an hour, 5 % in six, 10 % in three days."""
    hour = 3600
    windows = {(seconds, rate) for seconds, rate, _ in burn_windows(region).values()}
    assert windows == {(hour, 14.4), (hour / 12, 14.4), (6 * hour, 6), (hour / 2, 6), (72 * hour, 1), (6 * hour, 1)}
    # Of a month of 720 hours.
    spent = {
        seconds: round(rate * seconds / hour / 720, 3)
        for seconds, rate in ((hour, 14.4), (6 * hour, 6), (72 * hour, 1))
    }
    assert list(spent.values()) == [0.02, 0.05, 0.1]
    alarms = of_type(region, "observability", "AWS::CloudWatch::Alarm").values()
    assert {alarm["EvaluationPeriods"] for alarm in alarms if "Metrics" in alarm} == {1}


@pytest.mark.parametrize(
    ("bad_by_balancer", "bad_by_service", "answered", "rate"),
    [(0, 0, 0, 0), (0, 0, 1000, 0), (0, 1, 1000, 1), (10, 0, 990, 10)],
)
def test_a_burn_rate_of_one_is_one_error_in_a_thousand(
    bad_by_balancer: int, bad_by_service: int, answered: int, rate: float
) -> None:
    """Metric math as it stands in the template, evaluated: its functions are Python's here."""
    for _, _, expression in burn_windows(PRIMARY).values():
        elb, target, requests = (
            re.findall(rf"{name}\d+[mhd]", expression)[0] for name in ("elb", "target", "requests")
        )
        figures = {elb: bad_by_balancer, target: bad_by_service, requests: answered}
        # IF takes all its arguments, in CloudWatch too: a division by zero there gives no datapoint.
        lazy = re.sub(r"IF\((.+?) > 0, (.+), 0\) /", r"((\2) if \1 > 0 else 0) /", expression)
        assert eval(lazy, {"FILL": lambda value, _: value, **figures}) == pytest.approx(rate)  # noqa: S307


@pytest.mark.parametrize("region", REGIONS)
def test_a_budget_alarm_needs_both_windows_and_a_region_that_serves(region: str) -> None:
    """Route 53's checkers get 503 from a standby, which has no budget to burn."""
    told = of_type(region, "observability", "AWS::CloudWatch::CompositeAlarm").values()
    rules = {one["AlarmName"].partition("-of-")[0]: text(one["AlarmRule"]) for one in told}
    for name, pairs in (("budget-burns-fast", 2), ("budget-burns-slowly", 1)):
        assert rules[name].count("ALARM(") == 2 * pairs + 1
        assert rules[name].count(" AND ") == pairs + 1
        assert "NOT " in rules[name]
        assert "standsby" in rules[name].replace("-", "").lower()


@pytest.mark.parametrize("region", REGIONS)
def test_every_query_is_saved_over_a_log_group_that_is_there(region: str) -> None:
    saved = of_type(region, "observability", "AWS::Logs::QueryDefinition").values()
    assert {one["Name"] for one in saved} == {f"drlab-app/{path.stem}" for path in QUERIES.glob("*.txt")}
    groups = {group for one in saved for group in one["LogGroupNames"]}
    # Objects go one way on the first day: the other Region has no events yet.
    assert groups - log_groups(region) <= {"/drlab/app/object-replication"}
    assert groups <= log_groups(PRIMARY) | log_groups(STANDBY)


def test_the_queries_are_listed_in_their_readme() -> None:
    listed = set(re.findall(r"\]\((\S+\.txt)\)", (QUERIES / "README.md").read_text()))
    assert listed == {path.name for path in QUERIES.glob("*.txt")}


def test_the_account_has_a_budget_that_tells_before_it_is_spent() -> None:
    budget = only(WITNESS, "overview", "AWS::Budgets::Budget")
    assert budget["Budget"]["BudgetLimit"] == {"Amount": 400, "Unit": "USD"}
    told = [one["Notification"] for one in budget["NotificationsWithSubscribers"]]
    assert {(one["NotificationType"], one["Threshold"]) for one in told} == {("ACTUAL", 80), ("FORECASTED", 100)}


@pytest.mark.parametrize(("region", "concern"), [(PRIMARY, "observability"), (WITNESS, "overview")])
def test_alarms_may_publish_although_the_topic_refuses_plain_http(region: str, concern: str) -> None:
    """A policy of one's own replaces the default one, which lets the account's alarms publish."""
    statements = only(region, concern, "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    assert {one["Effect"] for one in statements} == {"Allow", "Deny"}
    (allowed,) = [one for one in statements if one["Effect"] == "Allow"]
    assert allowed["Action"] == "sns:Publish"
    assert "aws:SourceAccount" in text(allowed["Condition"])


def dependents(template: dict[str, Any], found: str) -> list[str]:
    return [name for name, one in template["Resources"].items() if found in json.dumps(one.get("DependsOn", []))]


def test_the_bucket_waits_for_the_policy_of_the_queue_that_it_notifies() -> None:
    """S3 checks, when it is configured, that it may send."""
    template = stack(PRIMARY, "storage")
    (policy,) = of_type(PRIMARY, "storage", "AWS::SQS::QueuePolicy")
    buckets = of_type(PRIMARY, "storage", "AWS::S3::Bucket")
    data = next(name for name, one in buckets.items() if "app-data" in one["BucketName"])
    assert data in dependents(template, policy)
