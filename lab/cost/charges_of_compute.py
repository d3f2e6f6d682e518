"""What do tasks, functions and canaries cost?"""

from __future__ import annotations

import re
from decimal import Decimal

from lab.cost.charge import MILLION, ONE, Charge, Rules
from lab.cost.errors import CostError
from lab.cost.load import MINUTES_PER_HOUR, Load
from lab.cost.resources import Resource

CPU_UNITS, MIB_PER_GB = Decimal(1024), Decimal(1024)
RATE = re.compile(r"rate\((\d+) minutes?\)")
RECEIVER = "receive-alarm"


def _service(service: Resource, load: Load) -> list[Charge]:
    """Its tasks, on Fargate, for the whole month. The 20 GB of disk that each task has are free."""
    hours = load.tasks(service.region) * load.hours
    charges = [Charge(key, amount * hours) for key, amount in task_hour(task_definition(service, load))]
    network = service["NetworkConfiguration"]["AwsvpcConfiguration"]
    if network.get("AssignPublicIp") == "ENABLED":
        charges.append(Charge("ipv4.hour", hours))
    return charges


def task_definition(service: Resource, load: Load) -> Resource:
    """What the service runs. Raises CostError when it does not run on Fargate."""
    if service["LaunchType"] != "FARGATE":
        raise CostError(f"{service} runs on {service['LaunchType']!r}; only Fargate has a price.")
    name = service["TaskDefinition"].get("Ref")
    found = [one for one in load.installation.beside(service, "AWS::ECS::TaskDefinition") if one.logical_id == name]
    if not found:
        raise CostError(f"{service} names no task definition of its own stack.")
    return found[0]


def task_hour(definition: Resource) -> tuple[tuple[str, Decimal], ...]:
    """One hour of one task: (price, quantity). Raises CostError."""
    if (disk := definition.properties.get("EphemeralStorage")) is not None:
        raise CostError(f"{definition} has a disk of {disk}; only the free 20 GB have a price.")
    architecture = str(definition["RuntimePlatform"]["CpuArchitecture"]).lower()
    return (
        (f"fargate.{architecture}.vcpu", Decimal(definition["Cpu"]) / CPU_UNITS),
        (f"fargate.{architecture}.gb", Decimal(definition["Memory"]) / MIB_PER_GB),
    )


def _cluster(cluster: Resource, load: Load) -> list[Charge]:
    """Container Insights: its metrics are custom metrics, and the events that they are made from are logs.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-container-insights.html
    """
    settings = {one["Name"]: one["Value"] for one in cluster.properties.get("ClusterSettings", [])}
    insights = settings.get("containerInsights", "disabled")
    if insights == "disabled":
        return []
    if insights != "enabled":
        raise CostError(f"{cluster} has containerInsights {insights!r}; only enabled and disabled have a price.")
    usage, beside = load.usage, load.installation.beside
    metrics = usage["insights_metrics_per_cluster"]
    metrics += usage["insights_metrics_per_service"] * len(beside(cluster, "AWS::ECS::Service"))
    metrics += usage["insights_metrics_per_task_definition"] * len(beside(cluster, "AWS::ECS::TaskDefinition"))
    return [Charge("cloudwatch.metric", metrics), Charge("logs.ingest", usage["insights_log_gb"])]


def _function(function: Resource, load: Load) -> list[Charge]:
    """Those that a schedule runs, and ReceiveAlarm; the workflow's are a part of a drill's price."""
    runs, seconds = _scheduled(function, load), load.usage["probe_seconds"]
    # What a function measures each time it runs are metrics, two at most: https://docs.powertools.aws.dev/lambda/python/latest/core/metrics/
    metrics = 2 * ONE if runs else Decimal(0)
    if str(function["FunctionName"]).endswith(RECEIVER):
        runs, seconds = load.usage["alarm_changes"], load.usage["receive_alarm_seconds"]
    return [*invocations(function, runs, seconds), Charge("cloudwatch.metric", metrics)] if runs else []


def invocations(function: Resource, runs: Decimal, seconds: Decimal) -> list[Charge]:
    """`runs` of a function, each of them so long."""
    (architecture,) = function.properties.get("Architectures", ["x86_64"])
    memory_gb = Decimal(function["MemorySize"]) / MIB_PER_GB
    charges = [
        Charge("lambda.request", runs / MILLION),
        Charge(f"lambda.{architecture}.gb_second", runs * seconds * memory_gb),
    ]
    if function.properties.get("TracingConfig", {}).get("Mode") == "Active":
        charges.append(Charge("xray.trace", runs / MILLION))
    return charges


def _scheduled(function: Resource, load: Load) -> Decimal:
    runs = Decimal(0)
    for rule in load.installation.beside(function, "AWS::Events::Rule"):
        targets = [one["Arn"].get("Fn::GetAtt", [None])[0] for one in rule["Targets"] if isinstance(one["Arn"], dict)]
        schedule = rule.properties.get("ScheduleExpression")
        if schedule is not None and function.logical_id in targets:
            runs += load.hours * MINUTES_PER_HOUR / _minutes(rule, str(schedule))
    return runs


def _workflow(machine: Resource, _load: Load) -> list[Charge]:
    """A standard workflow is paid by its transitions, which are a part of a drill's price."""
    if machine["StateMachineType"] != "STANDARD":
        raise CostError(f"{machine} is of type {machine['StateMachineType']!r}; only STANDARD has a price.")
    return []


def _canary(canary: Resource, load: Load) -> list[Charge]:
    """A run is paid as such, and as one of Lambda."""
    runs = load.hours * MINUTES_PER_HOUR / _minutes(canary, str(canary["Schedule"]["Expression"]))
    usage = load.usage
    return [
        Charge("canary.run", runs),
        Charge("lambda.request", runs / MILLION),
        Charge("lambda.x86_64.gb_second", runs * usage["canary_seconds"] * usage["canary_memory_gb"]),
        Charge("logs.ingest", usage["canary_gb"]),
        Charge("s3.standard", usage["canary_gb"]),
    ]


def _minutes(resource: Resource, schedule: str) -> Decimal:
    fits = RATE.fullmatch(schedule)
    if fits is None or not int(fits[1]):
        raise CostError(f"{resource} runs at {schedule!r}; only a rate in minutes can be priced.")
    return Decimal(fits[1])


RULES: Rules = {
    "AWS::ECS::Service": _service,
    "AWS::ECS::Cluster": _cluster,
    "AWS::Lambda::Function": _function,
    "AWS::StepFunctions::StateMachine": _workflow,
    "AWS::Synthetics::Canary": _canary,
}
