"""Which keys do the templates create in the lab? They are named by what they would encrypt; nothing is encrypted."""

from __future__ import annotations

import contextlib
import json

from lab.cloud.cloudformation.resource import Created, Made, Properties, ResourceType, Wanted

_PENDING = {"PendingWindowInDays": "the lab deletes no key"}


def _create_key(wanted: Wanted) -> Created:
    kms = wanted.client("kms")
    found = kms.create_key(
        Description=wanted.properties["Description"],
        MultiRegion=wanted.flag("MultiRegion"),
        Policy=json.dumps(wanted.properties["KeyPolicy"]),
    )["KeyMetadata"]
    if wanted.flag("EnableKeyRotation"):
        kms.enable_key_rotation(KeyId=found["KeyId"])
    return Created(found["KeyId"], {"Arn": found["Arn"]})


def _read_key(made: Made) -> Properties:
    kms = made.client("kms")
    found = kms.describe_key(KeyId=made.ref)["KeyMetadata"]
    return {
        "Description": found["Description"],
        "MultiRegion": found["MultiRegion"],
        "KeyPolicy": json.loads(kms.get_key_policy(KeyId=made.ref, PolicyName="default")["Policy"]),
        "EnableKeyRotation": kms.get_key_rotation_status(KeyId=made.ref)["KeyRotationEnabled"],
    }


def _create_replica(wanted: Wanted) -> Created:
    source = wanted.properties["PrimaryKeyArn"]
    primary = wanted.clients.get("kms", source.split(":")[3])
    found = primary.replicate_key(
        # moto finds a key here by its id alone.
        KeyId=source.rsplit("/", 1)[-1],
        ReplicaRegion=wanted.region,
        Description=wanted.properties["Description"],
        Policy=json.dumps(wanted.properties["KeyPolicy"]),
    )["ReplicaKeyMetadata"]
    return Created(found["KeyId"], {"Arn": found["Arn"]})


def _read_replica(made: Made) -> Properties:
    found = made.client("kms").describe_key(KeyId=made.ref)["KeyMetadata"]
    configuration = found.get("MultiRegionConfiguration", {})
    return {"PrimaryKeyArn": configuration.get("PrimaryKey", {}).get("Arn"), "Description": found["Description"]}


def _create_alias(wanted: Wanted) -> Created:
    kms, name = wanted.client("kms"), wanted.properties["AliasName"]
    # moto replicates a key together with its alias; AWS does not. Reading back tells whether it is the right one.
    with contextlib.suppress(kms.exceptions.AlreadyExistsException):
        kms.create_alias(AliasName=name, TargetKeyId=wanted.properties["TargetKeyId"].rsplit("/", 1)[-1])
    return Created(name)


def _read_alias(made: Made) -> Properties:
    kms = made.client("kms")
    return {"AliasName": made.ref, "TargetKeyId": kms.describe_key(KeyId=made.ref)["KeyMetadata"]["Arn"]}


TYPES = (
    ResourceType(
        "AWS::KMS::Key",
        frozenset({"Description", "EnableKeyRotation", "KeyPolicy", "MultiRegion"}),
        _create_key,
        _read_key,
        inert=_PENDING,
        attributes=frozenset({"Arn"}),
    ),
    ResourceType(
        "AWS::KMS::ReplicaKey",
        frozenset({"Description", "PrimaryKeyArn"}),
        _create_replica,
        _read_replica,
        inert={**_PENDING, "KeyPolicy": "moto keeps one policy for a key and its replicas"},
        attributes=frozenset({"Arn"}),
    ),
    ResourceType("AWS::KMS::Alias", frozenset({"AliasName", "TargetKeyId"}), _create_alias, _read_alias),
)
