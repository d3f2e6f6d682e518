"""Does the journal show what was changed in it?"""

from __future__ import annotations

import io
import json
import threading
from dataclasses import dataclass, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from control_plane_world import NOW, STANDBY
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from failover.adapters.s3_journal import S3Journal
from failover.adapters.s3_versions import S3Versions
from failover.application.errors import RunRefused
from failover.application.remembering import remember
from failover.application.verify_journal import Verified, VerifyJournal
from failover.domain.digest import digest_of
from failover.domain.journal import Entry, Event, flaws, key_of, next_entry, outcomes_named

ALARM = Event("alarm-refused", "ReceiveAlarm", "It is disarmed.", None, {"alarm": "arn"})


def journal(length: int) -> dict[str, str]:
    texts: dict[str, str] = {}
    newest = None
    for number in range(1, length + 1):
        entry = next_entry(newest, Event("kind", "somebody", f"the {number}th"), NOW + timedelta(seconds=number))
        newest = texts[key_of(number)] = entry.to_text()
    return texts


def test_a_journal_that_nobody_touched_has_no_flaws() -> None:
    assert flaws(journal(12)) == []
    assert flaws({}) == []


@given(st.integers(1, 12), st.sampled_from(["at", "kind", "by", "reason", "run", "data"]))
def test_an_edit_of_any_field_but_the_newest_entry_s_is_named(number: int, field: str) -> None:
    texts = journal(13)
    altered = json.loads(texts[key_of(number)])
    altered[field] = {"x": 1} if field == "data" else "2027-01-01T00:00:00+00:00"
    texts[key_of(number)] = json.dumps(altered, sort_keys=True)
    found = flaws(texts)
    assert len(found) == 1
    assert key_of(number) in found[0]
    assert key_of(number + 1) in found[0]


@given(st.integers(1, 11))
def test_a_gap_is_named(number: int) -> None:
    texts = journal(12)
    del texts[key_of(number)]
    assert any(key_of(number + 1) in flaw and "missing" in flaw for flaw in flaws(texts))


@given(st.integers(1, 11))
def test_two_entries_that_changed_places_are_named(number: int) -> None:
    texts = journal(12)
    one, other = key_of(number), key_of(number + 1)
    texts[one], texts[other] = texts[other], texts[one]
    found = " ".join(flaws(texts))
    assert f"{one} holds the entry {number + 1}" in found
    assert f"{other} holds the entry {number}" in found


def test_what_is_no_entry_is_named() -> None:
    texts = {**journal(3), key_of(2): "{}"}
    assert flaws(texts) == [f"{key_of(2)} is no entry: 'number'."]


@pytest.mark.parametrize(
    "damage",
    [
        {"data": ["a", "list"]},
        {"data": None},
        {"at": "2027-01-01T00:00:00"},
        {"at": 7},
        {"kind": None},
        {"by": ["kim"]},
        {"run": 7},
        {"number": "2"},
        {"previous": "nothing"},
    ],
)
def test_an_entry_that_nobody_here_could_have_written_is_named_and_ends_no_reader(damage: dict[str, object]) -> None:
    texts = journal(3)
    texts[key_of(2)] = json.dumps({**json.loads(texts[key_of(2)]), **damage})
    (flaw,) = flaws(texts)
    assert flaw.startswith(f"{key_of(2)} is no entry: ")
    assert outcomes_named(texts.values()) == {}


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "")
    with mock_aws():
        client = boto3.client("s3", region_name=STANDBY)
        client.create_bucket(
            Bucket="control",
            ObjectLockEnabledForBucket=True,
            CreateBucketConfiguration={"LocationConstraint": STANDBY},  # type: ignore[typeddict-item]
        )
        yield client


def test_writers_that_know_nothing_of_each_other_make_one_chain(bucket: object) -> None:
    one, other = S3Journal(bucket, "control"), S3Journal(bucket, "control")
    for _ in range(3):
        one.append(ALARM)
        other.append(ALARM)
    stored = S3Journal(bucket, "control").all()
    assert list(stored) == [key_of(number) for number in range(1, 7)]
    assert flaws(stored) == []


