"""What does the workflow file do, step by step, where there is no Step Functions?

The States Language (https://states-language.net/spec.html) as far as the file uses it. A file that says more is refused
before anything is done: nothing in it is passed over. Two things differ from AWS. The limit of the whole run is not kept:
a person watches, and each state keeps its own. And a call that is given up goes on by itself, as a function does.
"""

from __future__ import annotations

import copy
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from lab.break_glass import paths
from lab.break_glass.errors import WorkflowError
from lab.break_glass.vocabulary import ANY_ERROR, CALLBACK, NEVER_CAUGHT, understood

Payload = Any
Context = Mapping[str, Any]


class Functions(Protocol):
    """Whoever stands for Lambda. Both raise WorkflowError under the error's own name."""

    def invoke(self, function: str, payload: Payload) -> Any:
        """What the function answers."""
        ...

    def ask(self, function: str, payload: Payload, within_seconds: float) -> Any:
        """What is sent back for the task token. States.Timeout after `within_seconds`."""
        ...


class Observer(Protocol):
    """Whoever looks on; called from several threads at once."""

    def entering(self, state: str, data: Any, outermost: bool) -> None:
        """Before anything is done in it. What it raises ends the walk."""
        ...

    def again(self, state: str, error: WorkflowError, in_seconds: float) -> None: ...

    def left(self, state: str, error: WorkflowError | None) -> None:
        """`error`: what was caught there."""
        ...


@dataclass(frozen=True)
class Ended:
    """`state` is the last one; `error` that of a Fail state, or one that no state caught. `output` None then."""

    state: str
    output: Any
    error: WorkflowError | None


@dataclass(frozen=True)
class Interpreter:
    """`machine` is the workflow's definition. Raises NotUnderstood when it is made from one that says more."""

    machine: Mapping[str, Any]
    functions: Functions
    observer: Observer
    pause: Callable[[float], object]
    draw: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        understood(self.machine)

    def run(self, data: Any, context: Context, start_at: str | None = None) -> Ended:
        """From `start_at`, by default the first state, to the end. What the observer raises comes through."""
        walk = _Walk(self, context, threading.Event(), outermost=True)
        try:
            output = walk.to_the_end(self.machine, start_at or self.machine["StartAt"], data)
        except WorkflowError as error:
            return Ended(walk.state, None, error)
        return Ended(walk.state, output, None)


