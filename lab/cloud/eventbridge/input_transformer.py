"""What does a rule's target receive: the event, a part of it, a constant, or text made from it?"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jsonpath_ng.ext import parse

_VARIABLE = re.compile(r"<([A-Za-z0-9_.\-]+)>")
_MISSING = object()


def target_input(
    target: Mapping[str, Any], event: Mapping[str, Any], rule_arn: str, rule_name: str, ingestion_time: str
) -> str:
    """The text that `target` (as PutTargets took it) receives for `event`.

    Input is passed as it is, InputPath passes that part of the event as JSON, and InputTransformer fills its
    template. A variable whose path finds nothing leaves nothing behind.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
    """
    if target.get("Input") is not None:
        return str(target["Input"])
    if target.get("InputPath"):
        found = _find(target["InputPath"], event)
        return json.dumps(None if found is _MISSING else found)
    transformer = target.get("InputTransformer")
    if not transformer:
        return json.dumps(event)
    values = {name: _find(path, event) for name, path in transformer.get("InputPathsMap", {}).items()}
    values |= {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_name,
        "aws.events.event.ingestion-time": ingestion_time,
        "aws.events.event": {key: value for key, value in event.items() if key != "detail"},
        "aws.events.event.json": dict(event),
    }
    return _fill(transformer["InputTemplate"], values)


def _fill(template: str, values: Mapping[str, Any]) -> str:
    """A value inside quotes becomes text of that string; elsewhere it becomes JSON, with quotes of its own."""
    filled: list[str] = []
    position, in_string = 0, False
    while position < len(template):
        variable = _VARIABLE.match(template, position)
        if variable and variable.group(1) in values:
            filled.append(_text(values[variable.group(1)], in_string))
            position = variable.end()
            continue
        if template[position] == "\\" and in_string:
            filled.append(template[position : position + 2])
            position += 2
            continue
        in_string ^= template[position] == '"'
        filled.append(template[position])
        position += 1
    return "".join(filled)


def _text(value: Any, in_string: bool) -> str:
    if value is _MISSING:
        return ""
    if not in_string:
        return json.dumps(value)
    return json.dumps(value if isinstance(value, str) else json.dumps(value))[1:-1]


def _find(path: str, event: Mapping[str, Any]) -> Any:
    found = [match.value for match in _compiled(path).find(dict(event))]
    if not found:
        return _MISSING
    return found if "*" in path else found[0]


@lru_cache(maxsize=256)
def _compiled(path: str) -> Any:
    return parse(path)