def test_entries_are_read_side_by_side_and_told_in_their_order() -> None:
    """One by one, a hundred of a Region across an ocean take longer than the operators' API may: during a run, of all times."""
    texts, together = journal(8), threading.Barrier(4, timeout=10)

    class Bucket:
        def get_paginator(self, _: str) -> Any:
            return SimpleNamespace(paginate=lambda **_: [{"Contents": [{"Key": key} for key in texts]}])

        def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
            del Bucket
            together.wait()
            return {"Body": io.BytesIO(texts[Key].encode())}

    assert list(S3Journal(Bucket(), "control").all().items()) == list(texts.items())
    newest = S3Journal(Bucket(), "control").newest_entries(4)
    assert [one.number for one in newest] == [5, 6, 7, 8]


def test_an_entry_is_locked_as_it_is_written(bucket: object) -> None:
    S3Journal(bucket, "control").append(ALARM)
    head = bucket.head_object(Bucket="control", Key=key_of(1))  # type: ignore[attr-defined]
    assert head["ObjectLockMode"] == "GOVERNANCE"


def test_a_newest_entry_that_is_none_is_not_built_upon(bucket: object) -> None:
    bucket.put_object(Bucket="control", Key=key_of(1), Body=b"nonsense")  # type: ignore[attr-defined]
    with pytest.raises(RunRefused, match="newest entry cannot be read"):
        S3Journal(bucket, "control").append(ALARM)


def test_bytes_that_are_no_text_are_found_and_hold_up_nobody(bucket: object) -> None:
    """A run is started before it is remembered: whatever lies in the journal, the decision stands."""
    bucket.put_object(Bucket="control", Key=key_of(1), Body=b"\xff\xfe")  # type: ignore[attr-defined]
    assert remember(S3Journal(bucket, "control"), ALARM) is False
    assert key_of(1) in flaws(S3Journal(bucket, "control").all())[0]


def test_an_entry_is_read_as_it_was_written_and_its_bytes_never_change() -> None:
    """The digest of every entry is in the next: a byte that is written otherwise breaks the chains that exist."""
    entry = next_entry(None, Event("k", "b", "r", "run-1", {"z": 1, "a": None}), NOW)
    assert entry.to_text() == (
        '{"at": "2026-11-23T03:00:00+00:00", "by": "b", "data": {"a": null, "z": 1}, "kind": "k", "number": 1, '
        f'"previous": "{"0" * 64}", "reason": "r", "run": "run-1"}}'
    )
    assert Entry.parse(entry.to_text()) == entry
    bare = next_entry(entry.to_text(), Event("k", "b", "r"), NOW)
    assert Entry.parse(bare.to_text()) == replace(bare, event=replace(bare.event, data={}))
    assert (bare.number, bare.previous) == (2, digest_of(entry.to_text()))


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        ({"number": "2"}, "an entry has a whole number and the digest of the entry before it"),
        ({"previous": "0" * 63}, "an entry has a whole number and the digest of the entry before it"),
        ({"reason": 7}, "kind, by and reason must be text"),
        ({"run": 7}, "run must be text or null, data an object"),
        ({"data": []}, "run must be text or null, data an object"),
    ],
)
def test_a_damaged_entry_is_told_with_what_is_wrong(damage: dict[str, object], why: str) -> None:
    texts = journal(3)
    texts[key_of(2)] = json.dumps({**json.loads(texts[key_of(2)]), **damage})
    assert flaws(texts) == [f"{key_of(2)} is no entry: {why}."]


def test_a_journal_whose_first_entry_follows_another_was_cut_off_at_its_start() -> None:
    first = json.dumps({**json.loads(journal(1)[key_of(1)]), "previous": "1" * 64})
    assert flaws({key_of(1): first}) == [f"{key_of(1)} does not follow from {key_of(0)}: one of the two was changed."]


def test_a_change_after_a_damaged_entry_is_named_as_well() -> None:
    texts = {**journal(6), key_of(2): "{}"}
    texts[key_of(4)] = texts[key_of(4)].replace("the 4th", "nothing")
    assert flaws(texts) == [
        f"{key_of(2)} is no entry: 'number'.",
        f"{key_of(5)} does not follow from {key_of(4)}: one of the two was changed.",
    ]


def test_a_gap_after_a_damaged_entry_is_named_as_well() -> None:
    texts = {**journal(4), key_of(2): "{}"}
    del texts[key_of(3)]
    assert flaws(texts)[1:] == [f"{key_of(4)} comes where entry 3 should: entries are missing or out of order."]


