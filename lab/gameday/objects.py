"""What becomes of users' objects on a game day, and are they as they were?

Content follows from an object's number, so that whoever looks needs no list of what was there.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from failover.domain.plan import Plan
from lab.gameday.stage import awaited, the_lab, the_stage
from lab.laboratory import LabError
from lab.settings import PRIMARY_REGION

PREFIX = "app-data/gameday/"
COUNT = 40
# S3 tells when a version was made to the second: what is restored to must lie in a second of its own.
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_ObjectVersion.html (LastModified)
A_SECOND_OF_ITS_OWN = 2.1
RESTORED_WITHIN = timedelta(seconds=60)


def users_keep_objects() -> str:
    """As they are now, they are to be had again."""
    bucket, s3 = _bucket(PRIMARY_REGION)
    for key, body in _objects():
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    time.sleep(A_SECOND_OF_ITS_OWN)
    the_stage().good_at = datetime.now(UTC)
    time.sleep(A_SECOND_OF_ITS_OWN)
    return f"{COUNT} objects below {PREFIX}"


def somebody_encrypts_and_deletes_them() -> str:
    """With the rights of an application: every other object is overwritten, the rest deleted. Versions stay."""
    the_stage().strike()
    bucket, s3 = _bucket(PRIMARY_REGION)
    for number, (key, _) in enumerate(_objects()):
        if number % 2:
            s3.delete_object(Bucket=bucket, Key=key)
        else:
            s3.put_object(Bucket=bucket, Key=key, Body=b"pay 3 BTC")
    return f"{COUNT // 2} objects encrypted, {COUNT // 2} deleted"


def a_person_restores_them() -> str:
    """By the command of the book, in a process of its own. Raises ProcessFailed with what it said when it fails."""
    lab, good_at = the_lab(), the_stage().good_at
    if good_at is None:
        raise LabError("nobody has kept any objects yet")
    log = lab.processes.state_directory / "s3-restore.log"
    lab.processes.run(
        [
            sys.executable,
            *("-m", "lab.cli", "s3", "restore", PREFIX, "--to", good_at.isoformat(timespec="seconds")),
            *("--target", "lab", "--cloud-port", str(urlsplit(lab.cloud.endpoint).port)),
        ],
        name="drlab s3 restore",
        log=log,
        within=RESTORED_WITHIN,
    )
    return " ".join(log.read_text(encoding="utf-8").split())[-300:]


def are_as_they_were(region: str, within_seconds: float) -> str:
    """In this Region's bucket; the standby's follows by replication. Raises LabError."""

    def same() -> str | None:
        return None if list(_differing(region)) else f"all {COUNT} objects in {region}"

    return awaited(same, f"every object as it was in {region}", within_seconds)


def none_is_as_it_was(region: str) -> str:
    """Or else nothing was broken, and nothing is proven. Raises LabError."""
    if (left := COUNT - len(list(_differing(region)))) > 0:
        raise LabError(f"{left} objects in {region} are as they were")
    return f"{COUNT} objects differ in {region}"


def _differing(region: str) -> Iterator[str]:
    bucket, s3 = _bucket(region)
    for key, body in _objects():
        try:
            found = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except s3.exceptions.NoSuchKey:
            found = None
        if found != body:
            yield key


def _objects() -> Iterator[tuple[str, bytes]]:
    return ((f"{PREFIX}{number:03}.txt", f"invoice {number}".encode()) for number in range(COUNT))


def _bucket(region: str) -> tuple[str, Any]:
    lab = the_lab()
    return Plan.parse(json.dumps(lab.plan)).objects_bucket(region), lab.client("s3", region)
