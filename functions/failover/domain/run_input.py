"""Does a run's input ask for what its workflow can do, and for nothing that it would pass over?

A key that nobody reads is the slip of somebody who wanted something else: with `"mod": "planned"` for `"mode"` a switchover
would become a failover.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from failover.domain.intake import TriggerKind
from failover.domain.recovery_point import requested
from failover.domain.run import LONGEST_SHOWN, Run, RunInputError, as_typed

OF_EVERY_RUN = ("trigger", "expected_epoch")
TRIGGER = ("kind", "reason", "alarm_arn", "observed_at")
# Who starts which runs: by schedule above all, nobody fails over.
FAILS_OVER = (TriggerKind.ALARM, TriggerKind.PROBE, TriggerKind.MANUAL)
REBUILDS = (TriggerKind.MANUAL,)
REHEARSES = (TriggerKind.MANUAL, TriggerKind.SCHEDULE)


def require_failover(run: Run) -> None:
    """`{"mode", "trigger", "expected_epoch", "restore"}`, of which only the trigger must be there. Raises RunInputError."""
    _common(run, ("mode", "restore"))
    _started_by(run, "failover", FAILS_OVER)
    _ = run.mode
    requested(run)


def require_rebuild(run: Run) -> None:
    """`{"rebuild": {"accept_unknown_divergence"}, "trigger", "expected_epoch"}`. Raises RunInputError."""
    _common(run, ("rebuild",))
    _started_by(run, "rebuild", REBUILDS)
    wanted = run.value("rebuild")
    if not isinstance(wanted, Mapping):
        raise RunInputError(f"rebuild must be an object, {{}} for one, not {as_typed(wanted)}.")
    _known("rebuild.", wanted, ("accept_unknown_divergence",))
    for key, accepted in wanted.items():
        if type(accepted) is not bool:
            raise RunInputError(f"rebuild.{key} must be true or false, not {as_typed(accepted)}.")


def require_rehearsal(run: Run) -> None:
    """`{"rehearsal": {"to"}, "trigger", "expected_epoch"}`. Raises RunInputError."""
    _common(run, ("rehearsal",))
    _started_by(run, "rehearsal", REHEARSES)
    if requested(run, "rehearsal") is None:
        raise RunInputError('rehearsal must be there, such as {"to": "latest"}.')


def _common(run: Run, of_this_run: Collection[str]) -> None:
    _known("", run.state, (*of_this_run, *OF_EVERY_RUN))
    trigger: Any = run.value("trigger")
    _known("trigger.", trigger, TRIGGER)
    for key in TRIGGER:
        if (found := trigger.get(key)) is not None and not isinstance(found, str):
            raise RunInputError(f"trigger.{key} must be text, not {as_typed(found)}.")


def _started_by(run: Run, what: str, kinds: Sequence[TriggerKind]) -> None:
    if run.kind not in kinds:
        *others, last = kinds
        allowed = f"{', '.join(others)} or {last}" if others else last
        raise RunInputError(f"trigger.kind of a {what} must be {allowed}, not {as_typed(run.kind)}.")


def _known(where: str, found: Mapping[str, Any], keys: Collection[str]) -> None:
    if strange := [key for key in found if key not in keys]:
        raise RunInputError(
            f"{where}{_plain(strange[0])} is no key that anybody reads; "
            f"known are {', '.join(where + key for key in keys)}."
        )


def _plain(key: str) -> str:
    return repr(key)[1:-1][:LONGEST_SHOWN]