def test_the_outcomes_that_entries_name_are_found_whatever_lies_between() -> None:
    def told(data: dict[str, object] | None) -> str:
        return next_entry(None, Event("outcome", "RecordOutcome", "r", None, data), NOW).to_text()

    texts = [
        told({"key": "runs/1", "sha256": "aa"}),
        "no entry",
        told({"key": "runs/2"}),
        told({"sha256": "cc"}),
        told({"key": "runs/4", "sha256": 4}),
        told(None),
        told({"key": "runs/5", "sha256": "ee"}),
    ]
    assert outcomes_named(texts) == {"runs/1": "aa", "runs/5": "ee"}


@dataclass(frozen=True)
class NoOutcomes:
    def read(self, key: str) -> None:
        return None

    def put_once(self, key: str, text: str) -> str:
        raise AssertionError((key, text))


class Tampered:
    """A journal of three entries, which is verified in a process that knows nothing of how it came about."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.first: dict[str, str] = {}
        for _ in range(3):
            S3Journal(client, "control").append(ALARM)
        for number in (1, 2, 3):
            self.first[key_of(number)] = client.head_object(Bucket="control", Key=key_of(number))["VersionId"]

    def verified(self) -> Verified:
        return VerifyJournal(S3Journal(self.client, "control"), S3Versions(self.client, "control"), NoOutcomes())()

    def forge(self, number: int) -> None:
        """So that the chain is whole, as only the newest entry can be."""
        text = self.client.get_object(Bucket="control", Key=key_of(number))["Body"].read().decode()
        self.client.put_object(Bucket="control", Key=key_of(number), Body=text.replace("disarmed", "armed").encode())

    def remove(self, number: int) -> None:
        self.client.delete_object(Bucket="control", Key=key_of(number))


@pytest.fixture
def tampered(bucket: object) -> Tampered:
    return Tampered(bucket)


def test_a_journal_of_which_every_entry_was_written_once_is_whole(tampered: Tampered) -> None:
    assert (tampered.verified().entries, tampered.verified().flaws) == (3, ())


def test_a_newest_entry_that_was_forged_is_named_with_the_version_that_was_written_first(tampered: Tampered) -> None:
    """No entry follows that holds its digest: the chain is whole."""
    tampered.forge(3)
    assert flaws(S3Journal(tampered.client, "control").all()) == []
    (flaw,) = tampered.verified().flaws
    assert flaw.startswith(f"{key_of(3)} was overwritten")
    assert tampered.first[key_of(3)] in flaw


def test_a_newest_entry_that_was_removed_is_named(tampered: Tampered) -> None:
    tampered.remove(3)
    found = tampered.verified()
    assert found.entries == 2
    (flaw,) = found.flaws
    assert flaw.startswith(f"{key_of(3)} was deleted (")
    assert tampered.first[key_of(3)] in flaw


def test_a_journal_that_was_removed_altogether_is_named_entry_by_entry(tampered: Tampered) -> None:
    for number in (1, 2, 3):
        tampered.remove(number)
    found = tampered.verified()
    assert (found.entries, found.newest, len(found.flaws)) == (0, None, 3)
    assert all(key_of(number) in flaw for number, flaw in enumerate(found.flaws, 1))


def test_an_entry_that_another_took_the_place_of_is_named(tampered: Tampered) -> None:
    """The next writer finds the number free, and the chain is whole again."""
    tampered.remove(3)
    S3Journal(tampered.client, "control").append(replace(ALARM, reason="Nothing happened."))
    assert flaws(S3Journal(tampered.client, "control").all()) == []
    (flaw,) = tampered.verified().flaws
    assert flaw.startswith(f"{key_of(3)} was deleted and written again")
    assert tampered.first[key_of(3)] in flaw


def test_a_version_that_was_removed_for_good_is_a_gap(tampered: Tampered) -> None:
    """Which takes s3:BypassGovernanceRetention. At the journal's end there is nothing left that could tell."""
    tampered.client.delete_object(
        Bucket="control", Key=key_of(2), VersionId=tampered.first[key_of(2)], BypassGovernanceRetention=True
    )
    assert [flaw for flaw in tampered.verified().flaws if "missing" in flaw]
