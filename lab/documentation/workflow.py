"""What do the workflows look like, as diagrams and tables that cannot differ from the files that run?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from failover.domain.abandoned_run import ONE_WAY_STEPS
from failover.domain.plan_timing import TIMING_LIMITS_SECONDS

ROOT = Path(__file__).resolve().parents[2]
DEFINITION = ROOT / "statemachines" / "failover.asl.json"
REBUILD = ROOT / "statemachines" / "rebuild_standby.asl.json"
REHEARSAL = ROOT / "statemachines" / "restore_rehearsal.asl.json"
# What the plan sets is bounded where the plan is read; a way to another time must be named here first.
LONGEST_BY_PLAN = {
    "$.fence.wait_seconds": timedelta(
        seconds=TIMING_LIMITS_SECONDS["lease_seconds"] + TIMING_LIMITS_SECONDS["lease_margin_seconds"]
    ),
    "$.prepared.loss.approval_seconds": timedelta(seconds=TIMING_LIMITS_SECONDS["approval_seconds"]),
}
# Lambda answers so at once and runs nothing: its connection to the VPC was taken back while nobody asked, and is made again.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
NOT_RUN = frozenset(
    {"Lambda.ENINotReadyException", "Lambda.ResourceConflictException", "Lambda.ResourceNotReadyException"}
)
WORKFLOWS = {
    DEFINITION: "The failover workflow",
    REBUILD: "The rebuild of a standby",
    REHEARSAL: "The rehearsal of a restore",
}
DOCUMENT = ROOT / "statemachines" / "README.md"

State = Mapping[str, Any]

_HEAD = """\
# {title}

<!-- Written by lab/documentation/workflow.py from {file}: `make documents`. Do not edit. -->

{comment}

The whole run may take {limit}; the budgets below add up to {longest} at worst, so the limit never cuts a run
off before it has recorded its outcome.

```mermaid
{diagram}
```

{one_way}A line that names a failure is taken once a state has used up its retries.

| State | Kind | What it settles, and what undoes it | Asks again and retries | Longest | If it fails |
|---|---|---|---|---|---|
{table}
"""


@dataclass(frozen=True)
class Placed:
    """A state, and the Parallel state it is a branch of, if any."""

    name: str
    state: State
    parent: str | None


def load(path: Path = DEFINITION) -> dict[str, Any]:
    definition: dict[str, Any] = json.loads(path.read_text())
    return definition


def states(definition: Mapping[str, Any], parent: str | None = None) -> Iterator[Placed]:
    """Every state in the order of the file; branches follow their Parallel state."""
    for name, state in definition["States"].items():
        yield Placed(name, state, parent)
        for branch in state.get("Branches", []):
            yield from states(branch, name)


def longest(state: State) -> timedelta:
    """The longest a state can take when every attempt runs into its timeout and every retrier is used up.

    Of a time that the plan sets, the longest that it may set. Such a wait for a person is not tried again once it began.
    What Lambda does not run takes no longer than the pauses.
    """
    if state["Type"] == "Parallel":
        return max(
            sum((longest(inner) for inner in branch["States"].values()), timedelta()) for branch in state["Branches"]
        )
    if state["Type"] == "Wait":
        return LONGEST_BY_PLAN[state["SecondsPath"]] if "SecondsPath" in state else timedelta(seconds=state["Seconds"])
    if state["Type"] != "Task":
        return timedelta()
    retriers = state.get("Retry", [])
    attempts = 1 + sum(int(one["MaxAttempts"]) for one in retriers if not set(one["ErrorEquals"]) <= NOT_RUN)
    delays = timedelta(seconds=sum(_delays(retrier) for retrier in retriers))
    if "TimeoutSecondsPath" in state:
        return LONGEST_BY_PLAN[state["TimeoutSecondsPath"]] + delays
    return timedelta(seconds=attempts * state["TimeoutSeconds"]) + delays


def longest_run(definition: Mapping[str, Any]) -> timedelta:
    """The longest way through the machine, by its states' budgets."""
    known: dict[str, timedelta] = {}

    def from_here(name: str) -> timedelta:
        if name not in known:
            state = definition["States"][name]
            onward = [from_here(target) for target, _ in exits(state)]
            known[name] = longest(state) + max(onward, default=timedelta())
        return known[name]

    return from_here(definition["StartAt"])


