"""What do the database, the objects, the keys and the secrets cost?"""

from __future__ import annotations

import re
from decimal import Decimal

from lab.cost.charge import MILLION, ONE, TEN_THOUSAND, THOUSAND, Charge, Rules
from lab.cost.errors import CostError
from lab.cost.load import GIB, Load
from lab.cost.resources import Resource

AURORA = "aurora-postgresql"
INSTANCE, CLUSTER = "AWS::RDS::DBInstance", "AWS::RDS::DBCluster"
FREE_INSIGHTS_DAYS = 7
EVERY_SO_MANY_DAYS = re.compile(r"rate\((\d+) days?\)")
HOURS_PER_DAY = 24
# Each has a price that this table lacks.
UNPRICED = ("Iops", "StorageThroughput", "MonitoringInterval")


def _database(instance: Resource, load: Load) -> list[Charge]:
    """The instance, its storage, and what a replica or a replicated backup sends to the other Region.

    A replica has its source's engine and storage. Backups up to the size of the storage are free, and so are seven days
    of Performance Insights: https://aws.amazon.com/rds/postgresql/pricing/
    """
    _only_priced_settings(instance)
    charges = [Charge(instance_price(instance, load), load.hours)]
    if instance.properties.get("PubliclyAccessible"):
        charges.append(Charge("ipv4.hour", load.hours))
    source = _source(instance, load)
    if source["Engine"] == AURORA:
        return charges
    zones = "multi" if instance.properties.get("MultiAZ") else "single"
    charges.append(Charge(f"rds.{source['StorageType']}.{zones}", Decimal(source["AllocatedStorage"])))
    if source is not instance:
        charges.append(Charge("transfer.region", load.wal_gb(), source.region))
    if "AutomaticBackupReplicationRegion" in instance.properties:
        kept_in = str(instance["AutomaticBackupReplicationRegion"])
        charges.append(Charge("transfer.region", load.usage["backup_replication_gb"]))
        charges.append(Charge("rds.backup", load.usage["replicated_backup_gb"], kept_in))
    return charges


def _only_priced_settings(instance: Resource) -> None:
    for name in UNPRICED:
        if instance.properties.get(name):
            raise CostError(f"{instance} has {name} {instance[name]!r}, which has no price.")
    days = int(instance.properties.get("PerformanceInsightsRetentionPeriod", FREE_INSIGHTS_DAYS))
    if days > FREE_INSIGHTS_DAYS:
        raise CostError(f"{instance} keeps Performance Insights for {days} days; only {FREE_INSIGHTS_DAYS} are free.")


def instance_price(instance: Resource, load: Load) -> str:
    """The key of an hour's price. Multi-AZ is a price of its own; Aurora's instances have none."""
    engine, size = _source(instance, load)["Engine"], instance["DBInstanceClass"]
    if engine == AURORA:
        return f"rds.{engine}.{size}"
    return f"rds.{engine}.{size}.{'multi' if instance.properties.get('MultiAZ') else 'single'}"


def _source(instance: Resource, load: Load) -> Resource:
    """The instance that this one repeats, or itself. Raises CostError when it is in no template."""
    if "SourceDBInstanceIdentifier" not in instance.properties:
        return instance
    name = str(instance["SourceDBInstanceIdentifier"]).rsplit(":", 1)[-1]
    for one in load.installation.of(INSTANCE):
        if one.properties.get("DBInstanceIdentifier") == name:
            return one
    raise CostError(f"{instance} repeats the database {name!r}, which is in no template.")


def _cluster(cluster: Resource, load: Load) -> list[Charge]:
    """Aurora's storage and I/O. In a global database every write is replicated, and crosses to the other Region.

    https://aws.amazon.com/rds/aurora/pricing/
    """
    usage = load.usage
    if (storage := cluster.properties.get("StorageType", "aurora")) != "aurora":
        raise CostError(f"{cluster} has the storage {storage!r}; only aurora has a price.")
    charges = [Charge("aurora.storage", usage["aurora_storage_gb"])]
    if load.leads(cluster.region):
        charges.append(Charge("aurora.io", usage["aurora_io_millions"]))
        return charges
    return [
        *charges,
        Charge("aurora.io", usage["aurora_replicated_write_millions"]),
        Charge("aurora.replicated", usage["aurora_replicated_write_millions"]),
        Charge("transfer.region", usage["database_written_gb"], load.other(cluster.region)),
    ]


def _bucket(bucket: Resource, load: Load) -> list[Charge]:
    """By what it holds, which its name tells."""
    name, usage = str(bucket["BucketName"]), load.usage
    if name in load.installation.plan.record_copies:
        return _record_copy(bucket, load)
    plan = load.installation.plan
    kind = name.removeprefix(f"drlab-{plan.service}-").removesuffix(f"-{plan.account}-{bucket.region}")
    if kind == "logs":
        return [Charge("s3.standard", usage["access_logs_gb"])]
    if kind == "app-data":
        return [Charge("s3.standard", usage["app_data_gb"]), *_objects(bucket, load)]
    raise CostError(f"{bucket} is the bucket {name}; no assumption says how it is used.")


