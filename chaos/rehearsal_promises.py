"""What must have come of a rehearsal, however it was disturbed, and of what it must leave alone?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from chaos.case import Case, Situation
from chaos.darkness import somebody_hears
from chaos.history import Ended, History, Left, Rehearsed
from failover.domain.leader_record import State
from failover.domain.outcome import Result

MACHINE, FIRST_STATE, FAILED_OVER = "RehearsalStateMachine", "CheckRehearsal", "FailedOver"
# What CloudWatch counts of an execution that ended so.
# https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
COUNTED = {"FAILED": "ExecutionsFailed", "ABORTED": "ExecutionsAborted", "TIMED_OUT": "ExecutionsTimedOut"}


def broken(case: Case, history: History) -> Iterator[str]:
    """Each promise that was not kept, in a sentence."""
    found = history.rehearsed
    if found is None:
        yield "nobody looked at what the rehearsal left"
        return
    if found.failed_meanwhile:
        yield from _the_failover_went_its_way(history)
    else:
        yield from _production_is_as_it_was(found)
        yield from _the_next_one_is_undisturbed(case, history, found)
    for left in found.left:
        if not _known(history, found, left):
            yield f"{found.instance} is left, {left.status}, and nobody was told"
    yield from _recorded_is_true(history, found)


def _production_is_as_it_was(found: Rehearsed) -> Iterator[str]:
    for name in sorted({*found.before, *found.after}):
        was, now = found.before.get(name, "not there"), found.after.get(name, "not there")
        if was != now:
            yield f"{name} was {was}, and is {now}"


def _the_failover_went_its_way(history: History) -> Iterator[str]:
    """Beside the rehearsal, and to its end."""
    record = history.record
    if (record.state, record.leader) != (State.OPEN, history.new):
        yield f"{history.old} failed during a rehearsal, and {record.leader} is {record.state} in epoch {record.epoch}"
    ends = [one.entered[-1] for one in history.ended if not _rehearsal(one)]
    if ends != [FAILED_OVER]:
        yield f"{history.old} failed during a rehearsal, and its failover ended as {ends}"


def _the_next_one_is_undisturbed(case: Case, history: History, found: Rehearsed) -> Iterator[str]:
    """It tells of the backups as they are, and clears up whatever there was."""
    end = history.ended[-1].entered[-1] if history.ended else "nothing"
    if end != ("NotRehearsed" if case.situation is Situation.REHEARSAL_OF_DAMAGE else "Rehearsed"):
        yield f"asked for again, it ended as {end}"
    if found.at_last is not None:
        yield f"asked for again, it left {found.instance}, which is {found.at_last}"


def _known(history: History, found: Rehearsed, left: Left) -> bool:
    """By a message that names it; or, where a run could send none, by an alarm on how it ended."""
    messages = history.told[: left.messages]
    silent = [end for run, end in left.ends.items() if not any(one.run == run for one in messages)]
    named = any(found.instance in one.text for one in messages)
    return named or any(somebody_hears(COUNTED[end], MACHINE) for end in silent if end in COUNTED)


def _recorded_is_true(history: History, found: Rehearsed) -> Iterator[str]:
    for run in (one.run for one in history.ended if _rehearsal(one) and one.run in history.outcomes):
        outcome = history.outcomes[run]
        if outcome["result"] not in (Result.REHEARSED, Result.NOT_REHEARSED):
            yield f"{run} is recorded as {outcome['result']}, and it was a rehearsal"
        if outcome["result"] == Result.REHEARSED and run not in found.read:
            yield f"{run} is recorded as {outcome['result']}, and nobody read what it had restored"
        at = datetime.fromisoformat(outcome["recorded_at"])
        leads = [record for chosen_at, record in history.chosen if chosen_at <= at][-1]
        told = (outcome["leader"], outcome["epoch"])
        if told not in ((leads.leader, leads.epoch), (None, None)):
            yield f"{run} is recorded with {told[0]} leading in epoch {told[1]}, and {leads.leader} led in {leads.epoch}"
    if found.proof is not None and found.proof["run"] not in found.read:
        yield f"the proof that {found.proof['run']} left is of rows that nobody read"


def _rehearsal(one: Ended) -> bool:
    return one.entered[:1] == [FIRST_STATE]
