"""Is the bound never too small, and is the unknown never taken for zero?"""

from __future__ import annotations

from datetime import timedelta

import pytest
from control_plane_world import NOW, PRIMARY, STANDBY
from hypothesis import given
from hypothesis import strategies as st

from failover.domain.heartbeat import Heartbeat, Lsn
from failover.domain.loss_bound import (
    Acceptance,
    KnownLoss,
    ReplicaPosition,
    UnknownLoss,
    accept,
    bound_loss,
    bound_restored_loss,
)
from failover.domain.plan import FailoverPolicy

UNPUBLISHED = timedelta(seconds=20)


def beat(at_seconds: float, region: str = PRIMARY, lsn: int = 1000) -> Heartbeat:
    return Heartbeat(region, 1, 1, NOW + timedelta(seconds=at_seconds), Lsn(lsn))


def replica(at_seconds: float | None = 0, received: int | None = 900, recovering: bool = True) -> ReplicaPosition:
    lsn = None if received is None else Lsn(received)
    return ReplicaPosition(recovering, lsn, lsn, None if at_seconds is None else beat(at_seconds))


def test_the_bound_is_the_published_heartbeat_plus_what_came_after_it_less_the_replicas() -> None:
    loss = bound_loss(beat(7), replica(4), PRIMARY, UNPUBLISHED)
    assert loss == KnownLoss(timedelta(seconds=23), 100)


def test_a_replica_that_is_ahead_of_everything_acknowledged_loses_nothing() -> None:
    loss = bound_loss(beat(0, lsn=800), replica(25), PRIMARY, UNPUBLISHED)
    assert loss == KnownLoss(timedelta(0), 0)


@pytest.mark.parametrize(
    ("published", "position", "why"),
    [
        (None, replica(), "never published"),
        (beat(0, STANDBY), replica(), "us-west-2's, not ap-southeast-2's"),
        (beat(0), replica(None), "no heartbeat"),
        (beat(0), replica(recovering=False), "not in recovery"),
    ],
)
def test_what_is_missing_on_either_side_makes_the_loss_unknown(
    published: Heartbeat | None, position: ReplicaPosition, why: str
) -> None:
    loss = bound_loss(published, position, PRIMARY, UNPUBLISHED)
    assert isinstance(loss, UnknownLoss)
    assert why in loss.reason


def test_bytes_behind_is_unknown_when_the_replica_names_no_position() -> None:
    loss = bound_loss(beat(0), replica(received=None), PRIMARY, UNPUBLISHED)
    assert isinstance(loss, KnownLoss)
    assert loss.bytes_behind is None


def test_bytes_behind_is_counted_from_the_newest_position_that_the_replica_names() -> None:
    """A replica that was restarted without its source names only what it has replayed."""
    for received, replayed in ((Lsn(900), None), (None, Lsn(900)), (Lsn(900), Lsn(1)), (Lsn(1), Lsn(900))):
        loss = bound_loss(beat(0), ReplicaPosition(True, received, replayed, beat(0)), PRIMARY, UNPUBLISHED)
        assert loss == KnownLoss(UNPUBLISHED, 100)


@pytest.mark.parametrize("policy", FailoverPolicy)
def test_no_policy_accepts_an_unknown_loss(policy: FailoverPolicy) -> None:
    accepted = accept(UnknownLoss("Nothing is known."), policy, timedelta(days=1))
    assert accepted == Acceptance(False, "The loss is unknown, so it is not accepted: Nothing is known.")
    assert not accepted.askable


@pytest.mark.parametrize(
    ("policy", "bound_seconds", "accepted", "askable", "reason"),
    [
        (FailoverPolicy.AUTO, 300, True, False, "At most 300.0 s could be lost, within the RPO of 300 s."),
        (FailoverPolicy.AUTO, 300.1, False, False, "Up to 300.1 s could be lost, more than the RPO of 300 s."),
        (FailoverPolicy.AUTO_WITHIN_RPO, 300, True, False, "At most 300.0 s could be lost, within the RPO of 300 s."),
        (FailoverPolicy.AUTO_WITHIN_RPO, 301, False, True, "Up to 301.0 s could be lost, more than the RPO of 300 s."),
        (
            FailoverPolicy.APPROVE,
            0,
            False,
            True,
            "The policy is approve: a person must accept that up to 0.0 s could be lost.",
        ),
    ],
)
def test_a_known_loss_is_accepted_within_the_rpo_unless_a_person_must(
    policy: FailoverPolicy, bound_seconds: float, accepted: bool, askable: bool, reason: str
) -> None:
    loss = KnownLoss(timedelta(seconds=bound_seconds), 0)
    assert accept(loss, policy, timedelta(seconds=300)) == Acceptance(accepted, reason, askable)


