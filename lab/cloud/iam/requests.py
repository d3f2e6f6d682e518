"""Which permissions does a call of an AWS API need?

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
has each action's resources. A call that is not in the table is an error: nothing is allowed by being forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lab.cloud.iam.policies import Request

Parameters = Mapping[str, Any]
Resources = Callable[[Parameters, str], list[str]]  # a call's parameters, and `Region:account`, to ARNs


class UnknownCall(LookupError):
    """Nobody has said which permissions the call needs."""


def needed(service: str, operation: str, parameters: Parameters, region: str, account: str) -> list[Request]:
    """What must be allowed for the call to be answered. `service` and `operation` are botocore's names.

    Raises UnknownCall.
    """
    try:
        needs = NEEDS[service, operation]
    except KeyError:
        raise UnknownCall(f"no permission is known for {operation} of {service}") from None
    return [
        Request(action, resource)
        for action, resources in needs(parameters).items()
        for resource in resources(parameters, f"{region}:{account}")
    ]


def needed_to_be_told_of_absence(service: str, parameters: Parameters) -> list[Request]:
    """Without ListBucket, an object that is not there is answered as one that may not be read.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html (Permissions)
    """
    return [Request("s3:ListBucket", bucket) for bucket in _bucket(parameters, "")] if service == "s3" else []


def _object(parameters: Parameters, _place: str) -> list[str]:
    return [f"arn:aws:s3:::{parameters['Bucket']}/{parameters['Key']}"]


def _bucket(parameters: Parameters, _place: str) -> list[str]:
    return [f"arn:aws:s3:::{parameters['Bucket']}"]


def _parameter(parameters: Parameters, place: str) -> list[str]:
    return [f"arn:aws:ssm:{place}:parameter/{str(parameters['Name']).removeprefix('/')}"]


def _database(parameters: Parameters, place: str) -> list[str]:
    return [f"arn:aws:rds:{place}:db:{parameters['DBInstanceIdentifier']}"]


def _cluster(parameters: Parameters, place: str) -> list[str]:
    return [f"arn:aws:rds:{place}:cluster:{parameters['DBClusterIdentifier']}"]


def _global_cluster(parameters: Parameters, place: str) -> list[str]:
    """Of no Region."""
    return [f"arn:aws:rds::{place.partition(':')[2]}:global-cluster:{parameters['GlobalClusterIdentifier']}"]


def _new_writer(parameters: Parameters, place: str) -> list[str]:
    """The global database and the cluster that is to write, which the call names by its ARN."""
    return [*_global_cluster(parameters, place), str(parameters["TargetDbClusterIdentifier"])]


def _restored(parameters: Parameters, place: str) -> list[str]:
    """The new instance, what it is made of, and where it belongs.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
    """
    name = parameters.get("TargetDBInstanceIdentifier") or parameters["DBInstanceIdentifier"]
    source = str(parameters.get("SourceDBInstanceAutomatedBackupsArn") or "")
    snapshot = str(parameters.get("DBSnapshotIdentifier") or "")
    return [
        f"arn:aws:rds:{place}:db:{name}",
        f"arn:aws:rds:{place}:og:default:postgres-16",
        f"arn:aws:rds:{place}:pg:{parameters['DBParameterGroupName']}",
        f"arn:aws:rds:{place}:subgrp:{parameters['DBSubnetGroupName']}",
        *([source] if source else []),
        *([f"arn:aws:rds:{place}:snapshot:{snapshot}"] if snapshot else []),
    ]


def _tagged(parameters: Parameters, place: str) -> list[str]:
    name = parameters.get("TargetDBInstanceIdentifier") or parameters["DBInstanceIdentifier"]
    return [f"arn:aws:rds:{place}:db:{name}"] if parameters.get("Tags") else []


def _every_backup(_parameters: Parameters, place: str) -> list[str]:
    """A call that names no instance asks for the backups of all of them."""
    return [f"arn:aws:rds:{place}:{kind}:*" for kind in ("auto-backup", "db")]


def _snapshots(parameters: Parameters, place: str) -> list[str]:
    return [*_database(parameters, place), f"arn:aws:rds:{place}:snapshot:*"]


def _function(parameters: Parameters, place: str) -> list[str]:
    name = str(parameters["FunctionName"])
    return [name if name.startswith("arn:") else f"arn:aws:lambda:{place}:function:{name}"]


def _services(parameters: Parameters, place: str) -> list[str]:
    names = parameters.get("services") or [parameters["service"]]
    return [f"arn:aws:ecs:{place}:service/{parameters['cluster']}/{name}" for name in names]


def _alarms(parameters: Parameters, place: str) -> list[str]:
    """A call that names no alarm asks for all of them, and one for composite alarms is allowed on "*" alone.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
    """
    if "CompositeAlarm" in parameters.get("AlarmTypes", []):
        return ["*"]
    return [f"arn:aws:cloudwatch:{place}:alarm:{name}" for name in parameters.get("AlarmNames") or ["*"]]


def _mute_rules(_parameters: Parameters, place: str) -> list[str]:
    """A call names an alarm, and no rule: it asks for all of them."""
    return [f"arn:aws:cloudwatch:{place}:alarm-mute-rule:*"]


def _secret(parameters: Parameters, place: str) -> list[str]:
    """A secret's ARN ends with six characters that its name does not have.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
    """
    name = str(parameters["SecretId"])
    return [name if name.startswith("arn:") else f"arn:aws:secretsmanager:{place}:secret:{name}-XXXXXX"]


def _image(parameters: Parameters, place: str) -> list[str]:
    return [f"arn:aws:ecr:{place}:repository/{parameters['repositoryName']}"]


def _quota(parameters: Parameters, place: str) -> list[str]:
    return [f"arn:aws:servicequotas:{place}:{parameters['ServiceCode']}/{parameters['QuotaCode']}"]


def _queue(parameters: Parameters, place: str) -> list[str]:
    """A queue's URL ends with its name."""
    return [f"arn:aws:sqs:{place}:{str(parameters['QueueUrl']).rsplit('/', 1)[-1]}"]


