"""Is a lease granted only to the open leader, and counted from before the copies were asked?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from failover.domain.leader_record import LeaderRecord, Refusal, fence, genesis
from failover.domain.lease import Lease, grant

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RECORD = genesis("ap-southeast-2", NOW)
LEASE = timedelta(seconds=15)


@pytest.mark.scenario("F42")
def test_a_lease_runs_from_before_the_first_copy_was_asked() -> None:
    granted = grant(RECORD, "ap-southeast-2", 100.0, LEASE)
    assert isinstance(granted, Lease)
    assert granted.record == RECORD
    assert granted.holds_at(114.999)
    assert not granted.holds_at(115.0)


def test_the_standby_gets_none() -> None:
    refusal = grant(RECORD, "us-west-2", 0.0, LEASE)
    assert refusal == Refusal("ap-southeast-2 is the leader in epoch 1, not us-west-2.")


def test_nobody_gets_one_while_a_run_holds_the_fence() -> None:
    fenced = fence("run-1", NOW)(RECORD)
    assert isinstance(fenced, LeaderRecord)
    assert grant(fenced, "ap-southeast-2", 0.0, LEASE) == Refusal("run-1 has fenced ap-southeast-2 in epoch 2.")
