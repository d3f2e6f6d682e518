"""How far is a replica behind its leader, by the leader's own heartbeats?"""

from __future__ import annotations

from failover.application.polling import Waiting
from failover.domain.heartbeat import Heartbeat
from failover.domain.loss_bound import ReplicaPosition


def seconds_behind(position: ReplicaPosition, published: Heartbeat | None, leader: str) -> float | Waiting:
    """Between the newest heartbeat that was published and the newest on the replica, by the leader's clock."""
    if published is None or published.region != leader:
        return Waiting(f"{leader} has published no heartbeat to compare the replica with.")
    if not position.in_recovery or position.heartbeat is None:
        return Waiting(f"The replica does not replicate from {leader}, or has no heartbeat of it.")
    return max((published.at - position.heartbeat.at).total_seconds(), 0.0)
