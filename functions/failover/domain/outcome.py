"""How did a run end, told from what its states left behind?

Derived and never stated: whatever is not proven by the state of the run, or by the leader record, did not happen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from failover.domain.approval import gate_passed, shown
from failover.domain.leader_record import LeaderRecord, State
from failover.domain.recovery_point import Path
from failover.domain.run import Run

LONGEST_REASON = 500


class Result(StrEnum):
    """`held`: nobody, or nobody surely, accepts writes until a person steps in."""

    FAILED_OVER = "failed-over"
    UNVERIFIED = "failed-over-unverified"
    STOOD_DOWN = "stood-down"
    HELD = "held"
    REBUILT = "rebuilt"
    NOT_REBUILT = "not-rebuilt"
    REHEARSED = "rehearsed"
    NOT_REHEARSED = "not-rehearsed"


@dataclass(frozen=True)
class Outcome:
    """The end of a run. `leader` None: nobody leads, or it is not known who does."""

    result: Result
    reason: str
    summary: str
    leader: str | None
    epoch: int | None


def outcome_key(run: str) -> str:
    """Where the outcome of `run` is kept."""
    return f"runs/{run}/outcome.json"


def derive(run: Run, service: str, record: LeaderRecord | None = None) -> Outcome:
    """The outcome of `run` for `service`, from its state, and from `record` where that was left open without its knowing.

    `record`: as it is now; None: not known.
    """
    opened = run.value("opened")
    if isinstance(opened, Mapping):
        return _failed_over(run, service)
    stood_down = run.value("stood_down")
    if isinstance(stood_down, Mapping):
        reason = one_sentence(stood_down.get("reason"))
        leader, epoch = stood_down.get("leader"), stood_down.get("epoch")
        summary = f"{service}: the run stood down and {leader} leads as before (epoch {epoch}). {reason}"
        return Outcome(Result.STOOD_DOWN, reason, summary, leader, epoch)
    if record is not None and _fence_is_over(run, record):
        return _left_open(run, service, record)
    return _held(run, service)


def recorded(run: Run) -> Outcome | None:
    """What RecordOutcome has recorded of `run`; None when it has not, or left no such answer."""
    found = run.value("outcome")
    if not isinstance(found, Mapping) or found.get("result") not in tuple(Result):
        return None
    reason, summary = one_sentence(found.get("reason")), str(found.get("summary"))
    return Outcome(Result(found["result"]), reason, summary, found.get("leader"), found.get("epoch"))


def why_not_going_on(run: Run) -> str:
    """Why a run that ends before the one-way step does not go on: the newest refusal or failure in its state."""
    if _waited_in_vain(run):
        return f"Nobody accepted the loss in time. {one_sentence(run.value('prepared', 'loss', 'reason'))}"
    if run.value("error") is not None:
        return error_sentence(run.value("error"))
    approved = run.value("approval", "accepted") is True
    for path, passed in (
        (("approval",), "accepted"),
        *(() if approved else ((("prepared", "loss"), "accepted"),)),
        (("fence",), "held"),
        (("readiness",), "ready"),
        (("health",), "allowed"),
    ):
        found = run.value(*path)
        if isinstance(found, Mapping) and found.get(passed) is not True:
            return one_sentence(found.get("reason"))
    if run.value("readiness") is not None:
        return f"The database's kind {run.value('readiness', 'db_mode')} cannot be promoted by this workflow."
    return "The run ended before it decided anything."


def _waited_in_vain(run: Run) -> bool:
    return run.value("error", "Error") == "States.Timeout" and (
        run.value("prepared", "loss", "askable") is True and not gate_passed(run)
    )


def error_sentence(error: object) -> str:
    """What a caught error says, in one sentence: a Lambda's Cause is JSON with a stack trace that helps nobody here."""
    if not isinstance(error, Mapping):
        return "An error was caught that says nothing."
    cause = error.get("Cause")
    try:
        told = json.loads(cause) if isinstance(cause, str) else None
    except ValueError:
        told = None
    if isinstance(told, Mapping) and isinstance(told.get("errorMessage"), str):
        return one_sentence(told["errorMessage"])
    name = error.get("Error")
    detail = f": {cause}" if isinstance(cause, str) and cause and "Traceback" not in cause else ""
    return one_sentence(f"{name or 'An error'} was raised{detail}")


