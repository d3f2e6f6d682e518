"""The workflow file on moto's real interpreter, with a Python callable in place of each function.

Nothing here waits: the pauses between attempts and Wait states pass at once, and are counted instead.
"""

from __future__ import annotations

import io
import json
import re
import threading
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from lab.documentation.workflow import DEFINITION, load, states

REGION = "us-west-2"
ACCOUNT = "123456789012"
TASKS = tuple(placed.name for placed in states(load()) if placed.state["Type"] == "Task")

Function = Callable[[dict[str, Any]], Any]

# What each function answers when all is well, with every field that its contract names.
WELL: Mapping[str, Mapping[str, Any]] = {
    "CheckPrimaryHealth": {
        "allowed": True,
        "mode": "unplanned",
        "down": True,
        "verdict": "down",
        "reason": "three vantage points agree",
        "leader": "ap-southeast-2",
        "epoch": 7,
        "observations": [{"vantage_point": "route53", "healthy": False}],
    },
    "CheckSecondaryReadiness": {
        "ready": True,
        "db_mode": "rds-postgres",
        "reason": "the replica is available",
        "instance": "app-us-west-2",
        "tasks": 1,
        "path": "promote",
        "points": [],
        "restore_seconds": None,
    },
    "WarmSecondary": {"healthy": 2, "desired": 2, "behind_seconds": 0.5, "reason": "warm"},
    "FencePrimary": {
        "held": True,
        "reason": "fenced",
        "epoch": 8,
        "leader": "ap-southeast-2",
        "fenced_at": "2026-01-01T00:00:00Z",
        "wait_seconds": 20,
    },
    "BoundDataLoss": {
        "accepted": True,
        "askable": False,
        "approval_seconds": 1,
        "known": True,
        "bound_seconds": 21.5,
        "bytes_behind": 0,
        "reason": "within the RPO",
        "evidence": {"published": "0/16B3748"},
        "objects": {"waiting": 0},
    },
    "AwaitApproval": {"asked_until": "2026-01-01T00:15:00Z"},
    "ScaleSecondaryECS": {"healthy": 2, "desired": 2, "previous": 1, "reason": "healthy"},
    "PromoteReplica": {
        "instance": "app-us-west-2",
        "endpoint": "db.example",
        "port": 5432,
        "already_promoted": False,
        "promoted_at": None,
    },
    "FailoverGlobalCluster": {
        "instance": "app-us-west-2",
        "endpoint": "db.example",
        "port": 5432,
        "already_promoted": False,
        "promoted_at": None,
    },
    "SwitchoverGlobalCluster": {
        "instance": "app-us-west-2",
        "endpoint": "db.example",
        "port": 5432,
        "already_promoted": False,
        "promoted_at": None,
    },
    "RestoreFromLatestSnapshot": {
        "instance": "app-us-west-2",
        "endpoint": "db.example",
        "port": 5432,
        "restored_from": "the snapshot s",
        "restored_to": "2026-01-01T00:00:00+00:00",
        "bound_seconds": 80.0,
        "unusable": [],
        "content": {"writes": 12},
        "promoted_at": None,
    },
    "UpdateSecretsAndRotateAppConfig": {"secret_arn": "arn", "parameter": "/drlab/app/database", "changed": True},
    "VerifyWrites": {"region": REGION, "read_back": True, "elapsed_ms": 12},
    "OpenSecondary": {"epoch": 9, "leader": REGION, "opened_at": "2026-01-01T00:01:00Z", "hold_until": None},
    "FlipRoute53": {"moved": True, "answered_by": REGION, "seconds": 61.0},
    "PostChecks": {"region": REGION, "read_back": True, "elapsed_ms": 15},
    "StandDown": {
        "result": "stood-down",
        "reason": "the primary is healthy",
        "reopened": False,
        "leader": "ap-southeast-2",
        "epoch": 7,
    },
    "Notify": {"message_id": "m-1", "subject": "drlab"},
}


class FunctionError(Exception):
    """A function's exception, under the name by which the workflow knows it."""

    def __init__(self, name: str, message: str = "told to fail") -> None:
        super().__init__(message)
        self.name = name


@dataclass
class Run:
    """One execution: how it ended, the states it entered in their order, and what each function was given."""

    status: str
    error: str | None
    entered: list[str]
    output: dict[str, Any] | None
    given: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    pauses: list[float] = field(default_factory=list)


