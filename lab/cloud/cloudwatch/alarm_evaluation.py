"""Which state do an alarm's datapoints put it in, when M of the last N must breach and some may be missing?"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

OK, ALARM, NO_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"

# CloudWatch retrieves more datapoints than N; its documented examples take 5 for N = 3.
EXTRA_DATAPOINTS = 2

COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanThreshold": (operator.gt, "greater than the threshold"),
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to the threshold"),
    "LessThanThreshold": (operator.lt, "less than the threshold"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to the threshold"),
}
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


@dataclass(frozen=True)
class Condition:
    """When an alarm fires: `needed` (M) of `periods` (N) datapoints compare with `threshold` as `comparison` says."""

    comparison: str
    threshold: float
    needed: int
    periods: int
    treatment: str = "missing"

    @property
    def evaluation_range(self) -> int:
        """How many periods are looked back."""
        return self.periods + EXTRA_DATAPOINTS

    def breaches(self, value: float) -> bool:
        return COMPARISONS[self.comparison][0](value, self.threshold)


@dataclass(frozen=True)
class Verdict:
    """The state, why, and the datapoints that were evaluated, oldest first."""

    state: str
    reason: str
    evaluated: tuple[float, ...]


def evaluate(datapoints: Sequence[float | None], condition: Condition, current: str) -> Verdict:
    """Judge the evaluation range, given oldest first with None where a datapoint is missing.

    The most recent N that exist are judged. Fewer than N are filled up as `treatment` says, as few times as
    possible; `missing` keeps to what exists, and fires early only if the oldest datapoint breaches, is at least
    M periods old, and none is within the threshold; `ignore` keeps the state unless what exists decides alone.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    real = [(age, value) for age, value in enumerate(reversed(datapoints), start=1) if value is not None]
    newest = real[: condition.periods]
    breaching = [(age, value) for age, value in newest if condition.breaches(value)]
    absent = condition.periods - len(newest)
    filled = absent if condition.treatment == "breaching" else 0
    evaluated = tuple(value for _, value in reversed(newest))
    if len(breaching) + filled >= condition.needed:
        return Verdict(ALARM, _crossed(condition, evaluated, len(breaching), absent, current), evaluated)
    undecided = absent > 0 and len(breaching) == len(newest)
    if undecided and condition.treatment == "ignore":
        return Verdict(current, "The state is kept while datapoints are missing.", evaluated)
    if undecided and condition.treatment == "missing":
        if breaching and breaching[-1][0] >= condition.needed:
            return Verdict(ALARM, _crossed(condition, evaluated, len(breaching), absent, current), evaluated)
        unknown = "1 datapoint was" if condition.periods == 1 else f"{condition.periods} datapoints were"
        return Verdict(NO_DATA, f"Insufficient Data: {unknown} unknown.", evaluated)
    return Verdict(OK, _within(condition, evaluated, len(newest) - len(breaching), absent, current), evaluated)


def _crossed(condition: Condition, evaluated: Sequence[float], breaching: int, absent: int, current: str) -> str:
    if not evaluated:
        return _all_missing(condition, "Breaching")
    return (
        f"Threshold Crossed: {breaching} out of the last {condition.periods} datapoints {_listed(evaluated)} "
        f"{_was(breaching)} {_words(condition)}{_missing(absent)} "
        f"(minimum {_counted(condition.needed)} for {current} -> ALARM transition)."
    )


def _within(condition: Condition, evaluated: Sequence[float], within: int, absent: int, current: str) -> str:
    if not evaluated:
        return _all_missing(condition, "NonBreaching")
    needed = condition.periods - condition.needed + 1
    return (
        f"Threshold Crossed: {within} out of the last {condition.periods} datapoints {_listed(evaluated)} "
        f"{_was(within)} not {_words(condition)}{_missing(absent)} "
        f"(minimum {_counted(needed)} for {current} -> OK transition)."
    )


def _all_missing(condition: Condition, treated_as: str) -> str:
    periods = "period" if condition.periods == 1 else "periods"
    return (
        f"Threshold Crossed: no datapoints were received for {condition.periods} {periods} and "
        f"{_counted(condition.periods, 'missing ')} {_was(condition.periods)} treated as [{treated_as}]."
    )


def _words(condition: Condition) -> str:
    return f"{COMPARISONS[condition.comparison][1]} ({condition.threshold})"


def _listed(values: Sequence[float]) -> str:
    return "[" + ", ".join(str(value) for value in reversed(values)) + "]"


def _missing(count: int) -> str:
    return f" ({_counted(count, 'missing ')} in the evaluation range)" if count else ""


def _counted(count: int, kind: str = "") -> str:
    return f"{count} {kind}datapoint{'' if count == 1 else 's'}"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"
