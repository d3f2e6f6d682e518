"""Is a deploy refused while it would disturb a run or undo a failover, and only then?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from failover.domain.deploy_guard import may_deploy
from failover.domain.leader_record import State, genesis

PRIMARY, STANDBY = "ap-southeast-2", "us-west-2"
RECORD = genesis(PRIMARY, datetime(2026, 1, 1, tzinfo=UTC))


def test_the_templates_primary_that_leads_may_be_deployed() -> None:
    assert may_deploy(RECORD, PRIMARY, PRIMARY) is None


@pytest.mark.scenario("F43")
def test_nothing_is_deployed_while_a_run_holds_the_fence() -> None:
    refusal = may_deploy(replace(RECORD, state=State.FENCED, run="failover-e1-0123abcd"), PRIMARY, PRIMARY)
    assert refusal is not None
    assert "failover-e1-0123abcd holds the fence, since 2026-01-01 00:00:00 UTC." in refusal.reason


def test_templates_from_before_the_failover_are_refused_and_what_to_do_is_said() -> None:
    refusal = may_deploy(replace(RECORD, leader=STANDBY, epoch=3), PRIMARY, PRIMARY)
    assert refusal is not None
    assert "us-west-2 leads, since 2026-01-01 00:00:00 UTC, in epoch 3" in refusal.reason
    assert "could undo the failover. Switch back first" in refusal.reason


@pytest.mark.parametrize("leader", [PRIMARY, STANDBY])
def test_regions_that_were_exchanged_are_refused_whoever_leads(leader: str) -> None:
    """A VPC's addresses, a database's name for its first user and a key's kind are changed by a replacement alone."""
    refusal = may_deploy(replace(RECORD, leader=leader), STANDBY, PRIMARY)
    assert refusal is not None
    assert "would replace networks, keys and databases" in refusal.reason
    assert "us-west-2 the primary, but ap-southeast-2 was deployed as such" in refusal.reason
    assert "Put primaryRegion and secondaryRegion back" in refusal.reason