@dataclass
class _Walk:
    """Through one list of states: the file's own, or those of a branch. `given_up`: another branch has failed."""

    of: Interpreter
    context: Context
    given_up: threading.Event
    outermost: bool
    state: str = field(default="", init=False)

    def to_the_end(self, machine: Mapping[str, Any], start_at: str, data: Any) -> Any:
        name: str | None = start_at
        while name is not None:
            if self.given_up.is_set():
                raise WorkflowError("States.BranchFailed", "Another branch has failed.")
            self.state, state = name, machine["States"][name]
            self.of.observer.entering(name, data, self.outermost)
            data, name = self._through(name, state, data)
        return data

    def _through(self, name: str, state: Mapping[str, Any], data: Any) -> tuple[Any, str | None]:
        kind = state["Type"]
        if kind == "Fail":
            where = (paths.find(state[one], data, self.context) for one in ("ErrorPath", "CausePath"))
            raise WorkflowError(*where)
        if kind == "Choice":
            following = next((one["Next"] for one in state["Choices"] if _holds(one, data)), state["Default"])
        else:
            following = state.get("Next")
        if kind == "Wait":
            self.of.pause(float(paths.find(state["SecondsPath"], data, self.context)))
        if kind == "Pass":
            data = paths.fill(state["Parameters"], data, self.context)
        error = None
        if kind in ("Task", "Parallel"):
            data, following, error = self._worked(name, state, data)
        self.of.observer.left(name, error)
        return data, following

    def _worked(self, name: str, state: Mapping[str, Any], data: Any) -> tuple[Any, str | None, WorkflowError | None]:
        """The data, the next state (None: it ends here), and the error that led there."""
        try:
            result = self._tried(name, state, data)
        except WorkflowError as error:
            catcher = next((one for one in state.get("Catch", ()) if _matches(error, one["ErrorEquals"])), None)
            if catcher is None:
                self.of.observer.left(name, error)
                raise
            return paths.put(catcher["ResultPath"], data, error.to_dict()), catcher["Next"], error
        selected = paths.fill(state["ResultSelector"], result, self.context) if "ResultSelector" in state else result
        return paths.put(state.get("ResultPath", "$"), data, selected), state.get("Next"), None

    def _tried(self, name: str, state: Mapping[str, Any], data: Any) -> Any:
        """https://states-language.net/spec.html#retrying-after-error: each retrier counts for itself."""
        used: dict[int, int] = {}
        while True:
            try:
                return self._branches(state, data) if state["Type"] == "Parallel" else self._call(state, data)
            except WorkflowError as error:
                retriers = enumerate(state.get("Retry", ()))
                found = next((one for one in retriers if _matches(error, one[1]["ErrorEquals"])), None)
                if found is None or used.get(found[0], 0) >= found[1]["MaxAttempts"] or self.given_up.is_set():
                    raise
                number, retrier = found
                seconds = self._delay(retrier, used.get(number, 0))
                used[number] = used.get(number, 0) + 1
                self.of.observer.again(name, error, seconds)
                self.of.pause(seconds)

    def _delay(self, retrier: Mapping[str, Any], attempts: int) -> float:
        seconds = float(retrier["IntervalSeconds"] * retrier["BackoffRate"] ** attempts)
        seconds = min(seconds, float(retrier.get("MaxDelaySeconds", seconds)))
        return seconds * self.of.draw() if retrier.get("JitterStrategy") == "FULL" else seconds

    def _call(self, state: Mapping[str, Any], data: Any) -> Any:
        # A task token means nothing here: whoever is asked is at this terminal.
        context = {**self.context, "Task": {"Token": "none"}}
        parameters = paths.fill(state["Parameters"], data, context)
        function, payload = parameters["FunctionName"], parameters["Payload"]
        if "TimeoutSecondsPath" in state:
            seconds = float(paths.find(state["TimeoutSecondsPath"], data, self.context))
        else:
            seconds = float(state["TimeoutSeconds"])
        if state["Resource"] == CALLBACK:
            return self.of.functions.ask(function, payload, seconds)
        return {"Payload": _within(seconds, lambda: self.of.functions.invoke(function, payload))}

    def _branches(self, state: Mapping[str, Any], data: Any) -> list[Any]:
        """All at once; the first that fails fails them all: https://states-language.net/spec.html#parallel-state."""
        failed = threading.Event()
        ended: SimpleQueue[tuple[int, Any, WorkflowError | None]] = SimpleQueue()

        def follow(number: int, branch: Mapping[str, Any]) -> None:
            walk = _Walk(self.of, self.context, failed, outermost=False)
            try:
                ended.put((number, walk.to_the_end(branch, branch["StartAt"], copy.deepcopy(data)), None))
            except WorkflowError as error:
                ended.put((number, None, error))

        for number, branch in enumerate(state["Branches"]):
            threading.Thread(target=follow, args=(number, branch), daemon=True).start()
        results: dict[int, Any] = {}
        for _ in state["Branches"]:
            number, results[number], error = ended.get()
            if error is not None:
                failed.set()
                raise error
        return [results[number] for number in sorted(results)]


def _within(seconds: float, call: Callable[[], Any]) -> Any:
    """What `call` returns, or WorkflowError States.Timeout: it is then left alone, and its answer is not waited for."""
    answer: SimpleQueue[tuple[Any, WorkflowError | None]] = SimpleQueue()

    def work() -> None:
        try:
            answer.put((call(), None))
        except WorkflowError as error:
            answer.put((None, error))

    threading.Thread(target=work, daemon=True).start()
    try:
        value, error = answer.get(timeout=seconds)
    except Empty:
        raise WorkflowError("States.Timeout", f"No answer came within {seconds:g} s.") from None
    if error is not None:
        raise error
    return value


def _matches(error: WorkflowError, names: list[str]) -> bool:
    return error.name in names or (ANY_ERROR in names and error.name not in NEVER_CAUGHT)


def _holds(rule: Mapping[str, Any], data: Any) -> bool:
    """https://states-language.net/spec.html#choice-state; a value of another type than the rule's does not match."""
    if "And" in rule:
        return all(_holds(one, data) for one in rule["And"])
    if "IsPresent" in rule:
        return paths.present(rule["Variable"], data) is rule["IsPresent"]
    wanted = rule["BooleanEquals"] if "BooleanEquals" in rule else rule["StringEquals"]
    found = paths.find(rule["Variable"], data, {})
    return type(found) is type(wanted) and found == wanted
