"""Which adapters does each use case get, given the environment?

Clients are made on first use and kept for the life of the process. The plan is read anew on every call: it is one
request in this Region, and a run must not go by a plan that was replaced.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from failover.adapters import aws
from failover.adapters.clock import SystemClock
from failover.adapters.cloudwatch import CloudWatch
from failover.adapters.ecs import Ecs
from failover.adapters.executions import StepFunctions
from failover.adapters.load_balancer import ElasticLoadBalancer
from failover.adapters.parameters import ParameterStore
from failover.adapters.postgres import Postgres
from failover.adapters.rds import Rds
from failover.adapters.s3_heartbeat import HeartbeatCopy, S3Heartbeats
from failover.adapters.s3_leader_record import leader_register, s3_clients
from failover.adapters.s3_outcomes import S3Outcomes
from failover.adapters.secrets import SecretsManager
from failover.adapters.service_probe import HttpProbe
from failover.adapters.sns import SnsTopic
from failover.application.bound_data_loss import BoundDataLoss
from failover.application.check_primary_health import CheckPrimaryHealth
from failover.application.check_secondary_readiness import CheckSecondaryReadiness
from failover.application.errors import RunRefused
from failover.application.fence_primary import FencePrimary
from failover.application.flip_route53 import FlipRoute53
from failover.application.notify import Notify
from failover.application.open_secondary import OpenSecondary
from failover.application.ports import Register
from failover.application.post_checks import PostChecks
from failover.application.probe_leader import ProbeLeader
from failover.application.promote_replica import PromoteReplica
from failover.application.receive_alarm import Intake, ReceiveAlarm
from failover.application.record_outcome import RecordOutcome
from failover.application.scale_secondary_ecs import ScaleSecondaryECS
from failover.application.stand_down import StandDown
from failover.application.update_secrets_and_rotate_app_config import UpdateSecretsAndRotateAppConfig
from failover.application.vantage_points import VantagePoints
from failover.application.verify_writes import VerifyWrites
from failover.domain.plan import Plan, PlanError
from failover.domain.run import Run

UseCase = Callable[[Run], dict[str, Any]]

CLOCK = SystemClock()
# Calls to a dark Region outlive the look that made them by up to their timeout: room for those beside the next.
_EXECUTOR = ThreadPoolExecutor(24, thread_name_prefix="copy")
# Apart from the above: a look that asks all copies must not wait for threads that looks occupy.
_LOOKS = ThreadPoolExecutor(32, thread_name_prefix="look")


def client(service: str, region: str | None = None) -> Any:
    """The boto3 client of `service`, by default in this Region."""
    return aws.client(service, region or here())


def here() -> str:
    """The Region that this runs in."""
    return _variable("AWS_REGION")


def load_plan() -> Plan:
    """The plan of this Region. Raises RunRefused with one sentence when it is missing or wrong, or TransientFailure."""
    plan = find_plan()
    if plan is None:
        raise RunRefused(f"There is no plan: {here()} has no parameter {_variable('PLAN_PARAMETER')}.")
    return plan


def find_plan() -> Plan | None:
    """The plan of this Region, None when there is none. Raises RunRefused when it is wrong, or TransientFailure."""
    name = _variable("PLAN_PARAMETER")
    text = ParameterStore(client("ssm")).read(name)
    if text is None:
        return None
    try:
        return Plan.parse(text)
    except PlanError as error:
        raise RunRefused(f"The plan in {name} cannot be used: {error}.") from error


def register_of(plan: Plan) -> Register:
    """The leader record of `plan`, for whoever acts in this Region."""
    timeout: timedelta = plan.timing.api_timeout
    clients = s3_clients(plan.record_copies, timeout)
    return leader_register(plan.record_copies, clients, here(), timeout)


def receive_alarm() -> ReceiveAlarm:
    """Makes no client and no call before an event is found in order."""
    machine = _variable("STATE_MACHINE_ARN")
    account_id = machine.split(":")[4] if machine.count(":") >= 6 else ""

    def intake() -> Intake:
        this = _Region.load()
        executions = StepFunctions(this.client("stepfunctions"), machine)
        return Intake(this.plan, this.name, this.register(), executions, CLOCK)

    return ReceiveAlarm(account_id, intake)


def check_primary_health() -> UseCase:
    this = _Region.load()
    return CheckPrimaryHealth(this.plan, this.name, this.register(), this.vantage_points(), CLOCK)


def probe_leader() -> ProbeLeader:
    this = _Region.load()
    executions = StepFunctions(this.client("stepfunctions"), _variable("STATE_MACHINE_ARN"))
    return ProbeLeader(this.plan, this.name, this.register(), executions, this.vantage_points(), CLOCK)


def check_secondary_readiness() -> UseCase:
    this = _Region.load()
    return CheckSecondaryReadiness(this.plan, this.name, Rds(this.client("rds")), Ecs(this.client("ecs")), CLOCK)


def fence_primary() -> UseCase:
    this = _Region.load()
    return FencePrimary(this.plan, this.name, this.register(), CLOCK)


def bound_data_loss() -> UseCase:
    this = _Region.load()
    return BoundDataLoss(
        this.plan,
        this.name,
        Rds(this.client("rds")),
        SecretsManager(this.client("secretsmanager")),
        Postgres(this.plan.timing.api_timeout),
        heartbeats(this.plan),
        CLOCK,
    )


def scale_secondary_ecs() -> UseCase:
    this = _Region.load()
    load_balancer = ElasticLoadBalancer(this.client("elbv2"))
    return ScaleSecondaryECS(this.plan, this.name, Ecs(this.client("ecs")), load_balancer, CLOCK)


def promote_replica() -> UseCase:
    this = _Region.load()
    return PromoteReplica(
        this.plan,
        this.name,
        this.register(),
        Rds(this.client("rds")),
        SecretsManager(this.client("secretsmanager")),
        Postgres(this.plan.timing.api_timeout),
        CLOCK,
    )


def update_secrets_and_rotate_app_config() -> UseCase:
    this = _Region.load()
    return UpdateSecretsAndRotateAppConfig(
        this.plan,
        this.name,
        Rds(this.client("rds")),
        SecretsManager(this.client("secretsmanager")),
        ParameterStore(this.client("ssm")),
    )


def verify_writes() -> UseCase:
    this = _Region.load()
    return VerifyWrites(this.plan, this.name, this.probe(), CLOCK)


def open_secondary() -> UseCase:
    this = _Region.load()
    return OpenSecondary(this.plan, this.name, this.register(), CLOCK)


def flip_route53() -> UseCase:
    this = _Region.load()
    return FlipRoute53(this.plan, this.name, this.probe(), CLOCK)


def post_checks() -> UseCase:
    this = _Region.load()
    return PostChecks(this.plan, this.name, this.probe(), CLOCK)


def stand_down() -> UseCase:
    this = _Region.load()
    return StandDown(this.plan, this.name, this.register(), Ecs(this.client("ecs")), this.probe(), CLOCK)


def record_outcome() -> UseCase:
    this = _Region.load()
    outcomes = S3Outcomes(this.client("s3"), _variable("CONTROL_BUCKET"))
    return RecordOutcome(this.plan, this.name, outcomes, CLOCK)


def notify() -> UseCase:
    this = _Region.load()
    return Notify(this.plan, this.name, SnsTopic(this.client("sns"), _variable("TOPIC_ARN")))


def heartbeats(plan: Plan) -> S3Heartbeats:
    """The leader's heartbeat on all its copies. Keep it: each copy remembers what it wrote last."""
    timeout = plan.timing.api_timeout
    clients = s3_clients(plan.record_copies, timeout)
    copies = {region: HeartbeatCopy(clients[region], bucket) for region, bucket in plan.record_copies.items()}
    return S3Heartbeats(copies, _EXECUTOR, timeout)


@dataclass(frozen=True)
class _Region:
    """This Region under its plan."""

    name: str
    plan: Plan

    @staticmethod
    def load() -> _Region:
        """Raises RunRefused or TransientFailure."""
        name, plan = here(), load_plan()
        if name not in plan.regions:
            raise RunRefused(f"{name} is not a Region of the plan that can lead.")
        return _Region(name, plan)

    def client(self, service: str) -> Any:
        return aws.client(service, self.name, self.plan.timing.api_timeout)

    def register(self) -> Register:
        return register_of(self.plan)

    def vantage_points(self) -> VantagePoints:
        timeout = self.plan.timing.look_timeout
        regions = {alarm.region for alarm in self.plan.alarms}
        alarms = CloudWatch({region: aws.client("cloudwatch", region, timeout, tries=1) for region in regions})
        return VantagePoints(self.plan, alarms, HttpProbe(timeout), heartbeats(self.plan), CLOCK, _LOOKS)

    def probe(self) -> HttpProbe:
        return HttpProbe(self.plan.timing.api_timeout)


def _variable(name: str) -> str:
    """Raises RunRefused when the environment does not have it."""
    value = os.environ.get(name)
    if not value:
        raise RunRefused(f"The function's environment has no {name}.")
    return value
