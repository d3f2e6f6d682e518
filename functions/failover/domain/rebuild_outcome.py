"""How did a rebuild of the standby end, told from what its states left behind?"""

from __future__ import annotations

from failover.domain.leader_record import LeaderRecord
from failover.domain.leading_on import leading_on
from failover.domain.outcome import Outcome, Result, error_sentence, one_sentence
from failover.domain.plan import DatabaseMode
from failover.domain.rebuild import KEPT_BY_AURORA
from failover.domain.run import Run


def derive_rebuild(run: Run, service: str, record: LeaderRecord | None) -> Outcome:
    """Only a standby that was seen to follow the leader, and whose later steps went well, is rebuilt.

    `record`: as it is now; None: not known.
    """
    now = leading_on(run, record)
    if run.value("standby", "follows") is True and run.value("error") is None:
        reason = one_sentence(run.value("standby", "reason"))
        here, leader = run.value("standby", "region"), run.value("check", "leader")
        summary = f"{service}: {here} is a standby of {leader} again. {divergence(run)}"
        return Outcome(Result.REBUILT, reason, summary, now.leader, now.epoch)
    reason = _why_not(run)
    summary = f"{service}: the standby was not rebuilt, and {now.told}. {reason} {_left(run)}"
    return Outcome(Result.NOT_REBUILT, reason, summary.strip(), now.leader, now.epoch)


def divergence(run: Run) -> str:
    """What is known of the rows that only the old primary has, in one sentence."""
    found, key = run.value("divergence", "rows"), run.value("divergence", "key")
    kept = run.value("kept", "kept_as")
    where = f" It is kept as {kept} until a person lets it go." if kept else ""
    if type(found) is int and isinstance(key, str):
        return f"Rows that only the old primary has: {found}, listed in {key}.{where}"
    if run.value("check", "db_mode") == DatabaseMode.AURORA.value:
        return KEPT_BY_AURORA
    if run.value("divergence") is None:
        return "What only the old primary has was not looked at."
    return f"Which rows only the old primary has is unknown.{where}"


def _why_not(run: Run) -> str:
    if run.value("error") is not None:
        return error_sentence(run.value("error"))
    if run.value("check", "allowed") is not True:
        return one_sentence(run.value("check", "reason"))
    if run.value("divergence", "exported") is not True:
        return one_sentence(run.value("divergence", "reason"))
    return "The run ended before the standby was seen to follow."


def _left(run: Run) -> str:
    """What the run leaves in the Region."""
    if run.value("kept") is not None:
        return f"The old primary is kept as {run.value('kept', 'kept_as')}: the same rebuild, asked for again, goes on."
    if run.value("replica") is not None:
        return f"The old primary is as it was; {run.value('check', 'replica')} is there for the next attempt."
    return ""
