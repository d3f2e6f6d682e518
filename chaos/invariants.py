"""Did a case break a promise? Each is checked over everything that happened, and answers with one sentence or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from chaos import rebuild_promises, rehearsal_promises
from chaos.case import Case, Situation
from chaos.expectations import missed
from chaos.faults import ALL_STATES, OfExecution
from chaos.history import Ended, History, Promotion
from failover.domain.abandoned_run import ONE_WAY_STEPS
from failover.domain.leader_record import State
from failover.domain.outcome import Result
from failover.domain.run import Mode

Broken = Iterator[str]
# What the model may be late by: it acknowledges once a second.
TOLERANCE = timedelta(seconds=1)
RESTORED_FROM = ("automated", "snapshot")


def violations(case: Case, history: History) -> list[str]:
    """Every broken promise, empty when there is none."""
    broken = [f"{number}: {told}" for number, check in CHECKS.items() for told in check(case, history)]
    return [*broken, *(f"dark: {told}" for told in missed(case, history))]


def _one_leader(_case: Case, history: History) -> Broken:
    """No write acknowledged by the old leader once the new one is open; one Region leads in an epoch."""
    opened = next((at for at, one in history.chosen if one.state is State.OPEN and one.leader == history.new), None)
    late = [one for one in history.acknowledged if one.region == history.old and opened and one.at >= opened]
    if late:
        yield f"{history.old} acknowledged {len(late)} writes after {history.new} had opened"
    leaders: dict[int, set[str]] = {}
    for one in history.acknowledged:
        leaders.setdefault(one.epoch, set()).add(one.region)
    for _, record in history.chosen:
        if record.state is State.OPEN:
            leaders.setdefault(record.epoch, set()).add(record.leader)
    for epoch, regions in leaders.items():
        if len(regions) > 1:
            yield f"epoch {epoch} was led by {' and '.join(sorted(regions))}"
    epochs = [record.epoch for _, record in history.chosen]
    if epochs != sorted(set(epochs)):
        yield f"the epochs {epochs} were chosen, in which one comes back"


def _verified_before_traffic(_case: Case, history: History) -> Broken:
    """Nobody is served by the new leader before a write there was committed and read back."""
    served = [at for at, region in history.traffic if region == history.new]
    served += [one.at for one in history.acknowledged if one.region == history.new]
    proven = [at for at, region in history.read_back if region == history.new]
    if served and (not proven or min(proven) > min(served)):
        yield f"{history.new} served before a write there was read back"


def _bounded_promotion(case: Case, history: History) -> Broken:
    """The gate saw a known bound, within the RPO or accepted by a person; and it was not smaller than what is lost."""
    for one in history.promotions:
        loss = (one.gate.get("prepared") or {}).get("loss") or {}
        bound = loss.get("bound_seconds") if one.bound_seconds is None else one.bound_seconds
        if loss.get("known") is not True or not isinstance(bound, int | float):
            yield f"{one.run} promoted on an unknown bound"
            continue
        target = 5.0 if case.situation in (Situation.ASKED, Situation.REFUSED) else 300.0
        if bound > target and not any(run == one.run for run, _ in history.acceptances):
            yield f"{one.run} promoted on {bound:.1f} s, more than {target:g} s, and nobody had accepted that"
        lost = [
            write.at
            for write in history.acknowledged
            if write.region == history.old and history.received_until and write.at > history.received_until
        ]
        if lost and _planned(one):
            yield f"{len(lost)} acknowledged writes are lost in a switchover"
        elif lost and history.received_until:
            # From what is there to the last that is not: the client of a restore had written before the case began, too.
            missing = max(lost) - history.received_until
            if missing > timedelta(seconds=bound) + TOLERANCE:
                yield f"writes of {missing.total_seconds():.1f} s are lost, and the bound was {bound:.1f} s"


def _planned(promotion: Promotion) -> bool:
    return promotion.gate.get("mode") == Mode.PLANNED


def _ends_and_tells(case: Case, history: History) -> Broken:
    """Every run ends, leaves a true and durable record, and tries to tell people; an aborted one is reconciled."""
    yield from history.surprises
    for run in history.ended:
        if run.status == "RUNNING":
            yield f"{run.run} has not ended"
        elif run.run in history.aborted:
            yield from _reconciled(history, run)
        else:
            yield from _recorded(case, history, run)
    blind = any(
        (one.state in ("RecordOutcome", ALL_STATES) and one.for_ever) or len(one.regions) > 1 for one in case.faults
    )
    for name, outcome in history.outcomes.items():
        yield from _true(history, name, outcome)
        if not blind:
            yield from _nobody_leads_where_held(history, name, outcome)


def _reconciled(history: History, run: Ended) -> Broken:
    fenced_by = {record.run for _, record in history.chosen if record.state is State.FENCED}
    if run.run not in fenced_by or run.run in history.outcomes:
        return
    if run.run not in history.reconciled:
        yield f"{run.run} was aborted after it had taken the fence, and nothing was recorded of it"
    elif not any(one.run == run.run for one in history.told):
        yield f"{run.run} was reconciled and nobody was told"


def _recorded(case: Case, history: History, run: Ended) -> Broken:
    """What befalls these very states for ever excuses one of the two, never both."""
    lasting = {one.state for one in case.faults if one.for_ever}
    recorded, told = run.run in history.outcomes, any(one.run == run.run for one in history.told)
    if "Notify" not in run.entered:
        yield f"{run.run} ended as {run.status} without trying to tell anybody"
    if not recorded and "RecordOutcome" not in lasting:
        yield f"{run.run} left no outcome"
    if not told and "Notify" not in lasting:
        yield f"nobody was told of {run.run}"


def _true(history: History, run: str, outcome: dict[str, Any]) -> Broken:
    """What is recorded is what became of it."""
    result, later = outcome["result"], history.reconciled.get(run, {}).get("at", "") > outcome["recorded_at"]
    promoted = any(one.run == run for one in history.promotions)
    opened = any(record.run == run and record.leader == history.new for _, record in history.chosen)
    if result in (Result.FAILED_OVER, Result.UNVERIFIED) and not opened:
        yield f"{run} is recorded as {result}, and {history.new} was never opened by it"
    if result == Result.STOOD_DOWN and (promoted or opened):
        yield f"{run} is recorded as {result}, and it had promoted or opened"
    if result == Result.STOOD_DOWN and history.record.run == run and history.record.state is State.FENCED:
        yield f"{run} is recorded as {result}, and it holds the fence"
    if result == Result.STOOD_DOWN and later:
        yield f"{run} is recorded as {result}, and the probe had to take its fence away"
    if result == Result.HELD and opened:
        yield f"{run} is recorded as {result}, and it has opened {history.new}"


def _nobody_leads_where_held(history: History, run: str, outcome: dict[str, Any]) -> Broken:
    at = datetime.fromisoformat(outcome["recorded_at"])
    record = [record for chosen_at, record in history.chosen if chosen_at <= at][-1]
    if outcome["result"] == Result.HELD and record.state is State.OPEN:
        yield f"{run} is recorded as {Result.HELD}, and {record.leader} was open in epoch {record.epoch}"


def _undone_or_held(case: Case, history: History) -> Broken:
    """Before the one-way step the old leader leads again; after it it never does; promotion is accepted once."""
    if len(history.promotions) > 1:
        yield f"{len(history.promotions)} promotions were accepted"
    for promotion in history.promotions[:1]:
        for at, record in history.chosen:
            if at > promotion.at and record.state is State.OPEN and record.leader == history.old:
                yield f"{history.old} was opened in epoch {record.epoch}, after the promotion"
    record = history.record
    entered = any(set(ONE_WAY_STEPS) & set(one.entered) for one in history.ended)
    if not history.promotions and not entered and (record.state, record.leader) != (State.OPEN, history.old):
        yield f"nothing was promoted, and {record.leader} is {record.state} in epoch {record.epoch}"
    if record.state is State.OPEN and record.leader == history.new and not history.promotions:
        yield f"{history.new} leads without a promotion"
    if history.promotions and record.state is State.FENCED and not history.told:
        yield "nobody leads, and nobody was told"
    yield from _refused_change_nothing(case, history)


def _refused_change_nothing(case: Case, history: History) -> Broken:
    for run in history.ended:
        fenced = any(record.run == run.run for _, record in history.chosen)
        if fenced or run.run in history.aborted or any(isinstance(one.kind, OfExecution) for one in case.faults):
            continue
        if any(one.run == run.run for one in history.promotions):
            yield f"{run.run} never held the fence, and promoted"


def _what_there_is_is_kept(case: Case, history: History) -> Broken:
    """Nothing is deleted but what a run restored itself; and a rebuild that is asked for until it is through loses nothing."""
    for told in history.deleted:
        if not told.startswith(RESTORED_FROM):
            yield f"deleted, and made of {told}"
    if case.situation is Situation.REBUILD:
        yield from rebuild_promises.broken(history)
    if case.situation.rehearsed:
        yield from rehearsal_promises.broken(case, history)


CHECKS: dict[int, Callable[[Case, History], Broken]] = {
    1: _one_leader,
    2: _verified_before_traffic,
    3: _bounded_promotion,
    4: _ends_and_tells,
    5: _undone_or_held,
    6: _what_there_is_is_kept,
}
