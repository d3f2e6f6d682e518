"""Is the fence held by a run that has ended, and may the old leader have its writes back?

A run ends by itself in StandDown or with the new leader open. One that was aborted, timed out or failed leaves the fence on,
and nobody serves. Before a one-way step was entered the old leader was fenced and nothing else, so reopening is safe; from
then on only a person can tell what became of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from failover.domain.leader_record import LeaderRecord, State

# By one of them this Region gets a database of its own: by which is left to its kind, the mode and what was found. A run that
# sees its restore fail stands down by itself, since nothing of the old leader was changed; of a run that was cut off nobody
# knows whether the restore was proven.
ONE_WAY_STEPS = ("PromoteReplica", "FailoverGlobalCluster", "SwitchoverGlobalCluster", "RestoreFromLatestSnapshot")
# Counted from the end of the execution; later AWS answers ExecutionNotRedrivable.
# https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
REDRIVABLE = timedelta(days=14)


@dataclass(frozen=True)
class EndedRun:
    """`stopped_at` None: it is still in progress. `status` is Step Functions' own word."""

    status: str
    stopped_at: datetime | None
    entered_the_one_way_step: bool


# How runs are called that a person drives from a terminal, and no Step Functions knows.
BREAK_GLASS = "break-glass"
# Such a terminal says every minute that it is there. AWS may be slow, and clocks may differ: so many minutes of silence.
SILENT_MINUTES = 4


@dataclass(frozen=True)
class DrivenRun:
    """What is known of a run that a person drives. `state` None: it kept no step.

    `heard`: its terminal says that it is there. `ended`: the workflow has, with the fence or without.
    """

    state: str | None
    entered_at: datetime | None
    promotes: bool
    heard: bool
    ended: bool = False


@dataclass(frozen=True)
class Reopen:
    """Give the old leader back its writes."""

    reason: str


@dataclass(frozen=True)
class Page:
    """Change nothing and call a person. `redrivable`: Step Functions may still let the run go on, at a person's word."""

    reason: str
    redrivable: bool


def holder(record: LeaderRecord) -> str | None:
    """The run that holds the fence, None when nobody does."""
    return record.run if record.state is State.FENCED else None


def judge(record: LeaderRecord, run: EndedRun | None, settled: timedelta, now: datetime) -> Reopen | Page | None:
    """What is to be done about the run that holds the fence. None: nothing yet.

    `run` None: this Region does not know it. `settled` is how long after its end a run's history is taken for complete,
    since Step Functions shows it eventually:
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
    """
    if run is None or run.stopped_at is None or now - run.stopped_at < settled:
        return None
    if not run.entered_the_one_way_step:
        return Reopen(f"{record.run} ended as {run.status} before its one-way step and left {record.leader} fenced.")
    told = f"{record.run} ended as {run.status} after it had entered its one-way step"
    held = f"{told}: {record.leader} stays fenced and nobody leads."
    if now - run.stopped_at < REDRIVABLE:
        return Page(held, redrivable=True)
    return Page(f"{held} That is {REDRIVABLE.days} days ago or more, so AWS redrives it no more.", redrivable=False)


def driven_by_hand(run: str) -> bool:
    return run.startswith(f"{BREAK_GLASS}-")


def judge_driven(record: LeaderRecord, run: DrivenRun, now: datetime) -> str | None:
    """Why a person must look after the terminal that drives the run that holds the fence; None while it may be at work.

    Nothing is reopened by itself: a terminal that slept may wake up in any step, a promotion among them.
    """
    since = max(one for one in (record.changed_at, run.entered_at) if one is not None)
    if (run.heard and not run.ended) or now - since < timedelta(minutes=SILENT_MINUTES):
        return None
    if run.ended:
        return f"{record.run} has ended in {run.state}: {record.leader} stays fenced and nobody leads."
    told = f"in {run.state} since {since:%H:%M:%S} UTC" if run.state else "of which no step was kept"
    begun = "It had begun to promote." if run.promotes else "Nothing was promoted by it yet."
    return (
        f"{record.run}, {told}, is driven from a terminal that has not been heard of for {SILENT_MINUTES} minutes. {begun} "
        f"{record.leader} stays fenced and nobody leads."
    )


def untold(record: LeaderRecord, run: EndedRun | None, settled: timedelta, now: datetime) -> str | None:
    """What people must be told of the run that changed the record last, has ended and recorded no outcome; or None.

    It was cut off after that change, or it was reopened for it and whoever did that was cut off. `run` and `settled` as above.
    """
    if run is None or run.stopped_at is None or now - run.stopped_at < settled:
        return None
    return (
        f"{record.run} ended as {run.status} and recorded no outcome: "
        f"{record.leader} leads, {record.state} in epoch {record.epoch}."
    )
