"""Does the workflow file say nothing but what is understood here?

Each state by its type's fields, https://states-language.net/spec.html; a Comment does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.break_glass.errors import NotUnderstood

INVOKE = "arn:aws:states:::lambda:invoke"
CALLBACK = f"{INVOKE}.waitForTaskToken"
ANY_ERROR = "States.ALL"
# https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
NEVER_CAUGHT = frozenset({"States.DataLimitExceeded", "States.Runtime"})

# Of each type the fields that must be there, and those that may.
FIELDS: Mapping[str, tuple[set[str], set[str]]] = {
    "Task": (
        {"Resource", "Parameters"},
        {"ResultSelector", "ResultPath", "TimeoutSeconds", "TimeoutSecondsPath", "Retry", "Catch", "Next", "End"},
    ),
    "Parallel": ({"Branches"}, {"ResultSelector", "ResultPath", "Retry", "Catch", "Next", "End"}),
    "Pass": ({"Parameters", "Next"}, set()),
    "Choice": ({"Choices", "Default"}, set()),
    "Wait": ({"SecondsPath"}, {"Next", "End"}),
    "Succeed": (set(), set()),
    "Fail": ({"ErrorPath", "CausePath"}, set()),
}
RETRIER = {"ErrorEquals", "IntervalSeconds", "BackoffRate", "MaxAttempts"}, {"MaxDelaySeconds", "JitterStrategy"}
CATCHER = {"ErrorEquals", "ResultPath", "Next"}, set[str]()
OPERATORS = {"BooleanEquals", "StringEquals", "IsPresent"}


def understood(machine: Mapping[str, Any]) -> None:
    """Raises NotUnderstood, with the state and what it says."""
    _fields("the workflow", machine, {"StartAt", "States"}, {"TimeoutSeconds"})
    for name, state in machine["States"].items():
        _state(name, state, machine["States"])


def _state(name: str, state: Mapping[str, Any], siblings: Mapping[str, Any]) -> None:
    kind = state.get("Type")
    if not isinstance(kind, str) or kind not in FIELDS:
        raise NotUnderstood(f"{name} is a state of type {kind}, which is not understood here.")
    _fields(name, state, FIELDS[kind][0] | {"Type"}, FIELDS[kind][1])
    for retrier in state.get("Retry", ()):
        _fields(f"a Retry of {name}", retrier, *RETRIER)
    for catcher in state.get("Catch", ()):
        _fields(f"a Catch of {name}", catcher, *CATCHER)
    for rule in state.get("Choices", ()):
        _rule(name, {key: value for key, value in rule.items() if key != "Next"})
    if kind == "Task":
        _task(name, state)
    for branch in state.get("Branches", ()):
        understood(branch)
    for following in _ways_on(state):
        if following not in siblings:
            raise NotUnderstood(f"{name} leads to {following}, which there is not.")


def _task(name: str, state: Mapping[str, Any]) -> None:
    if state["Resource"] not in (INVOKE, CALLBACK):
        raise NotUnderstood(f"{name} calls {state['Resource']}, which is not understood here.")
    if set(state["Parameters"]) != {"FunctionName", "Payload"}:
        raise NotUnderstood(f"{name} has other Parameters than FunctionName and Payload.")
    if not state.keys() & {"TimeoutSeconds", "TimeoutSecondsPath"}:
        raise NotUnderstood(f"{name} has no time limit.")


def _rule(name: str, rule: Mapping[str, Any]) -> None:
    if set(rule) == {"And"}:
        for one in rule["And"]:
            _rule(name, one)
    elif "Variable" not in rule or len(rule) != 2 or not rule.keys() & OPERATORS:
        raise NotUnderstood(f"A choice of {name} says {sorted(rule)}, which is not understood here.")


def _ways_on(state: Mapping[str, Any]) -> list[str]:
    steps = [state, *state.get("Choices", ()), *state.get("Catch", ())]
    return [one["Next"] for one in steps if "Next" in one] + ([state["Default"]] if "Default" in state else [])


def _fields(where: str, told: Mapping[str, Any], needed: set[str], allowed: set[str]) -> None:
    if strange := set(told) - needed - allowed - {"Comment"}:
        raise NotUnderstood(f"{where} says {', '.join(sorted(strange))}, which is not understood here.")
    if missing := needed - set(told):
        raise NotUnderstood(f"{where} does not say {', '.join(sorted(missing))}.")