def exits(state: State) -> list[tuple[str, str]]:
    """Where a run can go from a state: (state, why). Why is "" for the plain way on, which failures may share."""
    ways = [(state["Next"], "")] if "Next" in state else []
    ways += [(choice["Next"], _condition(choice)) for choice in state.get("Choices", [])]
    ways += [(state["Default"], "otherwise")] if "Default" in state else []
    caught = [(catcher["Next"], _caught(catcher)) for catcher in state.get("Catch", [])]
    return ways + [(target, why) for target, why in caught if (target, "") not in ways]


def render() -> str:
    """The README of all workflows."""
    return "\n".join(_section(path, title) for path, title in WORKFLOWS.items())


def _section(path: Path, title: str) -> str:
    definition = load(path)
    return _HEAD.format(
        title=title,
        file=path.name,
        comment=definition["Comment"],
        limit=_spoken(timedelta(seconds=definition["TimeoutSeconds"])),
        longest=_spoken(longest_run(definition)),
        diagram="\n".join(["stateDiagram-v2", *_diagram(definition, "  ")]),
        one_way=_one_way(definition),
        table="\n".join(_row(placed) for placed in states(definition)),
    )


def _one_way(definition: Mapping[str, Any]) -> str:
    found = [name for name in ONE_WAY_STEPS if name in definition["States"]]
    return f"{' and '.join(found)} are the one-way steps. " if found else ""


def write() -> Path:
    """Write the README anew; its path."""
    DOCUMENT.write_text(render())
    return DOCUMENT


def _delays(retrier: Mapping[str, Any]) -> float:
    delay, total = float(retrier["IntervalSeconds"]), 0.0
    for _ in range(retrier["MaxAttempts"]):
        total += min(delay, retrier.get("MaxDelaySeconds", delay))
        delay *= retrier["BackoffRate"]
    return total


def _condition(choice: Mapping[str, Any]) -> str:
    tests = choice.get("And", [choice])
    return " and ".join(
        f"{test['Variable'].removeprefix('$.')} is {str(test[operator]).lower()}"
        for test in tests
        for operator in ("BooleanEquals", "StringEquals")
        if operator in test
    )


def _caught(catcher: Mapping[str, Any]) -> str:
    named = [error for error in catcher["ErrorEquals"] if error != "States.ALL"]
    return " or ".join(named) or "failure"


def _diagram(definition: Mapping[str, Any], indent: str) -> list[str]:
    lines = [f"{indent}[*] --> {definition['StartAt']}"]
    for name, state in definition["States"].items():
        if state["Type"] == "Choice":
            lines.append(f"{indent}state {name} <<choice>>")
        if state["Type"] == "Parallel":
            lines.append(f"{indent}state {name} {{")
            for number, branch in enumerate(state["Branches"]):
                lines += [f"{indent}  --"] if number else []
                lines += _diagram(branch, indent + "  ")
            lines.append(f"{indent}}}")
        for target, why in exits(state):
            lines.append(f"{indent}{name} --> {target}{f': {why}' if why else ''}")
        if state.get("End") or state["Type"] in ("Succeed", "Fail"):
            lines.append(f"{indent}{name} --> [*]")
    return lines


def _row(placed: Placed) -> str:
    state = placed.state
    retry = ", ".join(
        f"{retrier['MaxAttempts']} {'again' if retrier['ErrorEquals'] == ['StillInProgress'] else 'retries'}"
        for retrier in state.get("Retry", [])
    )
    caught = ", ".join(catcher["Next"] for catcher in state.get("Catch", []))
    if state["Type"] == "Task" and placed.parent:
        caught = f"caught by {placed.parent}"
    took = longest(state)
    cells = [
        f"`{placed.name}`" + (f" (in `{placed.parent}`)" if placed.parent else ""),
        state["Type"],
        state["Comment"],
        retry or "–",
        _spoken(took) if took else "–",
        caught or "–",
    ]
    return f"| {' | '.join(cells)} |"


def _spoken(duration: timedelta) -> str:
    minutes = round(duration / timedelta(minutes=1))
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02d} min" if hours else f"{minutes} min"


if __name__ == "__main__":
    write()
