"""What must a caller be allowed besides the call itself? Keys that a service uses in its name, and roles that it hands on.

Services say so in the request: kms:ViaService for a key, iam:PassedToService for a role.
https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from lab.cloud.iam import facts
from lab.cloud.iam.conditions import context
from lab.cloud.iam.facts import Key, UnknownKey
from lab.cloud.iam.policies import Request

Parameters = Mapping[str, Any]
Implied = Callable[[Parameters, str], list[Request]]  # a call's parameters and its Region


def implied(service: str, operation: str, parameters: Parameters, region: str) -> list[Request]:
    """Nothing for a call that is not in the table. Raises UnknownKey."""
    found = IMPLIED.get((service, operation))
    return found(parameters, region) if found else []


def _uses(key: Key | None, actions: tuple[str, ...], via: str | None) -> list[Request]:
    if key is None:
        return []
    known: dict[str, Any] = {"kms:ResourceAliases": key.aliases} | ({"kms:ViaService": via} if via else {})
    return [Request(action, key.arn, context(known)) for action in actions]


def _secret(*actions: str) -> Implied:
    """https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html#security-encryption-authz"""
    return lambda parameters, region: _uses(
        facts.key_of_secret(region, str(parameters["SecretId"])), actions, f"secretsmanager.{region}.amazonaws.com"
    )


# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html
_OF_RDS = ("kms:CreateGrant", "kms:DescribeKey")


def _replica(parameters: Parameters, region: str) -> list[Request]:
    return _uses(facts.key(region, parameters.get("KmsKeyId")), _OF_RDS, f"rds.{region}.amazonaws.com")


def _restored(parameters: Parameters, region: str) -> list[Request]:
    return _uses(facts.key_of_backup(region, parameters), _OF_RDS, f"rds.{region}.amazonaws.com")


def _described(parameters: Parameters, region: str) -> list[Request]:
    """By the caller itself, through no service. Of a key that is not there everybody is told so."""
    with contextlib.suppress(UnknownKey):
        return _uses(facts.key(region, parameters["KeyId"]), ("kms:DescribeKey",), None)
    return []


def _replication_role(parameters: Parameters, _region: str) -> list[Request]:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketReplication.html"""
    role = str(parameters["ReplicationConfiguration"]["Role"])
    return [Request("iam:PassRole", role, context({"iam:PassedToService": "s3.amazonaws.com"}))]


IMPLIED: Mapping[tuple[str, str], Implied] = {
    ("kms", "DescribeKey"): _described,
    ("rds", "CreateDBInstanceReadReplica"): _replica,
    ("rds", "RestoreDBInstanceFromDBSnapshot"): _restored,
    ("rds", "RestoreDBInstanceToPointInTime"): _restored,
    ("s3", "PutBucketReplication"): _replication_role,
    ("secretsmanager", "GetSecretValue"): _secret("kms:Decrypt"),
    ("secretsmanager", "PutSecretValue"): _secret("kms:GenerateDataKey", "kms:Decrypt"),
}
