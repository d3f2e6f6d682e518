"""Would a person see it, and be told once?"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.dataplane.templates import PRIMARY, STANDBY, WITNESS, of_type, only, stack, text

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
    ]
    assert [name for name in shown if name not in body] == []


def test_the_pairs_dashboard_is_in_neither_region_and_shows_both() -> None:
    body = text(only(WITNESS, "overview", "AWS::CloudWatch::Dashboard")["DashboardBody"])
    assert [region for region in REGIONS if body.count(region) < 10] == []


def test_metrics_of_the_control_plane_are_those_that_it_counts() -> None:
    """A name that nobody counts would be an empty graph for ever."""
    handlers = Path(__file__).parents[2] / "functions" / "handlers"
    source = "".join(path.read_text() for path in handlers.glob("*.py"))
    body = text(only(PRIMARY, "observability", "AWS::CloudWatch::Dashboard")["DashboardBody"])
    shown = set(re.findall(r'\\"drlab\\",\\"(\w+)\\"', body))
    assert len(shown) == 5
    assert [name for name in shown if f'"{name}"' not in source] == []


@pytest.mark.parametrize("region", REGIONS)
def test_only_composite_alarms_tell_people(region: str) -> None:
    """One message for many causes; a single alarm has to fail in three of five minutes."""
    single = of_type(region, "observability", "AWS::CloudWatch::Alarm")
    assert {name: one for name, one in single.items() if "AlarmActions" in one} == {}
    assert {(one["EvaluationPeriods"], one["DatapointsToAlarm"]) for one in single.values()} == {(5, 3)}
    told = of_type(region, "observability", "AWS::CloudWatch::CompositeAlarm").values()
    assert {one["AlarmName"] for one in told} == {"users-suffer-of-drlab-app", "data-at-risk-of-drlab-app"}
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


def test_the_replicas_lag_alarms_at_the_rpo_target_and_silence_counts_as_lag() -> None:
    alarms = of_type(STANDBY, "observability", "AWS::CloudWatch::Alarm").values()
    (lag,) = [one for one in alarms if one.get("MetricName") == "ReplicaLag"]
    assert (lag["Threshold"], lag["TreatMissingData"]) == (300, "breaching")
    primary = of_type(PRIMARY, "observability", "AWS::CloudWatch::Alarm").values()
    assert {one.get("MetricName") for one in primary} >= {"ReplicationLatency", "OperationsFailedReplication"}


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
