"""Is a rehearsal that passed kept as the newest proof, with its time and price, and is one that failed only told?"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from control_plane_world import NOW, PRIMARY, STANDBY
from moto import mock_aws
from rehearsal_world import NAME, PUBLIC, RUN, RehearsalWorld

from failover.adapters.s3_rehearsals import S3Rehearsals
from failover.application.errors import RunRefused
from failover.domain.rehearsal import Production, disturbed, price_usd

LATE = {"Error": "States.Timeout"}
REFUSED = {"Error": "RunRefused", "Cause": json.dumps({"errorMessage": "No backup proved usable."})}


def after_a_restore() -> RehearsalWorld:
    world = RehearsalWorld()
    world.checked()
    world.state["restored"] = {"restored_from": "the automated backups", "seconds": 1200.0, "unusable": []}
    world.state["cleared"] = {"gone": True}
    return world


def kept(world: RehearsalWorld) -> dict[str, Any]:
    return world.keep()(world.run())


def test_one_that_passed_is_the_newest_proof_with_its_time_and_its_price() -> None:
    world = after_a_restore()
    found = kept(world)
    assert (found["passed"], found["disturbed"], found["left_behind"]) == (True, [], None)
    assert found["reason"] == "the automated backups was restored in 1200.0 s, and production did not notice."
    assert (found["price_usd"], found["price"]) == (
        0.0107,
        "db.t4g.small for 1200 s, list price of 2026-11-25, without storage",
    )
    assert world.kept.text is not None
    proof = json.loads(world.kept.text)
    assert (proof["at"], proof["run"], proof["seconds"]) == (NOW.isoformat(), RUN, 1200.0)
    assert proof["before"] == proof["after"]


@pytest.mark.scenario("F47")
@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"restored": None, "error": REFUSED}, "No backup proved usable."),
        (
            {
                "restored": {
                    "restored_from": "the snapshot a",
                    "seconds": 20,
                    "unusable": [{"point": "the automated backups", "reason": "damaged"}],
                }
            },
            "the automated backups was not used: damaged. the snapshot a can be restored.",
        ),
        (
            {"cleared": None, "clear_error": LATE},
            f"{NAME} is left, delete it: States.Timeout was raised.",
        ),
        (
            {"restored": None, "error": LATE, "cleared": None, "clear_error": LATE},
            f"States.Timeout was raised. {NAME} is left, delete it: States.Timeout was raised.",
        ),
        (
            {"cleared": None, "clear_error": {"Error": "SomebodyElses", "Cause": "Look at it."}},
            f"{NAME} is not the rehearsal's, and was left as it is.",
        ),
    ],
)
def test_one_that_failed_is_told_and_proves_nothing(change: dict[str, Any], why: str) -> None:
    """That an older backup could be restored is no proof of the newest."""
    world = after_a_restore()
    world.state.update(change)
    found = kept(world)
    assert (found["passed"], world.kept.text) == (False, None)
    assert found["reason"] == why


def test_what_production_noticed_fails_it() -> None:
    world = after_a_restore()
    world.web.say(PUBLIC, 200, STANDBY)
    world.sessions.slot_names = ("left",)
    found = kept(world)
    assert found["passed"] is False
    assert found["disturbed"] == [
        "its slots changed from () to ('left',)",
        f"the public name changed from {PRIMARY} to {STANDBY}",
    ]


def test_what_could_not_be_seen_proves_nothing() -> None:
    quiet = Production("arn", (), PRIMARY, timedelta(seconds=1))
    second = timedelta(seconds=1)
    assert disturbed(quiet, quiet, second) == ()
    assert disturbed(quiet, replace(quiet, lag=timedelta(seconds=9)), second) == ("the lag grew from 1.0 s to 9.0 s",)
    for name in ("source", "slots", "answered_by", "lag"):
        assert "could not be seen after" in disturbed(quiet, replace(quiet, **{name: None}), second)[0]
    assert Production.from_dict(quiet.to_dict()) == quiet


def test_rds_bills_ten_minutes_at_least() -> None:
    assert price_usd(0.06, timedelta(seconds=9)) == price_usd(0.06, None) == 0.01
    assert price_usd(0.06, timedelta(hours=1)) == 0.06


def test_without_a_price_it_is_unknown_and_not_nothing() -> None:
    world = after_a_restore()
    name = "/drlab/app/database-placement"
    world.parameters.values[name] = world.parameters.values[name].replace("hourly_usd", "other")
    assert kept(world)["price_usd"] is None


def test_what_is_kept_is_read_back_and_what_says_no_time_is_no_proof() -> None:
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="control")
        kept = S3Rehearsals(s3, "control")
        assert (kept.last_rehearsed(), kept.last_took()) == (None, None)
        kept.write(json.dumps({"at": NOW.isoformat()}))
        assert kept.last_rehearsed() == NOW
        with pytest.raises(RunRefused, match="how long a restore took"):
            kept.last_took()
        kept.write(json.dumps({"at": NOW.isoformat(), "seconds": 9.5}))
        assert kept.last_took() == timedelta(seconds=9.5)
        kept.write("{}")
        with pytest.raises(RunRefused, match=r"rehearsal\.json does not say when"):
            kept.last_rehearsed()
