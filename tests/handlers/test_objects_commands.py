"""Does `drlab s3` bring a prefix back, all of it and nothing else, and say where the two buckets differ?"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from control_plane_world import ACCOUNT, PRIMARY, STANDBY
from emulated_aws import Cloud
from moto.s3.models import s3_backends

from failover.adapters.s3_backlog import RULE
from failover.adapters.s3_versions import S3Versions
from failover.application.errors import RunRefused
from failover.application.restore_objects import RestoreObjects
from lab import cli
from tests.dataplane.templates import of_type

BUCKETS = {region: f"drlab-app-app-data-{ACCOUNT}-{region}" for region in (PRIMARY, STANDBY)}
PREFIX = "app-data/"
Listing = dict[str, str]


@pytest.fixture
def objects(cloud: Cloud) -> Any:
    """S3, with both buckets and three objects in the leader's."""
    s3 = cloud.client("s3", "us-east-1")
    for bucket in BUCKETS.values():
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for name in "abc":
        s3.put_object(Bucket=BUCKETS[PRIMARY], Key=f"{PREFIX}{name}", Body=name.encode())
    s3.put_object(Bucket=BUCKETS[PRIMARY], Key="elsewhere/d", Body=b"d")
    return s3


def contents(s3: Any, region: str = PRIMARY) -> Listing:
    listed = s3.list_objects_v2(Bucket=BUCKETS[region]).get("Contents", [])
    return {one["Key"]: s3.get_object(Bucket=BUCKETS[region], Key=one["Key"])["Body"].read().decode() for one in listed}


def versions(s3: Any) -> int:
    return len(s3.list_object_versions(Bucket=BUCKETS[PRIMARY]).get("Versions", []))


def an_hour_ago() -> datetime:
    """Everything that is there now was there an hour ago; the answer is half an hour later. S3 tells whole seconds only."""
    for bucket in BUCKETS.values():
        keys = s3_backends[ACCOUNT]["aws"].buckets[bucket].keys
        for key in list(keys):
            for version in keys.getlist(key):
                version.last_modified -= timedelta(hours=1)
    return datetime.now(UTC) - timedelta(minutes=30)


def ransom(s3: Any) -> datetime:
    """Deletes one object, overwrites another, adds a note, and deletes elsewhere; the moment before it."""
    before = an_hour_ago()
    s3.delete_object(Bucket=BUCKETS[PRIMARY], Key=f"{PREFIX}a")
    s3.delete_object(Bucket=BUCKETS[PRIMARY], Key=f"{PREFIX}a")
    s3.put_object(Bucket=BUCKETS[PRIMARY], Key=f"{PREFIX}b", Body=b"encrypted")
    s3.put_object(Bucket=BUCKETS[PRIMARY], Key=f"{PREFIX}note", Body=b"pay")
    s3.delete_object(Bucket=BUCKETS[PRIMARY], Key="elsewhere/d")
    return before


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join("".join(capsys.readouterr()).split())


@pytest.mark.scenario("F46")
def test_what_was_deleted_comes_back_and_nothing_else_changes(objects: Any, capsys: pytest.CaptureFixture[str]) -> None:
    ransom(objects)
    kept = versions(objects)
    assert cli.main(["s3", "undelete", PREFIX, "--dry-run"]) == 0
    assert "Would be done" in said(capsys)
    assert f"{PREFIX}a" not in contents(objects), "a dry run changes nothing"
    assert cli.main(["s3", "undelete", PREFIX]) == 0
    assert "1 brought back (1 bytes)" in said(capsys)
    assert contents(objects) == {
        f"{PREFIX}a": "a",
        f"{PREFIX}b": "encrypted",
        f"{PREFIX}c": "c",
        f"{PREFIX}note": "pay",
    }
    assert versions(objects) == kept


