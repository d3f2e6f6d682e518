"""What does a path in the workflow file find, and where does a result go?

Of the States Language's paths those that select one value: https://states-language.net/spec.html#paths.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonpath_ng import JSONPath, parse

from lab.break_glass.errors import WorkflowError


def present(path: str, data: Any) -> bool:
    """Whether there is anything at `path`, null included."""
    return bool(_parsed(path).find(data))


def find(path: str, data: Any, context: Mapping[str, Any]) -> Any:
    """The one value at `path` of `data`, or of the context object where the path begins with `$$`.

    Raises WorkflowError States.Runtime when there is none.
    """
    root, asked = (context, path[1:]) if path.startswith("$$") else (data, path)
    found = _parsed(asked).find(root)
    if len(found) != 1:
        raise WorkflowError("States.Runtime", f"The path {path} finds {len(found)} values, not one.")
    return found[0].value


def fill(template: Any, data: Any, context: Mapping[str, Any]) -> Any:
    """A payload template filled: https://states-language.net/spec.html#payload-template. Raises WorkflowError."""
    if isinstance(template, Mapping):
        return {
            key.removesuffix(".$"): find(value, data, context) if key.endswith(".$") else fill(value, data, context)
            for key, value in template.items()
        }
    return [fill(one, data, context) for one in template] if isinstance(template, list) else template


def put(path: str, data: Any, result: Any) -> Any:
    """`data` with `result` at `path`; `data` itself is not changed. `$` stands for all of it."""
    if path == "$":
        return result
    changed = copy.deepcopy(data)
    _parsed(path).update_or_create(changed, result)
    return changed


@cache
def _parsed(path: str) -> JSONPath:
    return parse(path)
