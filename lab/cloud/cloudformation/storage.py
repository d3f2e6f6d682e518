"""Which buckets and log groups do the templates create in the lab?"""

from __future__ import annotations

import json
from typing import Any

from lab.cloud.cloudformation import replication
from lab.cloud.cloudformation.resource import Client, Created, Made, Properties, ResourceType, Wanted, projected

# CloudFormation's name for a bucket's setting: S3's calls for it, the argument, and the answer's key.
_SETTINGS = {
    "VersioningConfiguration": "bucket_versioning",
    "PublicAccessBlockConfiguration": "public_access_block",
    "OwnershipControls": "bucket_ownership_controls",
}
_EVERY_REGION_BUT = "us-east-1"  # its location is the absence of one


def _create_bucket(wanted: Wanted) -> Created:
    s3: Client = wanted.client("s3")
    bucket = wanted.properties.get("BucketName", wanted.name)
    location = {"LocationConstraint": wanted.region}
    s3.create_bucket(
        Bucket=bucket,
        ObjectLockEnabledForBucket=bool(wanted.properties.get("ObjectLockEnabled")),
        **({} if wanted.region == _EVERY_REGION_BUT else {"CreateBucketConfiguration": location}),
    )
    for setting, call in _SETTINGS.items():
        if setting in wanted.properties:
            getattr(s3, f"put_{call}")(Bucket=bucket, **{setting: wanted.properties[setting]})
    if "BucketEncryption" in wanted.properties:
        s3.put_bucket_encryption(
            Bucket=bucket,
            ServerSideEncryptionConfiguration={"Rules": _encryption_rules(wanted.properties["BucketEncryption"])},
        )
    if "LifecycleConfiguration" in wanted.properties:
        s3.put_bucket_lifecycle_configuration(
            Bucket=bucket,
            LifecycleConfiguration={
                "Rules": [_lifecycle_rule(rule) for rule in wanted.properties["LifecycleConfiguration"]["Rules"]]
            },
        )
    if "ReplicationConfiguration" in wanted.properties:
        replication.put(s3, bucket, wanted.properties["ReplicationConfiguration"])
    return Created(bucket, {"Arn": f"arn:aws:s3:::{bucket}"})


def _read_bucket(made: Made) -> Properties:
    s3: Client = made.client("s3")
    bucket = made.ref
    found: Properties = {"BucketName": bucket}
    if "ObjectLockEnabled" in made.properties:
        lock = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
        found["ObjectLockEnabled"] = lock["ObjectLockEnabled"] == "Enabled"
    for setting, call in _SETTINGS.items():
        if setting in made.properties:
            answer: dict[str, Any] = getattr(s3, f"get_{call}")(Bucket=bucket)
            found[setting] = answer.get(setting) or {"Status": answer.get("Status")}
    if "BucketEncryption" in made.properties:
        rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        shown = [
            {
                "ServerSideEncryptionByDefault": rule["ApplyServerSideEncryptionByDefault"],
                "BucketKeyEnabled": rule.get("BucketKeyEnabled"),
            }
            for rule in rules
        ]
        wanted = made.properties["BucketEncryption"]
        found["BucketEncryption"] = projected(wanted, {"ServerSideEncryptionConfiguration": shown})
    if "LifecycleConfiguration" in made.properties:
        rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        found["LifecycleConfiguration"] = {"Rules": [_template_lifecycle_rule(rule) for rule in rules]}
    if "ReplicationConfiguration" in made.properties:
        wanted = made.properties["ReplicationConfiguration"]
        found["ReplicationConfiguration"] = replication.read(s3, bucket, wanted)
    return found


def _encryption_rules(encryption: Properties) -> list[Properties]:
    return [
        {
            "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
            **({"BucketKeyEnabled": _flag(rule["BucketKeyEnabled"])} if "BucketKeyEnabled" in rule else {}),
        }
        for rule in encryption["ServerSideEncryptionConfiguration"]
    ]