def _failed_over(run: Run, service: str) -> Outcome:
    leader, epoch = run.value("opened", "leader"), run.value("opened", "epoch")
    old = f"{'a switchover' if run.planned else 'a failover'} from {run.value('fence', 'leader')}"
    lost = f"{_restored(run)}{_loss(run)}"
    if run.value("checks", "read_back") is True:
        reason = f"{leader} serves, and a write through the public name was read back."
        summary = f"{service}: {leader} leads since epoch {epoch}, after {old}. {lost}"
        return Outcome(Result.FAILED_OVER, reason, summary, leader, epoch)
    reason = error_sentence(run.value("error"))
    summary = (
        f"{service}: {leader} leads since epoch {epoch}, after {old}, but its traffic is not proven. {reason} {lost}"
    )
    return Outcome(Result.UNVERIFIED, reason, summary, leader, epoch)


def _fence_is_over(run: Run, record: LeaderRecord) -> bool:
    """Whether `record` is open after this run's fence, for good: no answer that is still under way can fence it again."""
    epoch = run.value("fence", "epoch")
    later = type(epoch) is int and record.epoch > epoch
    return record.state is State.OPEN and (later or record.run == run.name)


def _left_open(run: Run, service: str, record: LeaderRecord) -> Outcome:
    """Somebody leads though the run has left nothing of that: it was reopened while the run stood still, and redriven
    later, or its own change took effect and the answer never came."""
    reason, leader = error_sentence(run.value("error")), record.leader
    if leader in (run.value("fence", "leader"), run.value("health", "leader")):
        summary = f"{service}: the run lost its fence and {leader} leads, open in epoch {record.epoch}. {reason}"
        return Outcome(Result.STOOD_DOWN, reason, summary, leader, record.epoch)
    summary = (
        f"{service}: {leader} leads since epoch {record.epoch}, but its traffic is not proven. {reason} {_loss(run)}"
    )
    return Outcome(Result.UNVERIFIED, reason, summary.strip(), leader, record.epoch)


def _held(run: Run, service: str) -> Outcome:
    reason = error_sentence(run.value("error"))
    epoch = run.value("fence", "epoch")
    old = run.value("fence", "leader") or run.value("health", "leader")
    if gate_passed(run):
        restoring = run.value("readiness", "path") == Path.RESTORE
        where = "after a database was restored" if restoring else "after the promotion of the replica was begun"
        state = f"{old} stays fenced and nobody leads"
    else:
        where = "while it stood down"
        state = f"{old or 'the leader'} may still be fenced, and then nobody leads"
    summary = f"{service}: the run failed {where}; {state}. {reason} {_loss(run)}".strip()
    return Outcome(Result.HELD, reason, summary, None, epoch)


def _restored(run: Run) -> str:
    restored: Any = run.value("restored")
    if not isinstance(restored, Mapping):
        return ""
    unusable = [f"{one['point']} was not used: {one['reason']}" for one in restored.get("unusable") or []]
    return " ".join([f"Its database was made of {restored.get('restored_from')}.", *map(one_sentence, unusable), ""])


def _loss(run: Run) -> str:
    if not isinstance(run.value("prepared", "loss"), Mapping):
        return ""
    bound = bound_seconds(run)
    if bound is None:
        return "The loss bound is unknown."
    if run.planned and bound == 0:
        return "No acknowledged write is lost."
    return f"At most {shown(bound)} s of acknowledged writes could be lost."


def bound_seconds(run: Run) -> float | None:
    """Seconds of acknowledged writes that the run may have lost; None: unknown.

    What the gate bounded, unless the backup that the gate saw gave way to an older one, which lost more.
    """
    loss, restored = run.value("prepared", "loss"), run.value("restored", "bound_seconds")
    if not isinstance(loss, Mapping) or loss.get("known") is not True:
        return None
    bound = loss.get("bound_seconds") if restored is None else restored
    return float(bound) if isinstance(bound, int | float) else None


def one_sentence(text: object) -> str:
    """Some text as a sentence of bearable length; that there is none is said."""
    if not isinstance(text, str) or not text.strip():
        return "No reason was given."
    line = " ".join(text.split())
    if len(line) > LONGEST_REASON:
        return f"{line[: LONGEST_REASON - 3]}..."
    return line if line.endswith((".", "!", "?")) else f"{line}."
