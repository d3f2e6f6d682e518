"""Are the rows that a leader may lack looked for far enough back, and listed in the same way each time?"""

from __future__ import annotations

from datetime import timedelta, timezone

from control_plane_world import NOW, PRIMARY

from failover.domain.divergence import OVERLAP, THE_BEGINNING, LedgerRow, as_lines, looked_at_since
from failover.domain.heartbeat import Heartbeat, Lsn


def test_a_replica_without_a_heartbeat_of_the_old_primary_may_lack_everything() -> None:
    assert looked_at_since(None) == THE_BEGINNING
    assert looked_at_since(Heartbeat(PRIMARY, 1, 1, NOW, Lsn(1))) == NOW - OVERLAP


def test_rows_are_listed_in_the_order_of_their_acceptance_and_each_with_its_keys_in_order() -> None:
    later = LedgerRow("b", 1, "x", PRIMARY, 1, NOW.astimezone(timezone(timedelta(hours=1))))
    earlier = LedgerRow("a", 2, "y", PRIMARY, 1, NOW - timedelta(seconds=1))
    assert as_lines([later, earlier]) == (
        '{"accepted_at": "2026-11-23T02:59:59+00:00", "body": "y", "epoch": 1, "number": 2, '
        '"region": "ap-southeast-2", "writer": "a"}\n'
        '{"accepted_at": "2026-11-23T04:00:00+01:00", "body": "x", "epoch": 1, "number": 1, '
        '"region": "ap-southeast-2", "writer": "b"}\n'
    )
