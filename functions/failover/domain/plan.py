"""Which service is protected, where, and within which limits?

The plan is one JSON text, published to SSM in both Regions (standard parameters take 4 KB:
https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from failover.domain.plan_alarms import AlarmPlan, VantagePoint, alarms_in
from failover.domain.plan_reader import PlanError, PlanObject, load_json
from failover.domain.plan_timing import DAY_SECONDS, Timing, timing_in

__all__ = ["AlarmPlan", "DatabaseMode", "FailoverPolicy", "Plan", "PlanError", "RegionPlan", "Timing", "VantagePoint"]

# The probe from the standby and the leader's published heartbeat need no alarm.
OWN_LOOKS = 2
# RDS takes 63 characters without two hyphens in a row or one at the end, and the names of throwaway and kept instances are
# made of the plan's by up to 15 more: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
INSTANCE_PATTERN = r"(?=.{1,48}$)[A-Za-z](-?[A-Za-z0-9])*"
# The instances are named after it.
SERVICE_ALLOWED = "up to 20 of a-z, 0-9 and -, a letter first, and each - between two others"
SERVICE_PATTERN = r"(?=.{1,20}$)[a-z](-?[a-z0-9])*"
REGION_PATTERN = r"[a-z]{2}(-[a-z]+)+-\d"
URL_ALLOWED = "an http or https address without a final slash"
URL_PATTERN = r"https?://[A-Za-z0-9.\-]+(:\d{1,5})?(/[A-Za-z0-9._~\-]+)*"


class FailoverPolicy(StrEnum):
    """Who accepts a loss bound: `auto` never asks, `auto-within-rpo` asks above the RPO, `approve` always."""

    AUTO = "auto"
    APPROVE = "approve"
    AUTO_WITHIN_RPO = "auto-within-rpo"


class DatabaseMode(StrEnum):
    """`database_instance` of a Region names an RDS instance, or the Region's cluster of an Aurora global database."""

    RDS = "rds-postgres"
    AURORA = "aurora-global"


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
        alarms = alarms_in(root, account_id, (primary, secondary, witness))
        return cls(
            service=root.text("service", SERVICE_PATTERN, SERVICE_ALLOWED),
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
            signals_required=_signals_required(root, alarms, (primary, secondary)),
            timing=timing_in(root),
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


def _three_regions(root: PlanObject) -> tuple[str, str, str]:
    names: list[str] = []
    for key in ("primary_region", "secondary_region", "witness_region"):
        name = root.text(key, REGION_PATTERN, "an AWS Region such as us-west-2")
        if name in names:
            raise PlanError(root.key(key), name, "three different Regions: it is given twice")
        names.append(name)
    return names[0], names[1], names[2]


def _signals_required(root: PlanObject, alarms: tuple[AlarmPlan, ...], regions: tuple[str, str]) -> int:
    """No more than can be had of either Region: one that asks for more never fails over, and nobody is told."""
    watching = Counter(alarm.watches for alarm in alarms)
    return root.whole("signals_required", 1, min(watching[region] for region in regions) + OWN_LOOKS)


def _record_copies(root: PlanObject, regions: tuple[str, ...]) -> Mapping[str, str]:
    copies = PlanObject("record_copies", root.raw("record_copies"), regions)
    buckets: dict[str, str] = {}
    for region in regions:
        bucket = copies.text(region, r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "an S3 bucket name")
        if bucket in buckets.values():
            raise PlanError(copies.key(region), bucket, "a bucket of its own: three copies need three buckets")
        buckets[region] = bucket
    return MappingProxyType(buckets)


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
            "database_instance", INSTANCE_PATTERN, "an RDS instance identifier of up to 48 characters"
        ),
        database_secret=item.text("database_secret", r"[A-Za-z0-9/_+=.@-]{1,512}", "a secret's name"),
        database_parameter=item.text("database_parameter", r"/[A-Za-z0-9_./-]{1,1010}", "a parameter's name"),
        ecs_cluster=item.text("ecs_cluster", r"[A-Za-z0-9_-]{1,255}", "an ECS cluster's name"),
        ecs_service=item.text("ecs_service", r"[A-Za-z0-9_-]{1,255}", "an ECS service's name"),
        leading_tasks=leading,
        minimum_tasks=item.whole("minimum_tasks", 1, leading),
    )
