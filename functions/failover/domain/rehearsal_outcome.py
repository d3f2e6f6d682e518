"""How did a rehearsal of a restore end, told from what its states left behind?"""

from __future__ import annotations

from failover.domain.leader_record import LeaderRecord
from failover.domain.leading_on import leading_on
from failover.domain.outcome import Outcome, Result, error_sentence, one_sentence
from failover.domain.run import Run


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
        return error_sentence(run.value("error"))
    return one_sentence(run.value("check", "reason"))