def _lifecycle_rule(rule: Properties) -> Properties:
    """S3 wants numbers of days as integers, and names the prefix a filter."""
    made: Properties = {"ID": rule["Id"], "Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    for name, days in (
        ("NoncurrentVersionExpiration", "NoncurrentDays"),
        ("AbortIncompleteMultipartUpload", "DaysAfterInitiation"),
    ):
        if name in rule:
            made[name] = {days: int(rule[name][days])}
    if "ExpirationInDays" in rule:
        made["Expiration"] = {"Days": int(rule["ExpirationInDays"])}
    if "Transitions" in rule:
        made["Transitions"] = [
            {"StorageClass": one["StorageClass"], "Days": int(one["TransitionInDays"])} for one in rule["Transitions"]
        ]
    return made


def _template_lifecycle_rule(rule: Properties) -> Properties:
    return {
        "Id": rule.get("ID"),
        "Status": rule.get("Status"),
        "Prefix": rule.get("Filter", {}).get("Prefix", rule.get("Prefix")) or None,
        "NoncurrentVersionExpiration": rule.get("NoncurrentVersionExpiration"),
        "AbortIncompleteMultipartUpload": rule.get("AbortIncompleteMultipartUpload"),
        "ExpirationInDays": rule.get("Expiration", {}).get("Days"),
        "Transitions": [
            {"StorageClass": one["StorageClass"], "TransitionInDays": one["Days"]} for one in rule["Transitions"]
        ]
        if rule.get("Transitions")
        else None,
    }


def _flag(value: Any) -> bool:
    return str(value).lower() == "true"


def _create_bucket_policy(wanted: Wanted) -> Created:
    bucket = wanted.properties["Bucket"]
    wanted.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(wanted.properties["PolicyDocument"]))
    return Created(bucket)


def _read_bucket_policy(made: Made) -> Properties:
    policy = made.client("s3").get_bucket_policy(Bucket=made.ref)["Policy"]
    return {"Bucket": made.ref, "PolicyDocument": json.loads(policy)}


def _create_log_group(wanted: Wanted) -> Created:
    logs, group = wanted.client("logs"), wanted.properties.get("LogGroupName", wanted.name)
    logs.create_log_group(logGroupName=group)
    if "RetentionInDays" in wanted.properties:
        logs.put_retention_policy(logGroupName=group, retentionInDays=int(wanted.properties["RetentionInDays"]))
    # Fn::GetAtt gives the ARN with its trailing ":*".
    return Created(group, {"Arn": f"arn:aws:logs:{wanted.region}:{wanted.account_id}:log-group:{group}:*"})


def _read_log_group(made: Made) -> Properties:
    found = made.client("logs").describe_log_groups(logGroupNamePrefix=made.ref)["logGroups"]
    group: Properties = next((item for item in found if item["logGroupName"] == made.ref), {})
    return {"LogGroupName": group.get("logGroupName"), "RetentionInDays": group.get("retentionInDays")}


TYPES = (
    ResourceType(
        "AWS::S3::Bucket",
        frozenset(
            {
                *("BucketName", "BucketEncryption", "LifecycleConfiguration", "ObjectLockEnabled"),
                *("ReplicationConfiguration", *_SETTINGS),
            }
        ),
        _create_bucket,
        _read_bucket,
        inert={
            "NotificationConfiguration": "the service keeps no objects, so S3 reports none",
            "LoggingConfiguration": "the lab's buckets are called by nobody but the lab",
        },
        attributes=frozenset({"Arn"}),
    ),
    ResourceType(
        "AWS::S3::BucketPolicy",
        frozenset({"Bucket", "PolicyDocument"}),
        _create_bucket_policy,
        _read_bucket_policy,
    ),
    ResourceType(
        "AWS::Logs::LogGroup",
        frozenset({"LogGroupName", "RetentionInDays"}),
        _create_log_group,
        _read_log_group,
        attributes=frozenset({"Arn"}),
    ),
)
