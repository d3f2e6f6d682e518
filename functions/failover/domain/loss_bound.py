"""How much acknowledged work could promotion lose, and may that be accepted?

A task of the leader renews its lease only after a majority took its heartbeat, within `heartbeat_timeout` of the
heartbeat; a lease lasts `lease`. So nothing is acknowledged later than the newest published heartbeat plus both, and
what the replica has is at least as new as the newest heartbeat row on it:

    bound = (newest published heartbeat + heartbeat_timeout + lease) - newest heartbeat on the replica

Both instants are of the old leader's clock. RDS's ReplicaLag is not used: it grows by a second a second once the
primary is dead though nothing more is lost, and -1 means that replication is not active
(https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PostgreSQL.Replication.ReadReplicas.Monitor.html).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from failover.domain.heartbeat import Heartbeat, Lsn
from failover.domain.plan import FailoverPolicy


@dataclass(frozen=True)
class ReplicaPosition:
    """Where a replica stands. None: the server does not say, or there is no such row.

    `by_storage`: what reaches it does so below the server, as in an Aurora global database. Such a server has no positions,
    and shows what its storage holds or less: a bound from it can be too large, and never too small.
    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database.html
    """

    in_recovery: bool
    received: Lsn | None
    replayed: Lsn | None
    heartbeat: Heartbeat | None
    by_storage: bool = False

    @property
    def drained(self) -> bool:
        """Everything that was received has been replayed.

        `pg_last_wal_receive_lsn` is NULL while streaming has not started since the server did
        (https://www.postgresql.org/docs/current/functions-admin.html), which proves nothing.
        """
        return self.received is not None and self.replayed is not None and self.replayed >= self.received

    @property
    def settled(self) -> bool:
        """Waiting would show nothing newer of a leader that is gone."""
        return self.by_storage or not self.in_recovery or self.drained


@dataclass(frozen=True)
class KnownLoss:
    """Nothing older than `bound` before the fence took effect is missing. `bytes_behind` None: not known."""

    bound: timedelta
    bytes_behind: int | None


@dataclass(frozen=True)
class UnknownLoss:
    """There is no bound, and why, in one sentence. Unknown is not zero."""

    reason: str


LossBound = KnownLoss | UnknownLoss


@dataclass(frozen=True)
class Acceptance:
    """Whether a run may promote, and why, in one sentence. `askable`: a person may accept it all the same."""

    accepted: bool
    reason: str
    askable: bool = False


def bound_loss(published: Heartbeat | None, replica: ReplicaPosition, leader: str, unpublished: timedelta) -> LossBound:
    """The bound for promoting `replica` in place of `leader`. `published`: the newest that a majority could show."""
    if published is None:
        return UnknownLoss("The leader's heartbeat was never published.")
    if published.region != leader:
        return UnknownLoss(f"The newest published heartbeat is {published.region}'s, not {leader}'s.")
    if not replica.in_recovery:
        return UnknownLoss("The replica is not in recovery: it replicates nothing any more.")
    if replica.heartbeat is None:
        return UnknownLoss(f"The replica has no heartbeat of {leader}.")
    behind = published.at + unpublished - replica.heartbeat.at
    return KnownLoss(max(behind, timedelta(0)), _bytes_behind(published, replica))


def bound_restored_loss(
    published: Heartbeat | None, restored_to: datetime, leader: str, unpublished: timedelta
) -> LossBound:
    """The bound for a database restored to `restored_to` in place of `leader`.

    RDS's clock and the leader's are compared: both keep time by the same service, within milliseconds
    (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/set-time.html).
    """
    if published is None:
        return UnknownLoss("The leader's heartbeat was never published.")
    if published.region != leader:
        return UnknownLoss(f"The newest published heartbeat is {published.region}'s, not {leader}'s.")
    return KnownLoss(max(published.at + unpublished - restored_to, timedelta(0)), None)


def accept(loss: LossBound, policy: FailoverPolicy, rpo_target: timedelta) -> Acceptance:
    """Whether `loss` may be accepted without a person: no policy accepts what is unknown or above the RPO.

    A person may accept any bound that is known, unless the policy is never to ask.
    """
    if isinstance(loss, UnknownLoss):
        return Acceptance(False, f"The loss is unknown, so it is not accepted: {loss.reason}")
    bound, target = loss.bound.total_seconds(), rpo_target.total_seconds()
    if policy is FailoverPolicy.APPROVE:
        return Acceptance(
            False,
            f"The policy is {policy}: a person must accept that up to {bound:.1f} s could be lost.",
            askable=True,
        )
    if loss.bound > rpo_target:
        reason = f"Up to {bound:.1f} s could be lost, more than the RPO of {target:g} s."
        return Acceptance(False, reason, askable=policy is not FailoverPolicy.AUTO)
    return Acceptance(True, f"At most {bound:.1f} s could be lost, within the RPO of {target:g} s.")


def _bytes_behind(published: Heartbeat, replica: ReplicaPosition) -> int | None:
    newest = max((lsn for lsn in (replica.received, replica.replayed) if lsn is not None), default=None)
    return None if newest is None else max(published.lsn.value - newest.value, 0)
