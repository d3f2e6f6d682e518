"""Is a write here proven by the service itself, and by nobody else's?"""

from __future__ import annotations

from typing import Any

import pytest
from control_plane_world import PRIMARY, STANDBY, MemoryWeb, VirtualClock, plan_with, run_with

from failover.application.errors import StillInProgress
from failover.application.verify_writes import VerifyWrites

DBCHECK = f"https://{STANDBY}.app.example.com/dbcheck"
GOOD: dict[str, Any] = {"written": True, "read_back": True, "in_recovery": False, "elapsed_ms": 4.2}


def verifying() -> tuple[VerifyWrites, MemoryWeb, VirtualClock]:
    clock, web = VirtualClock(), MemoryWeb()
    return VerifyWrites(plan_with(), STANDBY, web, clock), web, clock


def test_a_row_read_back_through_this_regions_service_is_proof() -> None:
    verify, web, clock = verifying()
    web.say(DBCHECK, 503, STANDBY, detail="no connection")
    clock.later(10, lambda: web.say(DBCHECK, 200, STANDBY, **GOOD))
    assert verify(run_with()) == {"region": STANDBY, "read_back": True, "elapsed_ms": 4.2}
    assert clock.elapsed == 10


@pytest.mark.parametrize(
    ("status", "region", "body", "why"),
    [
        (200, PRIMARY, GOOD, "answered by ap-southeast-2, not us-west-2"),
        (200, None, GOOD, "an unnamed Region"),
        (200, STANDBY, {**GOOD, "read_back": False}, "without a row read back"),
        (200, STANDBY, {**GOOD, "in_recovery": True}, "without a row read back"),
        (200, STANDBY, {}, "without a row read back"),
        (503, STANDBY, {"detail": "the database is read-only"}, "503: the database is read-only"),
        (502, None, {}, "502: no detail given."),
    ],
)
def test_anything_else_is_no_proof_and_is_told(status: int, region: str | None, body: dict[str, Any], why: str) -> None:
    verify, web, clock = verifying()
    web.say(DBCHECK, status, region, **body)
    with pytest.raises(StillInProgress, match=why):
        verify(run_with())
    assert clock.elapsed < 45


def test_silence_is_no_proof() -> None:
    verify, _, _ = verifying()
    with pytest.raises(StillInProgress, match="does not answer"):
        verify(run_with())