@pytest.mark.scenario("F46")
def test_a_prefix_is_as_it_was_at_a_time_and_every_version_is_kept(
    objects: Any, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    before = ransom(objects)
    kept = versions(objects)
    line = ["s3", "restore", PREFIX, "--to", before.isoformat()]
    assert cli.main([*line, "--dry-run", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["dry_run"], told["restored"], told["complete"]) == (True, 2, True)
    assert contents(objects)[f"{PREFIX}b"] == "encrypted"
    assert cli.main(line) == 0
    text = said(capsys)
    assert "2 brought back" in text
    assert f"Left as it is: {PREFIX}note: was not there then" in text
    assert contents(objects) == {f"{PREFIX}a": "a", f"{PREFIX}b": "b", f"{PREFIX}c": "c", f"{PREFIX}note": "pay"}
    assert versions(objects) == kept + 2
    journal = cloud.client("s3").list_objects_v2(Bucket=f"drlab-app-control-{ACCOUNT}-{STANDBY}", Prefix="journal/")
    assert journal["KeyCount"] == 1, "who did it, and what, is remembered"


def test_what_was_not_there_then_is_deleted_only_when_asked_for(objects: Any) -> None:
    before = ransom(objects)
    assert cli.main(["s3", "restore", PREFIX, "--to", before.isoformat(), "--delete-newer"]) == 0
    assert contents(objects) == {f"{PREFIX}a": "a", f"{PREFIX}b": "b", f"{PREFIX}c": "c"}


def test_a_restore_that_was_interrupted_goes_on_where_it_was(
    objects: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        objects.put_object(Bucket=BUCKETS[PRIMARY], Key=f"{PREFIX}many/{number:02}", Body=b"good")
    before = an_hour_ago()
    for number in range(30):
        objects.put_object(Bucket=BUCKETS[PRIMARY], Key=f"{PREFIX}many/{number:02}", Body=b"bad!")
    copy, copied = S3Versions.copy_on_top, []

    def cut_short(self: S3Versions, wanted: Any) -> None:
        if len(copied) == 5:
            raise cli.Interrupted
        copied.append(wanted.key)
        copy(self, wanted)

    monkeypatch.setattr(S3Versions, "copy_on_top", cut_short)
    line = ["s3", "restore", f"{PREFIX}many/", "--to", before.isoformat()]
    assert cli.main(line) == 130
    assert "type the same line again" in capsys.readouterr().err
    monkeypatch.setattr(S3Versions, "copy_on_top", copy)
    kept = versions(objects)
    assert cli.main(line) == 0
    assert "25 brought back (100 bytes), 5 already were" in said(capsys)
    assert versions(objects) == kept + 25
    assert {text for key, text in contents(objects).items() if "many" in key} == {"good"}


def test_an_object_that_is_not_what_it_was_afterwards_is_told_as_failed(
    objects: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is looked at again before it counts; the others go on."""
    before = ransom(objects)

    def another(self: S3Versions, wanted: Any) -> None:
        objects.put_object(Bucket=self.bucket, Key=wanted.key, Body=b"?")

    monkeypatch.setattr(S3Versions, "copy_on_top", another)
    assert cli.main(["s3", "restore", PREFIX, "--to", before.isoformat()]) == 1
    text = said(capsys)
    assert f"Failed: {PREFIX}b: {PREFIX}b was written, but is not what version" in text
    assert "1 brought back" not in text.split("Failed")[1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["restore", PREFIX, "--to", "yesterday"], "--to 'yesterday' is no time"),
        (["restore", PREFIX, "--to", "2026-03-01T00:00:00"], "has no zone"),
        (["restore", PREFIX, "--to", "2999-01-01T00:00:00Z"], "is yet to come"),
        (["restore", PREFIX, "--to", "0001-01-01T00:00:00+14:00"], "is before the first year"),
        (["restore", PREFIX, "--to", "2001-01-01T00:00:00Z", "--delete-newer"], "is as old as 2001-01-01T00:00:00Z"),
        (["undelete", "app-dta/"], "There is and was nothing below 'app-dta/'"),
        (["undelete", PREFIX, "--region", "eu-west-1"], "--region 'eu-west-1' is not one of"),
        (["undelete", ""], "The prefix '' names nothing"),
        (["restore", "/", "--to", "2001-01-01T00:00:00Z"], "The prefix '/' names nothing"),
        (["compare", " "], "The prefix ' ' names nothing"),
        (["compare", "app-dta/"], "Neither bucket has an object below 'app-dta/'"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence_and_nothing_is_changed(
    objects: Any, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    before = contents(objects), versions(objects)
    assert cli.main(["s3", *arguments]) == 2
    assert sentence in said(capsys)
    assert (contents(objects), versions(objects)) == before


def test_a_bucket_that_keeps_no_versions_is_told_so(objects: Any) -> None:
    objects.create_bucket(Bucket="plain")
    with pytest.raises(RunRefused, match="keeps no versions"):
        RestoreObjects(S3Versions(objects, "plain"), dry_run=False).undelete(PREFIX)


def test_the_buckets_are_compared_object_by_object(
    objects: Any, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    there = BUCKETS[STANDBY]
    objects.put_object(Bucket=there, Key=f"{PREFIX}a", Body=b"a")
    objects.put_object(Bucket=there, Key=f"{PREFIX}b", Body=b"B")
    objects.put_object(Bucket=there, Key=f"{PREFIX}z", Body=b"z")
    assert cli.main(["s3", "compare", PREFIX]) == 1
    text = said(capsys)
    assert "How many objects wait for replication is unknown: S3 has published no figure within 20 minutes." in text
    assert "4 objects below 'app-data/': 1 are the same in ap-southeast-2 and us-west-2, 3 are not." in text
    assert f"{PREFIX}b: different in the other bucket" in text
    assert f"{PREFIX}c: missing in the other bucket" in text
    assert f"{PREFIX}z: only in the other bucket" in text


def test_what_waits_for_replication_is_read_in_the_region_that_it_goes_to(
    objects: Any, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """S3 publishes it there, so that it can be read with the leader's Region dark."""
    dimensions = [
        {"Name": "SourceBucket", "Value": BUCKETS[PRIMARY]},
        {"Name": "DestinationBucket", "Value": BUCKETS[STANDBY]},
        {"Name": "RuleId", "Value": RULE},
    ]
    at = datetime.now(UTC) - timedelta(minutes=2)
    cloud.client("cloudwatch").put_metric_data(
        Namespace="AWS/S3",
        MetricData=[
            {"MetricName": name, "Dimensions": dimensions, "Value": value, "Timestamp": at}
            for name, value in (
                ("OperationsPendingReplication", 7),
                ("BytesPendingReplication", 4096),
                ("ReplicationLatency", 31),
            )
        ],
    )
    cli.main(["s3", "compare", PREFIX, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (told["backlog"]["operations"], told["backlog"]["bytes"], told["backlog"]["behind_seconds"]) == (7, 4096, 31)
    assert "7 object operations (4096 bytes) were waiting" in told["backlog"]["reason"]


def test_the_names_are_those_of_the_templates() -> None:
    (rule,) = next(
        one["ReplicationConfiguration"]["Rules"]
        for one in of_type(PRIMARY, "storage", "AWS::S3::Bucket").values()
        if "ReplicationConfiguration" in one
    )
    assert rule["Id"] == RULE


def test_versions_of_one_key_on_two_pages_stay_together(objects: Any) -> None:
    for number in range(4):
        objects.put_object(Bucket=BUCKETS[PRIMARY], Key=f"{PREFIX}b", Body=str(number).encode())
    paginator = objects.get_paginator("list_object_versions")
    real = paginator.paginate

    class Paged:
        """Three to a page, where S3 gives a thousand."""

        def get_paginator(self, name: str) -> Any:
            del name
            return type(
                "P", (), {"paginate": staticmethod(lambda **named: real(PaginationConfig={"PageSize": 3}, **named))}
            )

    found = {one[0].key: len(one) for one in S3Versions(Paged(), BUCKETS[PRIMARY]).by_key(PREFIX)}
    assert found == {f"{PREFIX}a": 1, f"{PREFIX}b": 5, f"{PREFIX}c": 1}
