"""What must come of a case in which Regions are dark? Beside the promises that every case keeps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from chaos.case import Case
from chaos.faults import BEFORE, Fault, OfDarkness
from chaos.history import Darkness, History
from chaos.installation import PRIMARY, STANDBY, WITNESS
from failover.domain.abandoned_run import ONE_WAY_STEPS
from failover.domain.leader_record import LeaderRecord, State

DONE = "FailedOver"


def missed(case: Case, history: History) -> Iterator[str]:
    """Each expectation that was not met, in a sentence; nothing for a case without darkness."""
    dark, fault = history.darkness, next((one for one in case.faults if isinstance(one.kind, OfDarkness)), None)
    if fault is None or len(case.faults) > 1:
        return
    if dark is None:
        yield "no Region went dark"
    elif len(dark.regions) > 1:
        yield from _nothing_automatic(history, dark)
        yield from _somebody_is_told(dark)
    elif STANDBY in dark.regions:
        yield from _nothing_automatic(history, dark)
        if not _leads(case, history, dark):
            yield from _somebody_is_told(dark)
    else:
        yield from _completes(case, fault, history, dark)


def _nothing_automatic(history: History, dark: Darkness) -> Iterator[str]:
    for at, record in history.chosen:
        if dark.began < at < dark.ended:
            yield f"with {' and '.join(dark.regions)} dark, {record.leader} became {record.state} in epoch {record.epoch}"
    for promotion in history.promotions:
        if dark.began < promotion.at < dark.ended:
            yield f"with {' and '.join(dark.regions)} dark, {promotion.run} promoted"


def _somebody_is_told(dark: Darkness) -> Iterator[str]:
    if not dark.messages and not dark.alarms:
        yield f"with {' and '.join(dark.regions)} dark, nobody was told"


def _leads(case: Case, history: History, dark: Darkness) -> bool:
    """Whether somebody served all the while."""
    record = _record_at(history, dark.ended)
    return case.situation.planned and (record.state, record.leader) == (State.OPEN, history.old)


def _completes(case: Case, fault: Fault, history: History, dark: Darkness) -> Iterator[str]:
    """While it is dark a run ends with the new leader open and proven; the very run that was under way, where it can."""
    record = _record_at(history, dark.ended)
    if (record.state, record.leader) != (State.OPEN, history.new):
        yield f"with {dark.regions[0]} dark, {record.leader} was {record.state} at the end"
    done = [run.run for run in history.ended if run.status == "SUCCEEDED" and run.entered[-1] == DONE]
    first = history.ended[0]
    if not done:
        yield f"with {dark.regions[0]} dark, no run completed"
    elif first.run not in done and not _may_need_another(case, fault, first.entered):
        yield f"with {dark.regions[0]} dark, {first.run} did not complete"


def _may_need_another(case: Case, fault: Fault, entered: list[str]) -> bool:
    """A switchover whose leader dies before the one-way step becomes a failover, which is another run."""
    dies = fault.regions == (PRIMARY,) and case.situation.planned
    unheard = fault.regions == (WITNESS,) and fault.state == BEFORE
    return unheard or (dies and not set(ONE_WAY_STEPS) & set(entered))


def _record_at(history: History, at: datetime) -> LeaderRecord:
    return [record for chosen_at, record in history.chosen if chosen_at <= at][-1]
