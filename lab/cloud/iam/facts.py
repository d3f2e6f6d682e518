"""What do conditions ask of the resources of a call? Read where the emulated AWS keeps them, at the moment of the call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.kms.models import kms_backends
from moto.rds.models import rds_backends
from moto.secretsmanager.models import secretsmanager_backends

from lab.settings import ACCOUNT_ID

AWS_MANAGED = "alias/aws/"


class UnknownKey(LookupError):
    """A key that a resource names and that is not there; the text says which."""


@dataclass(frozen=True)
class Key:
    """A customer managed key, with the names of all its aliases."""

    arn: str
    aliases: tuple[str, ...]


def key(region: str, name: str | None) -> Key | None:
    """By its id, ARN or alias; None for AWS's own key, whose policy lets the account use it through its service.

    https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk. Raises UnknownKey.
    """
    text = str(name or "")
    if not text or AWS_MANAGED in text:
        return None
    there = text.split(":")[3] if text.startswith("arn:") else region
    last = text.rsplit(":", 1)[-1]
    for one in list(kms_backends[ACCOUNT_ID][there].keys.values()):
        if last in one.aliases or last.removeprefix("key/") == one.id:
            return Key(one.arn, tuple(sorted(one.aliases)))
    raise UnknownKey(f"there is no key {text} in {there}")


def key_of_secret(region: str, name: str) -> Key | None:
    """Raises UnknownKey. A secret that is not there has none; nor has a copy, whose key moto does not keep."""
    secret = secretsmanager_backends[ACCOUNT_ID][region].secrets.get(name)
    return key(region, getattr(secret, "kms_key_id", None))


def key_of_backup(region: str, parameters: Mapping[str, Any]) -> Key | None:
    """That of what a restore is made of: a snapshot's is its instance's, which in another Region has the same id.

    The templates' keys are multi-Region ones. Raises UnknownKey.
    """
    backend = rds_backends[ACCOUNT_ID][region]
    snapshot = backend.database_snapshots.get(str(parameters.get("DBSnapshotIdentifier")))
    source = snapshot.database if snapshot is not None else None
    arn = parameters.get("SourceDBInstanceAutomatedBackupsArn")
    for there in list(rds_backends[ACCOUNT_ID].values()) if arn else ():
        source = next(
            (one for one in there.databases.values() if str(arn).endswith(one.db_instance_identifier)), source
        )
    return key(region, str(getattr(source, "kms_key_id", None) or "").rsplit("/", 1)[-1])


def tags(arn: str) -> Mapping[str, str]:
    """Of a DB instance; other resources' tags no policy asks for, and they are not looked up."""
    if ":db:" not in arn or "*" in arn:
        return {}
    database = rds_backends[ACCOUNT_ID][arn.split(":")[3]].databases.get(arn.rsplit(":", 1)[-1])
    return {one["Key"]: one["Value"] for one in getattr(database, "tags", ())}
