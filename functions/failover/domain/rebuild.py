"""May a Region be made a standby of the leader again, and what is each instance called meanwhile?

The new replica has a name of its own until all that only the old primary has was exported; then it takes the old one's
name, which the plan and the templates know, and the old one is kept under another.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from failover.domain.by_hand import WAIT_FOR_ITS_END, asked_for, said_plainly
from failover.domain.intake import Start
from failover.domain.leader_record import LeaderRecord, Refusal, State
from failover.domain.plan import Plan


@dataclass(frozen=True)
class InstanceNames:
    """`instance` is the plan's name, `kept_as` the old primary's from the exchange on, `replica` the new one's before."""

    instance: str
    kept_as: str
    replica: str

    @staticmethod
    def of(instance: str, epoch: int) -> InstanceNames:
        """The same for every run against the same record, so that a run goes on where an earlier one ended."""
        return InstanceNames(instance, f"{instance}-diverged-{epoch}", f"{instance}-rebuilt-{epoch}")


def divergence_key(kept_as: str) -> str:
    """Where in the Region's control bucket the rows are that only `kept_as` has."""
    return f"divergence/{kept_as}.jsonl"


# "As soon as that Region is healthy and available again, Aurora automatically adds it back to the global cluster as a secondary
# Region. Before creating the new storage volume in the old primary Region, Aurora tries to take a snapshot of the old storage
# volume at the point of failure ... a system snapshot that's subject to the backup retention period configured on the old
# primary cluster." After that "you can fail back ... by performing a switchover operation".
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-disaster-recovery.html
# (Performing managed failovers for Aurora global databases)
ADDED_BY_AURORA = (
    "Aurora adds the old primary cluster to the global database again by itself, as a secondary on a new volume, once its "
    "Region is healthy: ask again when it is listed as a member."
)
KEPT_BY_AURORA = (
    "What only the old primary had is unknown: after a failover it is at best in the snapshot "
    "rds:unplanned-global-failover-<old cluster>-<time>, which Aurora tries to take and keeps for the old cluster's backup "
    "retention. Copy it before that is over."
)


def why_not(region: str, plan: Plan, record: LeaderRecord, expected_epoch: int | None = None) -> str | None:
    """Why `region` may not be rebuilt now, with what to do instead; None when it may."""
    if region not in plan.regions:
        return f"{region} is not a Region of the plan that can lead: rebuild {' or '.join(plan.regions)}."
    if record.leader == region:
        return f"{region} leads, in epoch {record.epoch}: rebuild {plan.standby_of(region)}, or switch over first."
    if record.state is not State.OPEN:
        return f"{record.run} holds the fence in epoch {record.epoch}. {WAIT_FOR_ITS_END}"
    if expected_epoch is not None and expected_epoch != record.epoch:
        return f"The run was asked for in epoch {expected_epoch}, and the record is in epoch {record.epoch}: ask again."
    return None


def decide(
    region: str,
    plan: Plan,
    record: LeaderRecord,
    running: Collection[str],
    reason: str,
    accept_unknown: bool,
    now: datetime,
) -> Start | Refusal:
    """The run to start in `region`, or why none is. `running` are the runs in progress there, of whatever kind."""
    said = said_plainly(reason)
    if isinstance(said, Refusal):
        return said
    if obstacle := why_not(region, plan, record):
        return Refusal(obstacle)
    if running:
        return Refusal(f"Another run is in progress: {sorted(running)[0]}. Wait for its end, of which people are told.")
    wanted = {"accept_unknown_divergence": accept_unknown}
    name = f"rebuild-e{record.epoch}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return Start(name, {"rebuild": wanted, **asked_for(said, record, now)})
