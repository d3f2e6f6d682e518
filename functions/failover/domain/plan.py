"""Which service is protected, where, and within which limits?

The plan is one JSON text, published to SSM in both Regions (standard parameters take 4 KB:
https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from failover.domain.plan_reader import PlanError, PlanObject, load_json

__all__ = ["AlarmPlan", "DatabaseMode", "FailoverPolicy", "Plan", "PlanError", "RegionPlan", "Timing", "VantagePoint"]

# Functions end after 60 s (template.yaml): a step must report "still in progress" before that.
LONGEST_STEP_SECONDS = 50
DAY_SECONDS = 86_400
# The probe from the standby and the leader's published heartbeat need no alarm.
OWN_LOOKS = 2
ROUTE53_METRICS_REGION = "us-east-1"
REGION_PATTERN = r"[a-z]{2}(-[a-z]+)+-\d"
URL_ALLOWED = "an http or https address without a final slash"
URL_PATTERN = r"https?://[A-Za-z0-9.\-]+(:\d{1,5})?(/[A-Za-z0-9._~\-]+)*"
ALARM_ARN_PATTERN = r"arn:aws[a-z-]*:cloudwatch:([a-z0-9-]+):(\d{12}):alarm:(.{1,255})"


class FailoverPolicy(StrEnum):
    """Who accepts a loss bound: `auto` never asks, `auto-within-rpo` asks above the RPO, `approve` always."""

    AUTO = "auto"
    APPROVE = "approve"
    AUTO_WITHIN_RPO = "auto-within-rpo"


class DatabaseMode(StrEnum):
    """`database_instance` of a Region names an RDS instance, or the Region's cluster of an Aurora global database."""

    RDS = "rds-postgres"
    AURORA = "aurora-global"


class VantagePoint(StrEnum):
    """Where an alarm looks from: Route 53's checkers worldwide, or the leader's own Region."""

    ROUTE53 = "route53"
    LOAD_BALANCER = "load-balancer"
    DATABASE = "database"


@dataclass(frozen=True)
class Timing:
    """Every wait of the control plane and of the service's lease; each is bounded."""

    lease: timedelta
    lease_margin: timedelta
    renew: timedelta
    heartbeat_timeout: timedelta
    alarm_max_age: timedelta
    second_look: timedelta
    second_look_samples: int
    poll: timedelta
    api_timeout: timedelta
    step_budget: timedelta
    probe_after: timedelta
    approval: timedelta

    @property
    def fence_wait_seconds(self) -> int:
        """Seconds from the fence until no lease holds, rounded up: a workflow's Wait takes whole seconds."""
        return math.ceil((self.lease + self.lease_margin).total_seconds())

    @property
    def look_timeout(self) -> timedelta:
        """How long a single look at the leader may take: an answer that takes the whole window tells nothing."""
        return min(self.api_timeout, self.second_look)

    @property
    def unpublished(self) -> timedelta:
        """How long after the newest published heartbeat a write may still have been acknowledged."""
        return self.heartbeat_timeout + self.lease


@dataclass(frozen=True)
class AlarmPlan:
    """An alarm that may start a run, and that is asked again on the second look.

    `region` is where it lives, `watches` the Region that it speaks of: Route 53's health check is the
    primary Region's, every other alarm speaks of its own.
    """

    arn: str
    vantage_point: VantagePoint
    region: str
    name: str
    watches: str


@dataclass(frozen=True)
class RegionPlan:
    """What the service is called in one Region, and its size as a leader.

    With `minimum_tasks` a failover goes on where `leading_tasks` cannot be had; the rest comes when there is room.
    """

    region: str
    service_url: str
    database_instance: str
    database_secret: str
    database_parameter: str
    ecs_cluster: str
    ecs_service: str
    leading_tasks: int
    minimum_tasks: int


