"""Is a heartbeat read as it was written, and is the newer one told from the older?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from control_plane_world import NOW, PRIMARY, STANDBY

from failover.domain.heartbeat import Heartbeat, Lsn
from failover.domain.instants import aware

BEAT = Heartbeat(PRIMARY, 4, 7, NOW, Lsn(0x16_B374D848))
SECOND = timedelta(seconds=1)


def test_what_is_written_down_is_plain_json_and_is_read_as_it_was() -> None:
    written = BEAT.to_dict()
    assert written == {
        "region": PRIMARY,
        "epoch": 4,
        "sequence": 7,
        "at": "2026-11-23T03:00:00+00:00",
        "lsn": "16/B374D848",
    }
    assert Heartbeat.from_dict(written) == BEAT


def test_an_instant_of_another_zone_is_read_in_utc() -> None:
    """It is shown to people and compared as text: a zone that depends on the machine would make two of one."""
    found = Heartbeat.from_dict({**BEAT.to_dict(), "at": "2026-11-23T08:30:00+05:30"})
    assert found.at.isoformat() == NOW.isoformat()
    assert found.at.tzinfo is UTC


@pytest.mark.parametrize("wrong", [{"region": 5}, {"epoch": "4"}, {"epoch": True}, {"sequence": 1.0}])
def test_a_value_of_the_wrong_kind_is_refused_with_what_is_needed(wrong: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="region must be text, epoch and sequence whole numbers"):
        Heartbeat.from_dict({**BEAT.to_dict(), **wrong})


def test_an_instant_without_a_zone_is_refused_by_what_it_says() -> None:
    with pytest.raises(ValueError, match="2026-11-23T03:00:00 has no time zone"):
        aware("2026-11-23T03:00:00")
    assert aware("2026-11-23T03:00:00+00:00") == datetime(2026, 11, 23, 3, tzinfo=UTC)
    with pytest.raises(ValueError, match=r"0001-01-01T00:00:00\+14:00 is no moment in UTC"):
        aware("0001-01-01T00:00:00+14:00")


@pytest.mark.parametrize("text", ["16/B374D848", "16/b374d848"])
def test_a_position_is_read_in_either_case(text: str) -> None:
    assert Lsn.parse(text) == Lsn(0x16_B374D848)


def test_one_leaders_heartbeats_go_by_its_clock_and_two_leaders_by_the_epoch() -> None:
    later, other = replace(BEAT, at=NOW + SECOND, epoch=1), replace(BEAT, region=STANDBY, at=NOW - SECOND)
    assert (later.is_newer_than(BEAT), BEAT.is_newer_than(later)) == (True, False)
    assert not BEAT.is_newer_than(BEAT)
    assert replace(other, epoch=5).is_newer_than(BEAT)
    assert (other.is_newer_than(BEAT), BEAT.is_newer_than(other)) == (False, False)