def _record_copy(bucket: Resource, load: Load) -> list[Charge]:
    """The lease's calls. Answers to tasks in another Region are data to that Region."""
    plan, usage = load.installation.plan, load.usage
    copies = len(plan.record_copies)
    from_elsewhere = sum(
        load.lease_calls_elsewhere(region) / (copies - 1)
        for region in (plan.primary, plan.secondary)
        if region != bucket.region
    )
    return [
        Charge("s3.standard", usage["control_gb"]),
        Charge("s3.put", load.heartbeats()[0] / THOUSAND),
        Charge("s3.get", load.copy_reads() / THOUSAND),
        Charge("transfer.region", Decimal(from_elsewhere) * usage["lease_answer_bytes"] / GIB),
    ]


def _objects(bucket: Resource, load: Load) -> list[Charge]:
    """Clients write and read where the leader is. What is replicated is stored there by a PUT.

    https://aws.amazon.com/s3/pricing/ (Replication)
    """
    usage = load.usage
    if not load.leads(bucket.region):
        return []
    charges = [
        Charge("s3.put", usage["app_data_puts"] / THOUSAND),
        Charge("s3.get", usage["app_data_gets"] / THOUSAND),
    ]
    for rule in bucket.properties.get("ReplicationConfiguration", {}).get("Rules", []):
        there = load.other(bucket.region)
        charges.append(Charge("transfer.region", usage["app_data_replicated_gb"]))
        charges.append(Charge("s3.put", usage["app_data_puts"] / THOUSAND, there))
        if rule["Destination"].get("ReplicationTime", {}).get("Status") == "Enabled":
            charges.append(Charge("s3.rtc", usage["app_data_replicated_gb"]))
        if rule["Destination"].get("Metrics", {}).get("Status") == "Enabled":
            charges.append(Charge("cloudwatch.metric", usage["replication_metrics"]))
    return charges


def _key(_of: Resource, load: Load) -> list[Charge]:
    """In its first year: each of the first two rotations adds as much again (https://aws.amazon.com/kms/pricing/)."""
    return [Charge("kms.key", ONE), Charge("kms.request", load.usage["key_requests"] / TEN_THOUSAND)]


def _secret(secret: Resource, load: Load) -> list[Charge]:
    """Every replica is paid as a secret: https://aws.amazon.com/secrets-manager/pricing/"""
    replicas = [Charge("secret.month", ONE, one["Region"]) for one in secret.properties.get("ReplicaRegions", [])]
    calls = load.usage["secret_requests"] / TEN_THOUSAND
    return [Charge("secret.month", ONE), *replicas, Charge("secret.request", calls)]


def _table(table: Resource, load: Load) -> list[Charge]:
    """A write is paid in every Region that holds the table: https://aws.amazon.com/dynamodb/pricing/on-demand/"""
    if table["BillingMode"] != "PAY_PER_REQUEST":
        raise CostError(f"{table} is billed as {table['BillingMode']!r}; only PAY_PER_REQUEST has a price.")
    usage, charges = load.usage, []
    for one in table["Replicas"]:
        region = str(one["Region"])
        charges.append(Charge("dynamodb.write", usage["table_writes_millions"], region))
        charges.append(Charge("dynamodb.storage", usage["table_gb"], region))
        if one.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"):
            charges.append(Charge("dynamodb.pitr", usage["table_gb"], region))
        if load.leads(region):
            charges.append(Charge("dynamodb.read", usage["table_reads_millions"], region))
    # A replicated item crosses once; what a write takes is at most 1 KB.
    crossing = usage["table_writes_millions"] * MILLION * 1024 / GIB * (len(table["Replicas"]) - 1)
    return [*charges, Charge("transfer.region", crossing)]


def _rehearsals(schedule: Resource, load: Load) -> list[Charge]:
    """What is restored each time, where the Region stands by. The schedule's own calls are within what is free.

    https://aws.amazon.com/eventbridge/pricing/
    """
    fits = EVERY_SO_MANY_DAYS.fullmatch(str(schedule["ScheduleExpression"]))
    if fits is None or not int(fits[1]):
        raise CostError(f"{schedule} runs at {schedule['ScheduleExpression']!r}; only a rate in days can be priced.")
    if load.leads(schedule.region):
        return []
    hours = load.hours / (HOURS_PER_DAY * int(fits[1])) * load.usage["rehearsal_hours"]
    databases = load.installation.of(INSTANCE, schedule.region)
    # A global database is not restored by a run.
    engines = [(_source(one, load)["Engine"], one["DBInstanceClass"]) for one in databases]
    return [Charge(f"rds.{engine}.{size}.single", hours) for engine, size in engines if engine != AURORA]


RULES: Rules = {
    INSTANCE: _database,
    CLUSTER: _cluster,
    "AWS::S3::Bucket": _bucket,
    "AWS::KMS::Key": _key,
    "AWS::KMS::ReplicaKey": _key,
    "AWS::SecretsManager::Secret": _secret,
    "AWS::DynamoDB::GlobalTable": _table,
    "AWS::Scheduler::Schedule": _rehearsals,
}
