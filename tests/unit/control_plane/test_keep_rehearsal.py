"""Is a rehearsal that passed remembered as the newest proof, and one that failed told without replacing it?"""

from __future__ import annotations

import json
from datetime import timedelta

import boto3
import pytest
from control_plane_world import NOW, MemoryJournal, VirtualClock
from moto import mock_aws

from failover.adapters.s3_rehearsals import S3Rehearsals
from failover.application.errors import RunRefused
from failover.application.keep_rehearsal import KeepRehearsal
from failover.domain.rehearsal import Production, Rehearsed, Tried

QUIET = Production("source", (), "ap-southeast-2", timedelta(0))


class Kept:
    def __init__(self) -> None:
        self.text: str | None = None

    def write(self, text: str) -> None:
        self.text = text


def rehearsed(**tried: object) -> Rehearsed:
    one = {"restored_from": "backup-7", "restore": timedelta(seconds=9.5), "content": None, "unusable": ()}
    return Rehearsed(Tried(**{**one, "left_behind": None, **tried}), (), QUIET, QUIET)  # type: ignore[arg-type]


def test_one_that_passed_is_the_newest_proof_and_names_who_made_it() -> None:
    kept, journal = Kept(), MemoryJournal()
    assert KeepRehearsal(kept, journal, VirtualClock(), "maria")(rehearsed())
    assert kept.text is not None
    assert json.loads(kept.text)["at"] == NOW.isoformat()
    assert (json.loads(kept.text)["by"], json.loads(kept.text)["seconds"]) == ("maria", 9.5)
    assert [event.kind for event in journal.events] == ["restore-rehearsed"]


def test_one_that_failed_is_told_and_proves_nothing() -> None:
    """The newest backup was damaged: that an older one could be restored is no proof of the newest."""
    kept, journal = Kept(), MemoryJournal()
    KeepRehearsal(kept, journal, VirtualClock(), "maria")(rehearsed(unusable=({"point": "a", "reason": "damaged"},)))
    assert kept.text is None
    assert [event.kind for event in journal.events] == ["restore-rehearsal-failed"]


def test_what_is_kept_is_read_back_and_what_says_no_time_is_no_proof() -> None:
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="control")
        kept = S3Rehearsals(s3, "control")
        assert kept.last_rehearsed() is None
        kept.write(json.dumps({"at": NOW.isoformat()}))
        assert kept.last_rehearsed() == NOW
        kept.write("{}")
        with pytest.raises(RunRefused, match=r"rehearsal\.json does not say when"):
            kept.last_rehearsed()
