"""What may be chosen for an installation, and what is refused before anything is synthesized?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dataplane_cdk.config_reader import ConfigError, Context

__all__ = ["Config", "ConfigError", "RegionConfig", "priced_regions"]

PRICES = Path(__file__).parent / "prices"
# The instances are named after it, and RDS takes neither two hyphens in a row nor one at the end:
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
SERVICE = r"(?=.{1,20}$)[a-z](-?[a-z0-9])*"
SERVICE_ALLOWED = "up to 20 of a-z, 0-9 and -, a letter first, and each - between two others"
REGION = r"[a-z]{2}(-[a-z]+)+-[0-9]"
DOMAIN = r"(?=.{4,200}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.){1,10}[a-z]{2,63}"
# What is between two dots of a host's name: https://www.rfc-editor.org/rfc/rfc1123#section-2.1
LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
EMAIL = rf"(?=.{{1,64}}@)[A-Za-z0-9_%+\-]+(\.[A-Za-z0-9_%+\-]+)*@({LABEL}\.){{1,8}}[A-Za-z]{{2,63}}"
PORT = r"([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
URL = rf"https?://(?=[^:/]{{1,253}}([:/]|$)){LABEL}(\.{LABEL})*(:{PORT})?(/[A-Za-z0-9._~%\-/?=&]*)?"
CERTIFICATE = r"arn:aws[a-z-]*:acm:{region}:[0-9]{12}:certificate/[A-Za-z0-9-]{1,64}"
# Route 53 publishes its health checks' metrics there alone, and the witness holds the alarm on them:
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html
WITNESS_REGIONS = ("us-east-1",)
# Those with a price. Aurora's global database takes no burstable class, and has its own (stacks/aurora.py).
DATABASE_CLASSES = ("db.t4g.small", "db.t4g.medium")
KEYS = (
    *("service", "account", "primaryRegion", "secondaryRegion", "witnessRegion", "availabilityZones"),
    *("domainName", "hostedZoneId", "certificateArns", "dbMode", "databaseClass", "databaseMultiAz"),
    *("warmStandbyTasks", "primaryTasks", "minimumTasks"),
    *("alarmEmail", "webhookUrl", "useMultiRegionKms", "s3ReplicateDeletes", "s3ReplicateBack"),
    *("rtoTargetMinutes", "rpoTargetSeconds", "canaryEnabled", "dynamodbGlobalTable", "faultInjection"),
    *("routing", "failoverPolicy", "fencing", "leaseSeconds", "cooldownMinutes", "signalsRequired", "monthlyBudgetUsd"),
)


@dataclass(frozen=True)
class RegionConfig:
    """One of the two Regions that can lead. `tasks` is the least number that runs there on an ordinary day."""

    name: str
    is_primary: bool
    availability_zones: tuple[str, str]
    cidr: str
    tasks: int
    certificate_arn: str | None


@dataclass(frozen=True)
class Config:
    """An installation. Made by `Config.parse` alone, so that an impossible one never exists."""

    service: str
    account: str
    primary: RegionConfig
    secondary: RegionConfig
    witness_region: str
    domain_name: str
    hosted_zone_id: str | None
    db_mode: str
    database_class: str
    database_multi_az: bool
    primary_tasks: int
    minimum_tasks: int
    alarm_email: str | None
    webhook_url: str | None
    use_multi_region_kms: bool
    s3_replicate_deletes: bool
    s3_replicate_back: bool
    rto_target_minutes: int
    rpo_target_seconds: int
    canary_enabled: bool
    dynamodb_global_table: bool
    fault_injection: bool
    routing: str
    failover_policy: str
    lease_seconds: int
    cooldown_minutes: int
    signals_required: int
    monthly_budget_usd: int

    @property
    def regions(self) -> tuple[RegionConfig, RegionConfig]:
        return (self.primary, self.secondary)

    @property
    def encrypted(self) -> bool:
        """Whether clients are served over HTTPS: a failover between two schemes would break every client."""
        return self.primary.certificate_arn is not None

    def other(self, region: RegionConfig) -> RegionConfig:
        return self.secondary if region.is_primary else self.primary

    @classmethod
    def parse(cls, values: Mapping[str, Any], priced: Collection[str] | None = None) -> Config:
        """The installation that `values` describe; `priced` are the Regions with a price, None = not asked.

        Raises ConfigError naming key, value and what is allowed.
        """
        context = Context(values, KEYS)
        names = _three_regions(context, priced)
        primary_tasks = context.whole("primaryTasks", 1, 1000)
        standby_tasks = context.whole("warmStandbyTasks", 1, 1000)
        if standby_tasks > primary_tasks:
            raise ConfigError("warmStandbyTasks", standby_tasks, f"at most primaryTasks, which is {primary_tasks}")
        primary, secondary = _leading_regions(context, names[:2], (primary_tasks, standby_tasks))
        # "advisory" is a word of the design that no task acts on yet: a setting that nobody reads is a trap.
        context.one_of("fencing", ("lease",))
        return cls(
            service=context.text("service", SERVICE, SERVICE_ALLOWED),
            account=context.text("account", r"[0-9]{12}", "an AWS account id of 12 digits, as a text"),
            primary=primary,
            secondary=secondary,
            witness_region=names[2],
            domain_name=context.text("domainName", DOMAIN, "a DNS name in lower case such as app.example.com"),
            hosted_zone_id=context.optional_text(
                "hostedZoneId", r"Z[A-Z0-9]{5,31}", "a hosted zone's id such as Z123ABC"
            ),
            db_mode=context.one_of("dbMode", ("rds-postgres", "aurora-global")),
            database_class=context.one_of("databaseClass", DATABASE_CLASSES),
            database_multi_az=context.flag("databaseMultiAz"),
            primary_tasks=primary_tasks,
            # With fewer tasks than the leader had, only where somebody said how few will do.
            minimum_tasks=context.optional_whole("minimumTasks", 1, primary_tasks) or primary_tasks,
            alarm_email=context.optional_text("alarmEmail", EMAIL, "an e-mail address"),
            webhook_url=context.optional_text("webhookUrl", URL, "an http or https address"),
            use_multi_region_kms=context.flag("useMultiRegionKms"),
            s3_replicate_deletes=context.flag("s3ReplicateDeletes"),
            s3_replicate_back=context.flag("s3ReplicateBack"),
            rto_target_minutes=context.whole("rtoTargetMinutes", 1, 24 * 60),
            rpo_target_seconds=context.whole("rpoTargetSeconds", 1, 86_400),
            canary_enabled=context.flag("canaryEnabled"),
            dynamodb_global_table=context.flag("dynamodbGlobalTable"),
            fault_injection=context.flag("faultInjection"),
            routing=context.one_of("routing", ("failover", "explicit")),
            failover_policy=context.one_of("failoverPolicy", ("auto", "approve", "auto-within-rpo")),
            # Shorter ones are renewed too often for S3's answers across Regions, longer ones make each fence wait.
            lease_seconds=context.whole("leaseSeconds", 10, 300),
            cooldown_minutes=context.whole("cooldownMinutes", 1, 7 * 24 * 60),
            # The alarm on the leader's health check, the probe from the standby and the leader's heartbeat.
            signals_required=context.whole("signalsRequired", 1, 3),
            monthly_budget_usd=context.whole("monthlyBudgetUsd", 1, 1_000_000),
        )


def priced_regions() -> frozenset[str] | None:
    """The Regions of the price table (the keys of `regions` in prices/*.json and *.yaml), None where there is none."""
    tables = sorted(path for path in PRICES.glob("*") if path.suffix in (".json", ".yaml", ".yml"))
    if not tables:
        return None
    # JSON is read as YAML, of which it is a part.
    read = [yaml.safe_load(path.read_text()) for path in tables]
    return frozenset(region for table in read for region in table.get("regions", {}))


def _three_regions(context: Context, priced: Collection[str] | None) -> tuple[str, str, str]:
    names: list[str] = []
    for key in ("primaryRegion", "secondaryRegion"):
        name = context.text(key, REGION, "an AWS Region such as us-west-2")
        if priced is not None and name not in priced:
            raise ConfigError(key, name, f"a Region with a price: {', '.join(sorted(priced))}")
        names.append(name)
    names.append(context.one_of("witnessRegion", WITNESS_REGIONS))
    for key, name in zip(("primaryRegion", "secondaryRegion", "witnessRegion"), names, strict=True):
        if names.count(name) > 1:
            raise ConfigError(key, name, "three different Regions: it is given twice")
    return names[0], names[1], names[2]


def _leading_regions(
    context: Context, names: tuple[str, ...], tasks: tuple[int, int]
) -> tuple[RegionConfig, RegionConfig]:
    zones = context.pairs_by_region("availabilityZones", names)
    certificates = context.by_region(
        "certificateArns", names, CERTIFICATE, "the ARN of an ACM certificate of that Region"
    )
    if len(certificates) == 1:
        missing = next(name for name in names if name not in certificates)
        raise ConfigError(f"certificateArns.{missing}", None, "a certificate for both Regions, or for none")
    primary, secondary = (
        RegionConfig(
            name=name,
            is_primary=index == 0,
            availability_zones=zones.get(name, (f"{name}a", f"{name}b")),
            # They must not overlap: a pair may be peered one day.
            cidr=f"10.{10 * (index + 1)}.0.0/16",
            tasks=tasks[index],
            certificate_arn=certificates.get(name),
        )
        for index, name in enumerate(names)
    )
    return primary, secondary
