"""Does a JSON value have the type and range that the plan's key needs?

Strict on purpose: a key that nobody reads is a setting that someone believes in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any


class PlanError(ValueError):
    """A plan that cannot be used; the text is one sentence that names key, value and what is allowed."""

    def __init__(self, key: str, value: object, allowed: str) -> None:
        self.key = key
        self.value = value
        self.allowed = allowed
        super().__init__(f"plan: {key} is {_shown(value)}; allowed: {allowed}")


class PlanObject:
    """One JSON object of the plan, at `path`; every getter raises PlanError on a value that does not fit."""

    def __init__(self, path: str, value: object, keys: Iterable[str]) -> None:
        if not isinstance(value, Mapping):
            raise PlanError(path or "(whole text)", value, "a JSON object")
        self._path = path
        self._value = value
        known = set(keys)
        for key in value:
            if key not in known:
                raise PlanError(self.key(key), value[key], f"no such key; known are {', '.join(sorted(known))}")
        for key in sorted(known - set(value)):
            raise PlanError(self.key(key), None, "a value: the key is missing")

    def key(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else str(name)

    def raw(self, name: str) -> Any:
        return self._value[name]

    def text(self, name: str, pattern: str, allowed: str) -> str:
        value = self._value[name]
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise PlanError(self.key(name), value, allowed)
        return value

    def one_of(self, name: str, choices: tuple[str, ...]) -> str:
        value = self._value[name]
        if value not in choices:
            raise PlanError(self.key(name), value, ", ".join(choices))
        return str(value)

    def whole(self, name: str, low: int, high: int) -> int:
        value = self._value[name]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise PlanError(self.key(name), value, f"a whole number, {low} to {high}")
        return value

    def number(self, name: str, low: float, high: float) -> float:
        """A finite number with `low <= value <= high`; `low` itself is excluded when it is zero."""
        value = self._value[name]
        unfit = isinstance(value, bool) or not isinstance(value, int | float)
        if unfit or not low <= value <= high or (low == 0 and value == 0):
            bounds = f"above 0, up to {high:g}" if low == 0 else f"{low:g} to {high:g}"
            raise PlanError(self.key(name), value, f"a number, {bounds}")
        return float(value)

    def seconds(self, name: str, high: float) -> timedelta:
        """What is so short that it would be no time at all is refused as zero is."""
        given = timedelta(seconds=self.number(name, 0, high))
        if not given:
            raise PlanError(self.key(name), self._value[name], f"a number, at least 0.000001, up to {high:g}")
        return given


def load_json(text: str) -> object:
    """The JSON value of `text`. Raises PlanError when it is no JSON, or names one key twice."""
    try:
        return json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise PlanError("(whole text)", text, f"JSON ({error.msg} at line {error.lineno})") from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for key, value in pairs:
        if key in seen:
            raise PlanError(key, value, "each key once: it is given twice")
        seen[key] = value
    return seen


def _refuse_constant(name: str) -> object:
    raise PlanError("(whole text)", name, "finite numbers")


def _shown(value: object) -> str:
    try:
        text = json.dumps(value)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