@pytest.mark.scenario("F17")
@given(
    st.floats(0, 1000),
    st.floats(0, 1000),
    st.floats(0, 20),
    st.lists(st.floats(0, 1), min_size=1, max_size=20),
)
def test_no_schedule_of_renewals_and_acknowledgements_beats_the_bound(
    first: float, replicated_share: float, late: float, gaps: list[float]
) -> None:
    """Writes are acknowledged within the unpublished time of a published heartbeat; the replica has a prefix."""
    beats = [first]
    for gap in gaps:
        beats.append(beats[-1] + gap)
    shown = beats[min(int(replicated_share / 1000 * len(beats)), len(beats) - 1)]
    acknowledged_at = beats[-1] + late
    loss = bound_loss(beat(beats[-1]), replica(shown), PRIMARY, UNPUBLISHED)
    assert isinstance(loss, KnownLoss)
    # Timestamps are whole microseconds.
    assert loss.bound.total_seconds() >= acknowledged_at - shown - 2e-6


@given(st.integers(0, 2**64 - 1))
def test_a_position_in_the_log_survives_being_written_down(value: int) -> None:
    assert Lsn.parse(str(Lsn(value))) == Lsn(value)


@pytest.mark.parametrize("text", ["", "16", "0/", "0/G", "0/123456789"])
def test_what_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no position"):
        Lsn.parse(text)


def test_a_heartbeat_survives_being_written_down_and_a_wrong_one_is_refused() -> None:
    heartbeat = beat(1)
    assert Heartbeat.from_dict(heartbeat.to_dict()) == heartbeat
    for wrong in ({"sequence": "1"}, {"at": "2026-11-23T03:00:00"}, {"lsn": "x"}, {"region": 5}):
        with pytest.raises((TypeError, ValueError)):
            Heartbeat.from_dict({**heartbeat.to_dict(), **wrong})


def test_a_replica_is_drained_only_when_it_can_show_it() -> None:
    assert replica().drained
    assert not replica(received=None).drained
    assert not ReplicaPosition(True, Lsn(2), Lsn(1), None).drained
    assert not ReplicaPosition(True, Lsn(2), None, None).drained
    assert not ReplicaPosition(True, None, Lsn(2), None).drained


@pytest.mark.parametrize(
    ("position", "settled"),
    [
        (ReplicaPosition(True, Lsn(2), Lsn(1), None), False),
        (ReplicaPosition(True, Lsn(2), Lsn(2), None), True),
        (ReplicaPosition(False, Lsn(2), Lsn(1), None), True),
        (ReplicaPosition(True, None, None, None, by_storage=True), True),
    ],
)
def test_waiting_for_a_replica_is_over_once_nothing_newer_can_come(position: ReplicaPosition, settled: bool) -> None:
    assert position.settled is settled


@pytest.mark.parametrize(
    ("published", "loss"),
    [
        (None, UnknownLoss("The leader's heartbeat was never published.")),
        (beat(0, STANDBY), UnknownLoss(f"The newest published heartbeat is {STANDBY}'s, not {PRIMARY}'s.")),
        (beat(-50), KnownLoss(timedelta(0), None)),
        (beat(7), KnownLoss(timedelta(seconds=27), None)),
    ],
)
def test_a_restored_database_lacks_what_came_after_the_moment_it_was_restored_to(
    published: Heartbeat | None, loss: KnownLoss | UnknownLoss
) -> None:
    assert bound_restored_loss(published, NOW, PRIMARY, UNPUBLISHED) == loss
