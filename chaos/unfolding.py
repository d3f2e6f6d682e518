"""What is common to the cases of every workflow: its runs, their aborts and redrives, what befalls a state, and the books."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from chaos import interpreter
from chaos.case import Case, Then
from chaos.clock import CaseClock
from chaos.cloud import Cloud
from chaos.faults import Fault, OfDarkness, OfEvent, OfExecution
from chaos.functions import FunctionError, Functions
from chaos.gate import Attempts, Died, Gate
from chaos.history import Ended, History, Promotion, Told
from chaos.installation import ACCOUNT, ALARM, ALARM_ARN, STANDBY, WITNESS
from chaos.interpreter import Workflow
from chaos.rds import ONE_WAY
from chaos.service import Service
from failover.application.errors import RunRefused, TransientFailure

MANUAL, PROBE, PERSON = "run-by-hand", "ProbeLeader", "a person"
ASYNCHRONOUS_TRIES = 3
# The minute's probe waits for a run's end to settle before it acts: step_budget of the plan, and a second.
UNTIL_PROBED = timedelta(seconds=60)
OfRun = OfExecution | OfEvent | OfDarkness


@dataclass
class Unfolding:
    """One case. The first run of `workflow` is the one that faults befall; runs of those `beside` it may begin meanwhile."""

    workflow: ClassVar[Workflow]
    beside: ClassVar[tuple[Workflow, ...]] = ()

    case: Case
    clock: CaseClock
    gate: Gate
    cloud: Cloud
    history: History
    functions: Functions
    service: Service
    _sprung: set[Fault] = field(default_factory=set)
    _given: dict[str, dict[str, Any]] = field(default_factory=dict)

    def unfold(self) -> None:
        """From what starts the run to the end."""
        raise NotImplementedError

    def happen(self, kind: OfEvent, run: str) -> None:
        """What else arrives while `run` enters a state."""
        raise NotImplementedError

    def aftermath(self) -> None:
        """What looks after the installation once what disturbed the run is over."""
        raise NotImplementedError

    @property
    def dark(self) -> frozenset[str]:
        """The Regions that are."""
        return frozenset()

    @property
    def databases(self) -> Any:
        """What answers to a session on a database."""
        return self.service

    def accepted(self, what: str) -> None:
        """RDS took something on."""
        if what != ONE_WAY:
            return
        attempt = self.gate.attempt
        run = attempt.run if attempt else "nobody"
        self.service.disconnect()
        self.history.promotions.append(Promotion(self.clock.now(), run, self._given.get(run, {})))

    def falls_dark(self, state: str, run: str = "") -> bool:  # noqa: ARG002 - for whoever has darkness
        """Whether the run stands still from now on: the Region that it runs in is dark."""
        return False

    def answered(self, state: str, run: str, answer: Any) -> None:
        """A function told `run` its answer, or None."""

    def wait_ended(self) -> None:
        """A Wait state has no function: what befalls it comes as it ends."""

    def invoke(self, state: str, event: dict[str, Any]) -> dict[str, Any]:
        """What the interpreter gets from Lambda for a Task state."""
        run = str(event["run"])
        self._given[run] = event["state"]
        self.spring(state, run)
        if self.falls_dark(state, run):
            self.abort(run)
            return {"StatusCode": 200, "Payload": {}}
        due = self.due(OfExecution, state, run)
        if due is not None:
            self.abort(run)
            if due.kind is OfExecution.ABORTED_BEFORE:
                return {"StatusCode": 200, "Payload": {}}
        try:
            payload = self.functions.invoke(state, event, run)
        except FunctionError as error:
            self.answered(state, run, None)
            told = {"errorType": error.name, "errorMessage": str(error)}
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": told}
        self.answered(state, run, payload)
        return {"StatusCode": 200, "Payload": payload}

    def executions(self) -> dict[str, Any]:
        """The first is that of `workflow`, where it has one."""
        return {one.name: one for workflow in (self.workflow, *self.beside) for one in workflow.executions()}

    def due(self, kinds: type[OfRun], state: str, run: str) -> Fault | None:
        """A fault of these kinds befalls the first run, once."""
        first = next(iter(self.executions()), run)
        for one in self.gate.faults:
            if isinstance(one.kind, kinds) and one.state == state and one not in self._sprung and run == first:
                self._sprung.add(one)
                self.gate.met.add(one)
                return one
        return None

    def spring(self, state: str, run: str) -> None:
        due = self.due(OfEvent, state, run)
        if due is not None and isinstance(due.kind, OfEvent):
            outer, self.gate.attempt = self.gate.attempt, None
            self.happen(due.kind, run)
            self.gate.attempt = outer

    def abort(self, run: str) -> None:
        self.history.aborted.add(run)
        interpreter.abort(self.executions()[run])

    def redrive(self) -> None:
        """The first run, if it did not end well."""
        first = next(iter(self.executions().values()), None)
        if first is None or first.status not in ("ABORTED", "FAILED", "TIMED_OUT"):
            return
        self.history.aborted.discard(first.name)
        interpreter.run(self.workflow.redrive(first))
        self.collect()

    def go_on_as_the_case_has_it(self) -> None:
        """What follows a run that was aborted or ended as held: the aftermath, with a redrive before or after it."""
        if self.case.then is Then.REDRIVEN:
            self.redrive()
        self.aftermath()
        if self.case.then is Then.PROBED_AND_REDRIVEN:
            self.redrive()
            self.aftermath()

    def receive(self, event: dict[str, Any]) -> None:
        """Lambda tries an asynchronous call twice more: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html."""
        known = set(self.executions())
        for _ in range(ASYNCHRONOUS_TRIES):
            try:
                self.functions.invoke("ReceiveAlarm", event, "alarm")
                break
            except (FunctionError, ClientError):
                continue
        self.run_new(known)

    def probe(self) -> bool:
        """Whether it answered."""
        known = set(self.executions())
        try:
            self.functions.invoke(PROBE, {"source": "aws.events"}, "probe")
        except (FunctionError, ClientError):
            return False
        finally:
            self.run_new(known)
        return True

    def ask(self, command: str, call: Callable[[], Any]) -> None:
        """A person does, by `command`."""
        known, outer = set(self.executions()), self.gate.attempt
        self.gate.attempt = Attempts(command, PERSON, 1, self.clock.monotonic())
        try:
            call()
        except (TransientFailure, RunRefused, Died) as error:
            self.history.refused.append(str(error))
        finally:
            self.gate.attempt = outer
        self.run_new(known)

    def run_new(self, known: set[str]) -> None:
        """Those that were started since."""
        for name, execution in self.executions().items():
            if name not in known:
                interpreter.run(execution)

    def end_faults(self, *but: str) -> None:
        """All but those of these states."""
        self.gate.faults = tuple(one for one in self.gate.faults if one.state in but)

    def collect(self) -> None:
        """Let every run come to its end, and see how."""
        self.history.ended.clear()
        for name, execution in self.executions().items():
            interpreter.run(execution)
            entered = interpreter.entered(execution)
            state = interpreter.last_entered(execution)[1] if entered else {}
            self.history.ended.append(Ended(name, execution.status, entered, state))

    def keep_books(self) -> None:
        self.hear()
        for key in self.cloud.keys(STANDBY):
            match = re.fullmatch(r"runs/([^/]+)/(outcome|reconciled)\.json", key)
            if match:
                kept = self.history.outcomes if match[2] == "outcome" else self.history.reconciled
                kept[match[1]] = json.loads(self.cloud.text(STANDBY, key) or "{}")

    def hear(self) -> None:
        """What moto's topic has taken since; each message names its run."""
        sent = self.cloud.topic.sent_notifications
        for _, text, subject, *_ in sent[len(self.history.told) :]:
            run = subject.rpartition(" ")[2].strip("()[]")
            state = "AwaitApproval" if "drlab approve" in text else "Notify" if "Recorded:" in text else PROBE
            self.history.told.append(Told(run, state, subject, text))

    def by_hand(self) -> dict[str, Any]:
        """What a person gives a run that is started past every command."""
        trigger = {
            "kind": "manual",
            "reason": "by hand",
            "alarm_arn": None,
            "observed_at": self.clock.now().isoformat(),
        }
        return {"trigger": trigger, "expected_epoch": None}

    def alarm_event(self, which: str) -> dict[str, Any]:
        """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html"""
        if which not in self._given:
            at = self.clock.now() - timedelta(seconds=10)
            self._given[which] = {"value": "ALARM", "reason": "Threshold Crossed", "timestamp": at.isoformat()}
        return {
            "source": "aws.cloudwatch",
            "detail-type": "CloudWatch Alarm State Change",
            "account": ACCOUNT,
            "region": WITNESS,
            "resources": [ALARM_ARN],
            "detail": {"alarmName": ALARM, "state": self._given[which]},
        }