def record_outcome(event: dict[str, Any]) -> dict[str, Any]:
    """The result as the contract derives it: from what stands in the state."""
    state = event["state"]
    if "stood_down" in state:
        result = "stood-down"
    elif "opened" in state:
        result = "failed-over" if "checks" in state else "failed-over-unverified"
    else:
        result = "held"
    key = f"runs/{event['run']}/outcome.json"
    return {"result": result, "reason": "because", "key": key, "summary": "s", "leader": None, "epoch": None}


class Workflow:
    """The deployed machine; `run` executes it with the answers that a test changes."""

    def __init__(self) -> None:
        self._client = boto3.client("stepfunctions", REGION)
        self._emulator = stepfunctions_parser_backends[ACCOUNT][REGION]
        self._functions: dict[str, Function] = {}
        self._given: dict[str, list[dict[str, Any]]] = {}
        self._count = 0
        self.pauses: list[float] = []
        self._lock = threading.Lock()
        self._machine = self._deploy()

    def run(self, mode: str | None = None, **changed: Any) -> Run:
        """A value answers in place of WELL's fields; a callable is called with the event; an error is raised.

        `mode` is that of the run's input, which may name none.
        """
        self._functions = answering({**WELL, "RecordOutcome": record_outcome, **changed})
        self._given, self.pauses = {name: [] for name in TASKS}, []
        self._count += 1
        trigger = {"kind": "manual", "reason": "test", "alarm_arn": None, "observed_at": "2026-01-01T00:00:00Z"}
        execution = self._client.start_execution(
            stateMachineArn=self._machine,
            name=f"run-{self._count}",
            input=json.dumps({"trigger": trigger, "expected_epoch": 7, **({"mode": mode} if mode else {})}),
        )["executionArn"]
        return self._wait(execution)

    def send(self, token: str, output: Mapping[str, Any]) -> None:
        """Answer the run that waits with `token`."""
        self._client.send_task_success(taskToken=token, output=json.dumps(output))

    def invoke(self, function: str, event: Any) -> tuple[str, bool, str]:
        """Stands in for the Lambda runtime: (payload, whether it is an error, logs)."""
        with self._lock:
            self._given[function].append(event)
        try:
            return json.dumps(self._functions[function](event)), False, ""
        except FunctionError as error:
            return json.dumps({"errorType": error.name, "errorMessage": str(error)}), True, ""

    def _wait(self, execution: str) -> Run:
        """Asked of the emulator itself: to write a whole history into answers, page by page, costs as much as the run."""
        found, ended, clock = self._emulator.describe_execution(execution), threading.Event(), 0.0
        # They are set after the status.
        while found.output is None and found.error is None and clock < 30:
            ended.wait(0.02)
            clock += 0.02
        entered = [event.get("stateEnteredEventDetails") for event in found.to_history_output()["events"]]
        return Run(
            status=found.status,
            error=found.error,
            entered=[details["name"] for details in entered if details],
            output=found.output,
            given=self._given,
            pauses=self.pauses,
        )

    def _deploy(self) -> str:
        iam = boto3.client("iam", REGION)
        role = iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        functions = boto3.client("lambda", REGION)
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as content:
            content.writestr("unused.py", "")
        arns = {
            name: functions.create_function(
                FunctionName=name,
                Runtime="python3.13",
                Role=role,
                Handler="unused.handler",
                Code={"ZipFile": archive.getvalue()},
            )["FunctionArn"]
            for name in TASKS
        }
        definition = re.sub(r"\$\{(\w+)FunctionArn\}", lambda match: arns[match[1]], DEFINITION.read_text())
        machine: str = self._client.create_state_machine(name="failover", definition=definition, roleArn=role)[
            "stateMachineArn"
        ]
        return machine


def answering(answers: Mapping[str, Any]) -> dict[str, Function]:
    """A function for each answer: a value is put in place of WELL's fields."""
    return {name: _function(WELL.get(name, {}), answer) for name, answer in answers.items()}


def _function(well: Mapping[str, Any], answer: Any) -> Function:
    def call(event: dict[str, Any]) -> Any:
        given = answer(event) if callable(answer) else answer
        if isinstance(given, FunctionError):
            raise given
        return {**well, **given}

    return call


class Clock:
    """In place of the interpreter's `time`: a pause between two attempts is noted and over."""

    def __init__(self, deployed: Workflow) -> None:
        self._deployed = deployed

    def sleep(self, seconds: float) -> None:
        self._deployed.pauses.append(seconds)