@dataclass(frozen=True)
class Plan:
    """The whole plan. Made by `Plan.parse` alone, so that an impossible one never exists."""

    service: str
    account_id: str
    primary_region: str
    secondary_region: str
    witness_region: str
    public_url: str
    db_mode: DatabaseMode
    routing: str
    failover_policy: FailoverPolicy
    rpo_target: timedelta
    rto_target: timedelta
    cooldown: timedelta
    signals_required: int
    timing: Timing
    record_copies: Mapping[str, str]
    alarms: tuple[AlarmPlan, ...]
    regions: Mapping[str, RegionPlan]

    @classmethod
    def parse(cls, text: str) -> Plan:
        """The plan written in `text`. Raises PlanError naming key, value and what is allowed."""
        root = PlanObject("", load_json(text), _ROOT_KEYS)
        account_id = root.text("account_id", r"\d{12}", "an AWS account id of 12 digits")
        primary, secondary, witness = _three_regions(root)
        alarms = _alarms(root, account_id, (primary, secondary, witness))
        return cls(
            service=root.text("service", r"[a-z][a-z0-9-]{0,19}", "up to 20 of a-z, 0-9 and -, a letter first"),
            account_id=account_id,
            primary_region=primary,
            secondary_region=secondary,
            witness_region=witness,
            public_url=root.text("public_url", URL_PATTERN, URL_ALLOWED),
            db_mode=DatabaseMode(root.one_of("db_mode", tuple(DatabaseMode))),
            routing=root.one_of("routing", ("failover",)),
            failover_policy=FailoverPolicy(root.one_of("failover_policy", tuple(FailoverPolicy))),
            rpo_target=root.seconds("rpo_target_seconds", DAY_SECONDS),
            rto_target=timedelta(minutes=root.number("rto_target_minutes", 0, 24 * 60)),
            cooldown=timedelta(minutes=root.number("cooldown_minutes", 0, 7 * 24 * 60)),
            signals_required=root.whole("signals_required", 1, len({a.vantage_point for a in alarms}) + OWN_LOOKS),
            timing=_timing(root),
            record_copies=_record_copies(root, (primary, secondary, witness)),
            alarms=alarms,
            regions=_regions(root, (primary, secondary)),
        )

    @property
    def global_cluster(self) -> str:
        """The Aurora global database, by its name in dataplane_cdk/stacks/aurora.py. Raises PlanError where there is none."""
        if self.db_mode is not DatabaseMode.AURORA:
            raise PlanError("db_mode", self.db_mode.value, f"{DatabaseMode.AURORA}, for a step of a global database")
        return f"drlab-{self.service}"

    @property
    def key_alias(self) -> str:
        """What the key is called, in each Region its own, that the database, its backups and its login are encrypted under."""
        return f"alias/drlab-{self.service}"

    def objects_bucket(self, region: str) -> str:
        """The bucket of the service's objects in `region`, as dataplane_cdk/names.py names it."""
        return f"drlab-{self.service}-app-data-{self.account_id}-{region}"

    def standby_of(self, leader: str) -> str:
        """The Region that would take over from `leader`. Raises PlanError for a Region outside the plan."""
        self.region(leader)
        return self.secondary_region if leader == self.primary_region else self.primary_region

    def region(self, name: str) -> RegionPlan:
        """What the service is called in `name`. Raises PlanError for a Region outside the plan."""
        if name not in self.regions:
            raise PlanError("regions", name, " or ".join(self.regions))
        return self.regions[name]

    def alarm(self, arn: str) -> AlarmPlan | None:
        """The listed alarm, or None when `arn` is not on the list."""
        return next((alarm for alarm in self.alarms if alarm.arn == arn), None)


_ROOT_KEYS = (
    *("service", "account_id", "primary_region", "secondary_region", "witness_region", "public_url"),
    *("db_mode", "routing", "failover_policy", "rpo_target_seconds", "rto_target_minutes"),
    *("cooldown_minutes", "signals_required", "timing", "record_copies", "alarms", "regions"),
)
TIMING_LIMITS_SECONDS = {
    "lease_seconds": 600,
    "lease_margin_seconds": 600,
    "renew_seconds": 600,
    "heartbeat_timeout_seconds": 600,
    "alarm_max_age_seconds": DAY_SECONDS,
    "second_look_seconds": LONGEST_STEP_SECONDS,
    "poll_seconds": LONGEST_STEP_SECONDS,
    "api_timeout_seconds": LONGEST_STEP_SECONDS,
    "step_budget_seconds": LONGEST_STEP_SECONDS,
    "probe_after_seconds": DAY_SECONDS,
    # The workflow's own limit has room for this wait; whoever lengthens one lengthens the other.
    "approval_seconds": 2 * 3600,
}


def _three_regions(root: PlanObject) -> tuple[str, str, str]:
    names: list[str] = []
    for key in ("primary_region", "secondary_region", "witness_region"):
        name = root.text(key, REGION_PATTERN, "an AWS Region such as us-west-2")
        if name in names:
            raise PlanError(root.key(key), name, "three different Regions: it is given twice")
        names.append(name)
    return names[0], names[1], names[2]


