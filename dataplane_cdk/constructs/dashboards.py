"""What does a person see first: of one Region, and of the pair?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch

from dataplane_cdk.constructs.burn_rate import OBJECTIVE, burn_rate
from dataplane_cdk.constructs.metrics import RegionMetrics
from dataplane_cdk.names import Names

HALF, THIRD, WHOLE = 12, 8, 24


def region_rows(names: Names, here: RegionMetrics, other: str) -> list[list[cloudwatch.IWidget]]:
    """Requests, tasks, database, objects, runs, and what the control plane decided last."""
    return [
        [
            _graph("Errors", here, _errors(here), HALF),
            _graph("Response time, p95 (s)", here, [here.balancer_metric("TargetResponseTime", "p95")], HALF),
        ],
        [
            _graph(
                f"Error budget of {OBJECTIVE:.1%}: burn rate",
                here,
                [burn_rate(here, cdk.Duration.minutes(5)), burn_rate(here, cdk.Duration.hours(1))],
                WHOLE,
            )
        ],
        [
            _graph("Tasks", here, [here.task_count("RunningTaskCount"), here.task_count("DesiredTaskCount")], THIRD),
            _graph(
                "CPU and memory of tasks (%)",
                here,
                _load(here),
                THIRD,
            ),
            _graph("Healthy targets", here, [here.target_metric("HealthyHostCount", "Minimum")], THIRD),
        ],
        [
            _graph("Database CPU (%)", here, [here.database_metric("CPUUtilization")], THIRD),
            _graph("Database connections", here, [here.database_metric("DatabaseConnections", "Maximum")], THIRD),
            _graph("Replica lag (s)", here, [here.replica_lag], THIRD),
        ],
        _objects(here, other),
        [
            _graph("Age of the leader's heartbeat, seen from here (s)", here, [here.heartbeat_age], HALF),
            _graph("Readiness: checks that are not well", here, _readiness(here), HALF),
        ],
        [
            _graph("Runs", here, _runs(here), HALF),
            _graph("Decisions", here, _decisions(here), HALF),
        ],
        *control_plane_rows(names, here.region),
    ]


def pair_rows(names: Names, regions: Sequence[RegionMetrics]) -> list[list[cloudwatch.IWidget]]:
    """The same figure of both Regions side by side: which one serves, and could the other?"""
    primary, secondary = regions
    both: list[tuple[str, Callable[[RegionMetrics], list[cloudwatch.IMetric]]]] = [
        ("Requests", lambda one: [one.balancer_metric("RequestCount", "Sum")]),
        ("Errors", _errors),
        ("Response time, p95 (s)", lambda one: [one.balancer_metric("TargetResponseTime", "p95")]),
        ("Running tasks", lambda one: [one.task_count("RunningTaskCount")]),
        ("CPU and memory of tasks (%)", _load),
        ("Database CPU (%)", lambda one: [one.database_metric("CPUUtilization")]),
        ("Database connections", lambda one: [one.database_metric("DatabaseConnections", "Maximum")]),
        ("Replica lag (s)", lambda one: [one.replica_lag]),
        ("Age of the leader's heartbeat, seen from here (s)", lambda one: [one.heartbeat_age]),
        ("Readiness: checks that are not well", _readiness),
        ("Runs", _runs),
    ]
    rows: list[list[cloudwatch.IWidget]] = [
        [_graph(f"{title}: {one.region}", one, metrics(one), HALF) for one in regions] for title, metrics in both
    ]
    for source, target in ((primary, secondary), (secondary, primary)):
        given_up = [source.not_replicated(target.region)]
        rows += [
            _objects(target, source.region),
            [_graph(f"Objects for {target.region} that S3 gave up on", source, given_up, WHOLE)],
        ]
    for one in regions:
        rows += control_plane_rows(names, one.region)
    return rows


def control_plane_rows(names: Names, region: str) -> list[list[cloudwatch.IWidget]]:
    """What was lost, and why a run went on or did not, are in the control plane's decisions, each with its reason.

    They are read from its log: a run is a rare thing, and a metric of it would be a line of one point.
    """
    return [
        [
            _log(names, region, "Runs: result, and what was lost", _state("RecordOutcome"), "answer.result"),
            _log(names, region, "RPO: bound on the loss", _state("BoundDataLoss"), "answer.bound_seconds"),
        ],
        [
            _log(names, region, "Readiness, asked by a run", _state("CheckSecondaryReadiness"), "answer.ready"),
            _log(names, region, "Health of the leader, and its heartbeat", _state("CheckPrimaryHealth"), "answer.down"),
        ],
    ]


def _state(state: str) -> str:
    return f'state = "{state}"'


def _log(names: Names, region: str, title: str, chosen: str, *columns: str) -> cloudwatch.LogQueryWidget:
    shown = ", ".join(("@timestamp", "run", *columns, "coalesce(answer.reason, reason) as why"))
    return cloudwatch.LogQueryWidget(
        title=f"{title}: {region}",
        region=region,
        width=HALF,
        log_group_names=[names.log_group("control-plane")],
        query_lines=[f"fields {shown}", f"filter {chosen}", "sort @timestamp desc", "limit 10"],
    )


def _objects(here: RegionMetrics, other: str) -> list[cloudwatch.IWidget]:
    return [
        _graph(f"Objects from {other}: {what}", here, [here.arriving(name, other)], THIRD)
        for what, name in (
            ("bytes pending", "BytesPendingReplication"),
            ("operations pending", "OperationsPendingReplication"),
            ("latency (s)", "ReplicationLatency"),
        )
    ]


def _load(one: RegionMetrics) -> list[cloudwatch.IMetric]:
    return [one.service_metric("CPUUtilization"), one.service_metric("MemoryUtilization")]


def _readiness(one: RegionMetrics) -> list[cloudwatch.IMetric]:
    return [one.readiness(name) for name in ("ReadinessNotOk", "ReadinessUnknown")]


def _errors(one: RegionMetrics) -> list[cloudwatch.IMetric]:
    return [
        one.target_metric("HTTPCode_Target_4XX_Count", "Sum"),
        one.target_metric("HTTPCode_Target_5XX_Count", "Sum"),
        one.balancer_metric("HTTPCode_ELB_5XX_Count", "Sum"),
    ]


def _runs(one: RegionMetrics) -> list[cloudwatch.IMetric]:
    return [
        one.runs("ExecutionsStarted"),
        one.runs("ExecutionsSucceeded"),
        one.runs("ExecutionsFailed"),
        one.runs("ExecutionTime", "Maximum").with_(label="longest run (ms): our share of the RTO"),
    ]


def _decisions(one: RegionMetrics) -> list[cloudwatch.IMetric]:
    return [
        one.decisions(name)
        for name in ("AlarmStartedRun", "AlarmRefused", "AlarmDuplicated", "AlarmUndecided", "ProbeStartedRun")
    ]


def _graph(title: str, of: RegionMetrics, metrics: Sequence[cloudwatch.IMetric], width: int) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, region=of.region, left=list(metrics), width=width)
