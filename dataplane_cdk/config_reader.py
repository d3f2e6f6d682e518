"""Does a context value have the type and range that its key needs?

Values come from cdk.json with their JSON types, and from `cdk -c key=value` as texts; both are read alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


class ConfigError(ValueError):
    """A context that cannot be used; the text is one sentence that names key, value and what is allowed."""

    def __init__(self, key: str, value: object, allowed: str) -> None:
        super().__init__(f"context: {json.dumps(key)[1:-1]} is {_shown(value)}; allowed: {allowed}.")


class ContextFileError(ConfigError):
    """A cdk.json of which no context can be read; the text is one sentence that names file, fault and what is allowed."""

    def __init__(self, path: Path, found: str) -> None:
        allowed = "a JSON object in UTF-8, with an object named context in it"
        ValueError.__init__(self, f"{path} {found}; allowed: {allowed}.")


def read_context(path: Path) -> dict[str, Any]:
    """The context in a cdk.json. Raises ContextFileError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ContextFileError(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ContextFileError(path, "is not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise ContextFileError(path, f"is no JSON: {error}") from error
    context = content.get("context") if isinstance(content, dict) else None
    if not isinstance(context, dict):
        raise ContextFileError(path, "holds no object named context")
    return context


def require_json(context: Mapping[str, Any]) -> None:
    """What the CDK is given goes through JSON, where NaN ends its process. Raises ConfigError."""
    for key, value in context.items():
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ConfigError(key, value, "a value of JSON, which has no NaN and no Infinity") from error


class Context:
    """The context's own keys; every getter raises ConfigError on a value that does not fit."""

    def __init__(self, values: Mapping[str, Any], known: Iterable[str]) -> None:
        known = tuple(known)
        for key in values:
            if key not in known:
                raise ConfigError(key, values[key], f"no such key; known are {', '.join(sorted(known))}")
        for key in known:
            if key not in values:
                raise ConfigError(key, None, "a value: the key is missing")
        self._values = values

    def text(self, key: str, pattern: str, allowed: str) -> str:
        value = self._values[key]
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ConfigError(key, value, allowed)
        return value

    def optional_text(self, key: str, pattern: str, allowed: str) -> str | None:
        """None where the key is null or empty."""
        return None if self._values[key] in (None, "") else self.text(key, pattern, f"{allowed}, or nothing")

    def one_of(self, key: str, choices: tuple[str, ...]) -> str:
        value = self._values[key]
        if value not in choices:
            raise ConfigError(key, value, " or ".join(choices))
        return str(value)

    def flag(self, key: str) -> bool:
        value = self._values[key]
        if value in (True, "true"):
            return True
        if value in (False, "false"):
            return False
        raise ConfigError(key, value, "true or false")

    def whole(self, key: str, low: int, high: int) -> int:
        value = self._values[key]
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ConfigError(key, value, f"a whole number, {low} to {high}")
        return value

    def optional_whole(self, key: str, low: int, high: int) -> int | None:
        """None where the key is null or empty."""
        return None if self._values[key] in (None, "") else self.whole(key, low, high)

    def by_region(self, key: str, regions: tuple[str, ...], pattern: str, allowed: str) -> dict[str, str]:
        """Region -> text that fits `pattern`, where {region} stands for the Region; empty where the key is null."""
        value = self._object(key)
        for region, item in value.items():
            if region not in regions:
                raise ConfigError(f"{key}.{region}", item, f"only {' and '.join(regions)}")
            fits = pattern.replace("{region}", re.escape(region))
            if not isinstance(item, str) or not re.fullmatch(fits, item):
                raise ConfigError(f"{key}.{region}", item, allowed)
        return {str(region): str(item) for region, item in value.items()}

    def pairs_by_region(self, key: str, regions: tuple[str, ...]) -> dict[str, tuple[str, str]]:
        """Region -> two different Availability Zones of it; empty where the key is null."""
        value = self._object(key)
        pairs: dict[str, tuple[str, str]] = {}
        for region, item in value.items():
            if region not in regions:
                raise ConfigError(f"{key}.{region}", item, f"only {' and '.join(regions)}")
            zones = item if isinstance(item, list) else []
            fits = [zone for zone in zones if isinstance(zone, str) and re.fullmatch(f"{region}[a-z]", zone)]
            if len(zones) != 2 or len(set(fits)) != 2:
                raise ConfigError(f"{key}.{region}", item, f"a list of two zones such as {region}a")
            pairs[region] = (fits[0], fits[1])
        return pairs

    def _object(self, key: str) -> dict[str, Any]:
        value = self._values[key]
        if isinstance(value, str) and value:
            try:
                value = json.loads(value)
            except json.JSONDecodeError as error:
                raise ConfigError(key, value, "a JSON object, Region by Region") from error
        if value in (None, ""):
            return {}
        if not isinstance(value, dict):
            raise ConfigError(key, value, "a JSON object, Region by Region")
        return value


def _shown(value: object) -> str:
    try:
        text = json.dumps(value)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