def _timing(root: PlanObject) -> Timing:
    timing = PlanObject("timing", root.raw("timing"), (*TIMING_LIMITS_SECONDS, "second_look_samples"))
    durations = {
        key.removesuffix("_seconds"): timing.seconds(key, limit) for key, limit in TIMING_LIMITS_SECONDS.items()
    }
    # One sample never counts: a single lost packet is not an outage.
    parsed = Timing(second_look_samples=timing.whole("second_look_samples", 2, 20), **durations)
    for shorter, longer in (
        ("renew", "lease"),
        ("heartbeat_timeout", "lease"),
        ("second_look", "step_budget"),
        ("poll", "step_budget"),
        ("api_timeout", "step_budget"),
    ):
        if durations[shorter] >= durations[longer]:
            raise PlanError(
                timing.key(f"{shorter}_seconds"),
                durations[shorter].total_seconds(),
                f"less than {longer}_seconds, which is {durations[longer].total_seconds():g}",
            )
    return parsed


def _record_copies(root: PlanObject, regions: tuple[str, ...]) -> Mapping[str, str]:
    copies = PlanObject("record_copies", root.raw("record_copies"), regions)
    buckets: dict[str, str] = {}
    for region in regions:
        bucket = copies.text(region, r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "an S3 bucket name")
        if bucket in buckets.values():
            raise PlanError(copies.key(region), bucket, "a bucket of its own: three copies need three buckets")
        buckets[region] = bucket
    return MappingProxyType(buckets)


def _alarms(root: PlanObject, account_id: str, regions: tuple[str, ...]) -> tuple[AlarmPlan, ...]:
    listed = root.raw("alarms")
    if not isinstance(listed, list) or not listed:
        raise PlanError("alarms", listed, "a list of at least one alarm")
    alarms: list[AlarmPlan] = []
    for index, item in enumerate(listed):
        keys = PlanObject(f"alarms[{index}]", item, ("arn", "vantage_point"))
        alarm = _alarm(keys, account_id, regions)
        if any(alarm.arn == other.arn for other in alarms):
            raise PlanError(f"alarms[{index}].arn", alarm.arn, "each alarm once: it is given twice")
        # Two alarms from one place are one opinion, and must not count as two signals.
        if any((alarm.vantage_point, alarm.watches) == (other.vantage_point, other.watches) for other in alarms):
            raise PlanError(
                f"alarms[{index}].vantage_point",
                alarm.vantage_point,
                f"one alarm of each vantage point for {alarm.watches}; combine them into a composite alarm",
            )
        alarms.append(alarm)
    return tuple(alarms)


def _alarm(item: PlanObject, account_id: str, regions: tuple[str, ...]) -> AlarmPlan:
    """Route 53 publishes its metrics only in us-east-1, so its alarms live there.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html
    """
    arn = item.text("arn", ALARM_ARN_PATTERN, "the ARN of a CloudWatch alarm")
    vantage_point = VantagePoint(item.one_of("vantage_point", tuple(VantagePoint)))
    match = re.fullmatch(ALARM_ARN_PATTERN, arn)
    region, account, name = match.groups() if match else ("", "", "")
    if account != account_id:
        raise PlanError(item.key("arn"), arn, f"an alarm of account {account_id}")
    if region not in regions:
        raise PlanError(item.key("arn"), arn, f"an alarm in {', '.join(regions)}")
    if vantage_point is VantagePoint.ROUTE53 and region != ROUTE53_METRICS_REGION:
        raise PlanError(item.key("arn"), arn, f"an alarm in {ROUTE53_METRICS_REGION}, for a Route 53 metric")
    watches = regions[0] if vantage_point is VantagePoint.ROUTE53 else region
    return AlarmPlan(arn, vantage_point, region, name, watches)


def _regions(root: PlanObject, names: tuple[str, str]) -> Mapping[str, RegionPlan]:
    listed = PlanObject("regions", root.raw("regions"), names)
    return MappingProxyType({name: _region(name, listed.raw(name)) for name in names})


def _region(name: str, value: object) -> RegionPlan:
    keys = [field.name for field in fields(RegionPlan) if field.name != "region"]
    item = PlanObject(f"regions.{name}", value, keys)
    leading = item.whole("leading_tasks", 1, 1000)
    return RegionPlan(
        region=name,
        service_url=item.text("service_url", URL_PATTERN, URL_ALLOWED),
        database_instance=item.text(
            "database_instance", r"[A-Za-z](-?[A-Za-z0-9]){0,62}", "an RDS instance identifier"
        ),
        database_secret=item.text("database_secret", r"[A-Za-z0-9/_+=.@-]{1,512}", "a secret's name"),
        database_parameter=item.text("database_parameter", r"/[A-Za-z0-9_./-]{1,1010}", "a parameter's name"),
        ecs_cluster=item.text("ecs_cluster", r"[A-Za-z0-9_-]{1,255}", "an ECS cluster's name"),
        ecs_service=item.text("ecs_service", r"[A-Za-z0-9_-]{1,255}", "an ECS service's name"),
        leading_tasks=leading,
        minimum_tasks=item.whole("minimum_tasks", 1, leading),
    )
