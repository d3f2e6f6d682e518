"""How much of each thing is one month taken to use, and which figures may a user change?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from lab.cost.errors import CostError

DEFAULTS = Path(__file__).with_name("usage.yaml")
LARGEST = 10**12


@dataclass(frozen=True)
class Assumption:
    """One figure, and why it is that."""

    value: Decimal
    reason: str


@dataclass(frozen=True)
class Usage:
    """All assumptions by name. Made by `read_usage` alone: the names are those of usage.yaml."""

    assumptions: Mapping[str, Assumption]

    def __getitem__(self, name: str) -> Decimal:
        return self.assumptions[name].value


def read_usage(own: Path | None = None) -> Usage:
    """The figures of usage.yaml, with those of the file `own` instead where it has some. Raises CostError."""
    found = _read(DEFAULTS)
    if own is not None:
        given = _read(own)
        for name in given:
            if name not in found:
                raise CostError(f"{own}: {name} is no usage assumption; known are {', '.join(sorted(found))}.")
        found = {**found, **given}
    if not found["hours_per_month"].value:
        raise CostError(f"{own}: hours_per_month is 0; allowed: a number above 0.")
    return Usage(found)


def _read(path: Path) -> dict[str, Assumption]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise CostError(f"{path}: is not a text in UTF-8.") from error
    except OSError as error:
        raise CostError(f"{path}: cannot be read: {error.strerror}.") from error
    except yaml.YAMLError as error:
        raise CostError(f"{path}: is not YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(content, dict):
        raise CostError(f"{path}: is no usage file: it holds no names with a value each.")
    return {str(name): _assumption(path, str(name), one) for name, one in content.items()}


def _assumption(path: Path, name: str, one: Any) -> Assumption:
    """A bare number will do in a file of one's own."""
    value, reason = one, f"given in {path}"
    if isinstance(one, dict):
        if unknown := set(one) - {"value", "reason"}:
            raise CostError(f"{path}: {name} has {sorted(map(str, unknown))[0]!r}; allowed: value and reason.")
        value, reason = one.get("value"), str(one.get("reason", reason))
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CostError(f"{path}: {name} is {value!r}; allowed: a number, 0 or more.")
    # The comparison is false for "not a number" as well.
    if not 0 <= value <= LARGEST:
        raise CostError(f"{path}: {name} is {value!r}; allowed: a number, 0 to {LARGEST:.0e}.")
    return Assumption(Decimal(str(value)), reason)
