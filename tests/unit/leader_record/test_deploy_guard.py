"""Is a deploy refused while it would disturb a run or undo a failover, and only then?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from failover.domain.deploy_guard import may_deploy, may_shorten
from failover.domain.leader_record import Disarmed, State, genesis

PRIMARY, STANDBY = "ap-southeast-2", "us-west-2"
REGIONS = (PRIMARY, STANDBY, "us-east-1")
RECORD = genesis(PRIMARY, datetime(2026, 1, 1, tzinfo=UTC))


def test_the_templates_primary_that_leads_may_be_deployed() -> None:
    assert may_deploy(RECORD, REGIONS, REGIONS) is None


@pytest.mark.scenario("F43")
def test_nothing_is_deployed_while_a_run_holds_the_fence() -> None:
    refusal = may_deploy(replace(RECORD, state=State.FENCED, run="failover-e1-0123abcd"), REGIONS, REGIONS)
    assert refusal is not None
    assert "failover-e1-0123abcd holds the fence, since 2026-01-01 00:00:00 UTC." in refusal.reason


def test_templates_from_before_the_failover_are_refused_and_what_to_do_is_said() -> None:
    refusal = may_deploy(replace(RECORD, leader=STANDBY, epoch=3), REGIONS, REGIONS)
    assert refusal is not None
    assert "us-west-2 leads, since 2026-01-01 00:00:00 UTC, in epoch 3" in refusal.reason
    assert "the templates make ap-southeast-2 the primary" in refusal.reason
    assert "could undo the failover. Switch back first" in refusal.reason


@pytest.mark.parametrize("leader", [PRIMARY, STANDBY])
def test_regions_that_were_exchanged_are_refused_whoever_leads(leader: str) -> None:
    """A VPC's addresses, a database's name for its first user and a key's kind are changed by a replacement alone."""
    refusal = may_deploy(replace(RECORD, leader=leader), (STANDBY, PRIMARY, "us-east-1"), REGIONS)
    assert refusal is not None
    assert "would replace networks, keys and databases" in refusal.reason
    assert "us-west-2 the primary, but ap-southeast-2 was deployed as such" in refusal.reason
    assert "Put primaryRegion and secondaryRegion back" in refusal.reason


@pytest.mark.parametrize(
    ("key", "wanted", "was"),
    [
        ("secondaryRegion", (PRIMARY, "eu-west-1", "us-east-1"), STANDBY),
        ("witnessRegion", (PRIMARY, STANDBY, "eu-west-1"), "us-east-1"),
    ],
)
@pytest.mark.parametrize("leader", [PRIMARY, STANDBY])
def test_a_copy_of_the_record_is_not_moved_by_a_deployment_whoever_leads(
    key: str, wanted: tuple[str, str, str], was: str, leader: str
) -> None:
    """With one of three copies elsewhere, two of the old ones and two of the new ones may be all different."""
    refusal = may_deploy(replace(RECORD, leader=leader), wanted, REGIONS)
    assert refusal is not None
    assert refusal.reason == (
        f"dataplane_cdk/cdk.json has eu-west-1 for {key}, but {was} was deployed as such and holds a copy of the leader record:"
        " under the new plan a majority of the copies could know nothing of a majority under the old one, and two Regions could"
        f" lead. Put {key} back as it was."
    )


LONG, SHORT = timedelta(seconds=15), timedelta(seconds=14.5)
NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("wanted", [LONG, LONG * 2])
def test_a_lease_that_is_no_shorter_may_be_deployed_at_any_time(wanted: timedelta) -> None:
    assert may_shorten(RECORD, LONG, wanted, NOW) is None


def test_a_shorter_lease_is_refused_while_an_alarm_could_start_a_run() -> None:
    """A task goes by the plan that it started with, and would still lead when a run under the new one has waited."""
    refusal = may_shorten(RECORD, LONG, SHORT, NOW)
    assert refusal is not None
    assert refusal.reason == (
        "dataplane_cdk/cdk.json has a lease of 14.5 s, and tasks hold one of 15 s: a run under the new plan would not wait for"
        " its end, and two Regions could take writes. Disarm first, and go on as dataplane_cdk/deploy.md says (Changes that no"
        " run may meet)."
    )


@pytest.mark.parametrize(("until", "allowed"), [(NOW + timedelta(seconds=1), True), (NOW, False)])
def test_it_may_be_deployed_as_long_as_no_alarm_counts(until: datetime, allowed: bool) -> None:
    disarmed = replace(RECORD, disarmed=Disarmed(until, "maria", "another lease"))
    assert (may_shorten(disarmed, LONG, SHORT, NOW) is None) is allowed
