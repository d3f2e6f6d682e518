"""How did a rehearsal of a restore end, told from what its states left behind?"""

from __future__ import annotations

from failover.domain.leader_record import LeaderRecord
from failover.domain.leading_on import leading_on
from failover.domain.outcome import Outcome, Result, error_sentence, one_sentence
from failover.domain.run import Run

# The error's name where what has the instance's name is not the run's.
SOMEBODY_ELSES = "SomebodyElses"


def derive_rehearsal(run: Run, service: str, record: LeaderRecord | None) -> Outcome:
    """Only one that KeepRehearsal found to have passed is a proof. `record`: as it is now; None: not known."""
    now = leading_on(run, record)
    if run.value("kept", "passed") is True:
        reason = one_sentence(run.value("kept", "reason"))
        return Outcome(Result.REHEARSED, reason, f"{service}: a restore was rehearsed. {reason}", now.leader, now.epoch)
    reason = _why_not(run)
    summary = f"{service}: the rehearsal of a restore did not pass, and {now.told}. {reason}"
    return Outcome(Result.NOT_REHEARSED, reason, summary, now.leader, now.epoch)


def _why_not(run: Run) -> str:
    if run.value("kept") is not None:
        return one_sentence(run.value("kept", "reason"))
    if run.value("error") is not None:
        told = (error_sentence(run.value("error")), left_behind(run))
        return " ".join(one for one in told if one is not None)
    return one_sentence(run.value("check", "reason"))


def left_behind(run: Run) -> str | None:
    """What of the instance that the run asked for was not seen to be gone, with what to do; None where nothing is left."""
    instance = run.value("check", "instance")
    if run.value("check", "allowed") is not True or instance is None or run.value("cleared", "gone") is True:
        return None
    if run.value("clear_error", "Error") == SOMEBODY_ELSES:
        return f"{instance} is not the rehearsal's, and was left as it is."
    return f"{instance} is left, delete it: {error_sentence(run.value('clear_error'))}"