def _hosted_zone(parameters: Parameters, _place: str) -> list[str]:
    return [f"arn:aws:route53:::hostedzone/{parameters['HostedZoneId']}"]


def _health_check(parameters: Parameters, _place: str) -> list[str]:
    return [f"arn:aws:route53:::healthcheck/{parameters['HealthCheckId']}"]


def on_everything(_parameters: Parameters, _place: str) -> list[str]:
    return ["*"]


def _named_by(key: str) -> Resources:
    return lambda parameters, _: [str(parameters[key])]


def _put_object(parameters: Parameters) -> dict[str, Resources]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html (PutObjectRetention)"""
    locked = {"s3:PutObjectRetention": _object} if "ObjectLockMode" in parameters else {}
    return {"s3:PutObject": _object, **locked}


def _groups(parameters: Parameters, place: str) -> list[str]:
    groups = {"subgrp": "DBSubnetGroupName", "pg": "DBParameterGroupName"}
    return [f"arn:aws:rds:{place}:{kind}:{parameters[key]}" for kind, key in groups.items() if key in parameters]


def _changed(parameters: Parameters, place: str) -> list[str]:
    """The instance, and the groups that it is put in."""
    return [*_database(parameters, place), *_groups(parameters, place)]


def _replica(parameters: Parameters, place: str) -> list[str]:
    """The new instance, its source, and the groups that it is put in: of parameter groups the default alone, for PostgreSQL."""
    source = str(parameters["SourceDBInstanceIdentifier"])
    return [*_changed(parameters, place), f"arn:aws:rds:{place}:pg:default.postgres16", source]


def _only(action: str, resources: Resources) -> Callable[[Parameters], dict[str, Resources]]:
    return lambda _: {action: resources}


NEEDS: Mapping[tuple[str, str], Callable[[Parameters], dict[str, Resources]]] = {
    ("cloudwatch", "ListAlarmMuteRules"): _only("cloudwatch:ListAlarmMuteRules", _mute_rules),
    ("cloudwatch", "DescribeAlarms"): _only("cloudwatch:DescribeAlarms", _alarms),
    ("cloudwatch", "GetMetricData"): _only("cloudwatch:GetMetricData", on_everything),
    ("ecr", "DescribeImages"): _only("ecr:DescribeImages", _image),
    ("ecs", "DescribeServices"): _only("ecs:DescribeServices", _services),
    ("ecs", "DescribeTaskDefinition"): _only("ecs:DescribeTaskDefinition", on_everything),
    ("ecs", "UpdateService"): _only("ecs:UpdateService", _services),
    ("elbv2", "DescribeTargetHealth"): _only("elasticloadbalancing:DescribeTargetHealth", on_everything),
    # Asked for by its alias, whose key the call does not tell: lab/cloud/iam/on_behalf.py.
    ("kms", "DescribeKey"): lambda _: {},
    ("lambda", "Invoke"): _only("lambda:InvokeFunction", _function),
    ("rds", "CreateDBInstanceReadReplica"): _only("rds:CreateDBInstanceReadReplica", _replica),
    ("rds", "DeleteDBInstance"): _only("rds:DeleteDBInstance", _database),
    ("rds", "DescribeDBInstanceAutomatedBackups"): _only("rds:DescribeDBInstanceAutomatedBackups", _every_backup),
    ("rds", "DescribeDBClusters"): _only("rds:DescribeDBClusters", _cluster),
    ("rds", "DescribeGlobalClusters"): _only("rds:DescribeGlobalClusters", _global_cluster),
    ("rds", "FailoverGlobalCluster"): _only("rds:FailoverGlobalCluster", _new_writer),
    ("rds", "SwitchoverGlobalCluster"): _only("rds:SwitchoverGlobalCluster", _new_writer),
    ("rds", "DescribeDBInstances"): _only("rds:DescribeDBInstances", _database),
    ("rds", "DescribeDBSnapshots"): _only("rds:DescribeDBSnapshots", _snapshots),
    ("rds", "ModifyDBInstance"): _only("rds:ModifyDBInstance", _changed),
    ("rds", "PromoteReadReplica"): _only("rds:PromoteReadReplica", _database),
    ("route53", "GetHealthCheck"): _only("route53:GetHealthCheck", _health_check),
    ("route53", "ListHostedZonesByName"): _only("route53:ListHostedZonesByName", on_everything),
    ("route53", "ListResourceRecordSets"): _only("route53:ListResourceRecordSets", _hosted_zone),
    ("s3", "GetBucketReplication"): _only("s3:GetReplicationConfiguration", _bucket),
    ("s3", "GetBucketVersioning"): _only("s3:GetBucketVersioning", _bucket),
    ("rds", "RestoreDBInstanceFromDBSnapshot"): lambda _: {
        "rds:RestoreDBInstanceFromDBSnapshot": _restored,
        "rds:AddTagsToResource": _tagged,
    },
    ("rds", "RestoreDBInstanceToPointInTime"): lambda _: {
        "rds:RestoreDBInstanceToPointInTime": _restored,
        "rds:AddTagsToResource": _tagged,
    },
    ("s3", "GetObject"): _only("s3:GetObject", _object),
    ("s3", "HeadObject"): _only("s3:GetObject", _object),
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
    ("s3", "ListObjectVersions"): _only("s3:ListBucketVersions", _bucket),
    ("s3", "ListObjectsV2"): _only("s3:ListBucket", _bucket),
    ("s3", "PutBucketReplication"): _only("s3:PutReplicationConfiguration", _bucket),
    ("s3", "PutObject"): _put_object,
    ("secretsmanager", "DescribeSecret"): _only("secretsmanager:DescribeSecret", _secret),
    ("secretsmanager", "GetSecretValue"): _only("secretsmanager:GetSecretValue", _secret),
    ("secretsmanager", "PutSecretValue"): _only("secretsmanager:PutSecretValue", _secret),
    ("service-quotas", "GetServiceQuota"): _only("servicequotas:GetServiceQuota", _quota),
    ("sns", "ListSubscriptionsByTopic"): _only("sns:ListSubscriptionsByTopic", _named_by("TopicArn")),
    ("sns", "Publish"): _only("sns:Publish", _named_by("TopicArn")),
    ("sqs", "SendMessage"): _only("sqs:SendMessage", _queue),
    ("ssm", "GetParameter"): _only("ssm:GetParameter", _parameter),
    ("ssm", "PutParameter"): _only("ssm:PutParameter", _parameter),
    ("stepfunctions", "DescribeExecution"): _only("states:DescribeExecution", _named_by("executionArn")),
    ("stepfunctions", "DescribeStateMachine"): _only("states:DescribeStateMachine", _named_by("stateMachineArn")),
    ("stepfunctions", "GetExecutionHistory"): _only("states:GetExecutionHistory", _named_by("executionArn")),
    ("stepfunctions", "ListExecutions"): _only("states:ListExecutions", _named_by("stateMachineArn")),
    ("stepfunctions", "SendTaskSuccess"): _only("states:SendTaskSuccess", on_everything),
    ("stepfunctions", "StartExecution"): _only("states:StartExecution", _named_by("stateMachineArn")),
    # Needs no permission: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    ("sts", "GetCallerIdentity"): lambda _: {},
}
