"""What comes after what in a case: the alarm, the run with its faults, what follows it, and the minute's probe?"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from botocore.exceptions import ClientError

from chaos import interpreter
from chaos.case import Case, Situation, Then
from chaos.clock import CaseClock
from chaos.cloud import Cloud
from chaos.darkness import Night, begin
from chaos.faults import ALL_STATES, BEFORE, Fault, OfDarkness, OfEvent, OfExecution
from chaos.functions import FunctionError, Functions
from chaos.gate import Attempts, Gate
from chaos.history import Ended, History, Promotion, Told
from chaos.installation import ACCOUNT, ALARM, ALARM_ARN, COPIES, MACHINE_ARN, PRIMARY, STANDBY, WITNESS, plan_of
from chaos.service import Service
from failover.application.errors import RunRefused, TransientFailure
from failover.domain.leader_record import State
from failover.domain.run import Mode
from failover.wiring import operators

MANUAL, PROBE, PERSON = "run-by-hand", "ProbeLeader", "a person"
DOWN_FOR = timedelta(seconds=60)
ASYNCHRONOUS_TRIES = 3
PERSONS_TRIES = 3
# The minute's probe waits for a run's end to settle before it acts: step_budget of the plan, and a second.
UNTIL_PROBED = timedelta(seconds=60)
# Without any run the probe acts when the leader is down for probe_after.
UNTIL_INCIDENT = timedelta(seconds=200)
ACCEPT = re.compile(r"drlab approve (\S+) --accept-loss (\S+)")
WAIT_STATE = "WaitOutLease"


@dataclass
class Plot:
    """One case. `runs` are the executions by name, in the order in which they were started."""

    case: Case
    clock: CaseClock
    gate: Gate
    cloud: Cloud
    history: History
    functions: Functions
    service: Service
    runs: dict[str, Any] = field(default_factory=dict)
    _sprung: set[Fault] = field(default_factory=set)
    _given: dict[str, dict[str, Any]] = field(default_factory=dict)
    _answered: int = 0

    def __post_init__(self) -> None:
        self.night = Night(self.clock, self.gate, self.history, self.service, self._probe_in, self.cloud.set_alarm)

    def unfold(self) -> None:
        """From the alarm, or a person's wish, to the end."""
        if self.case.situation is Situation.DARK:
            self.night.fall((PRIMARY,))
        if self.case.situation is Situation.DOWN:
            self.clock.sleep(DOWN_FOR)
        self._fall_dark(BEFORE)
        self._begin("first")
        self._collect()
        if self.history.darkness is not None:
            self._hear()
            self.night.watch(self.history.darkness.regions)
            self._collect()
            self.night.lift()
        if self.case.then is Then.REDRIVEN:
            self._redrive()
        self._aftermath()
        if self.case.then is Then.PROBED_AND_REDRIVEN:
            self._redrive()
            self._aftermath()
        self._keep_books()

    def invoke(self, state: str, event: dict[str, Any]) -> dict[str, Any]:
        """What the interpreter gets from Lambda for a Task state."""
        run = str(event["run"])
        self._given[run] = event["state"]
        self._spring(state, run)
        if self._fall_dark(state, run):
            self._abort(run)
            return {"StatusCode": 200, "Payload": {}}
        due = self._due(OfExecution, state, run)
        if due is not None:
            self._abort(run)
            if due.kind is OfExecution.ABORTED_BEFORE:
                return {"StatusCode": 200, "Payload": {}}
        try:
            answer = {"StatusCode": 200, "Payload": self.functions.invoke(state, event, run)}
        except FunctionError as error:
            payload = {"errorType": error.name, "errorMessage": str(error)}
            answer = {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": payload}
        if state == "AwaitApproval":
            self._answer()
        return answer

    def wait_ended(self) -> None:
        """The Wait state has no function: its aborts and events come as it ends."""
        run = next(reversed([name for name, one in self._executions().items() if one.status == "RUNNING"]), None)
        if run is None:
            return
        self._spring(WAIT_STATE, run)
        if self._fall_dark(WAIT_STATE, run) or self._due(OfExecution, WAIT_STATE, run) is not None:
            self._abort(run)

    def promoted(self) -> None:
        attempt = self.gate.attempt
        run = attempt.run if attempt else "nobody"
        self.service.disconnect()
        self.history.promotions.append(Promotion(self.clock.now(), run, self._given.get(run, {})))

    def _executions(self) -> dict[str, Any]:
        return {one.name: one for one in interpreter.executions()}

    def _fall_dark(self, state: str, run: str = "") -> bool:
        """Whether the run stands still from now on: the Region that it runs in is dark."""
        due = self._due(OfDarkness, state, run)
        if due is not None:
            self._hear()
            self.history.darkness = begin(due.regions, self.night)
            self.night.fall(due.regions)
        return due is not None and STANDBY in due.regions

    def _due(self, kinds: type[OfExecution] | type[OfEvent] | type[OfDarkness], state: str, run: str) -> Fault | None:
        """A fault of these kinds befalls the first run, once."""
        first = next(iter(self._executions()), run)
        for one in self.gate.faults:
            if isinstance(one.kind, kinds) and one.state == state and one not in self._sprung and run == first:
                self._sprung.add(one)
                self.gate.met.add(one)
                return one
        return None

    def _spring(self, state: str, run: str) -> None:
        due = self._due(OfEvent, state, run)
        if due is None:
            return
        outer, self.gate.attempt = self.gate.attempt, None
        if due.kind is OfEvent.AGAIN:
            self._begin("first")
        elif due.kind is OfEvent.ANOTHER:
            self._receive(self._event(ALARM_ARN, "second"))
        elif due.kind is OfEvent.STARTED_TWICE:
            interpreter.start(run, self._executions()[run].input_data)
        elif due.kind is OfEvent.BY_HAND:
            interpreter.run(interpreter.start(MANUAL, self._by_hand()))
        else:
            self._probe()
        self.gate.attempt = outer

    def _abort(self, run: str) -> None:
        self.history.aborted.add(run)
        interpreter.abort(self._executions()[run])

    def _begin(self, which: str) -> None:
        """The alarm arrives; or a person asks, whose command is made again as it was."""
        if self.case.situation is not Situation.SWITCHOVER:
            self._receive(self._event(ALARM_ARN, which))
            return
        if STANDBY in self.night.dark:
            return
        known, outer = set(self._executions()), self.gate.attempt
        self.gate.attempt = Attempts("StartSwitchover", PERSON, 1, self.clock.monotonic())
        try:
            operators.start_run(plan_of(self.case.plan), STANDBY, PERSON)(Mode.PLANNED, "to see that it works")
        except (TransientFailure, RunRefused) as error:
            self.history.refused.append(str(error))
        finally:
            self.gate.attempt = outer
        self._wait_for_new(known)

    def _receive(self, event: dict[str, Any]) -> None:
        """Lambda tries an asynchronous call twice more: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html."""
        if {STANDBY, WITNESS} & self.night.dark:
            return
        known = set(self._executions())
        for _ in range(ASYNCHRONOUS_TRIES):
            try:
                self.functions.invoke("ReceiveAlarm", event, "alarm")
                break
            except (FunctionError, ClientError):
                continue
        self._wait_for_new(known)

    def _wait_for_new(self, known: set[str]) -> None:
        for name, execution in self._executions().items():
            if name not in known:
                interpreter.run(execution)

    def _probe(self) -> bool:
        """Whether it answered."""
        known = set(self._executions())
        try:
            self.functions.invoke(PROBE, {"source": "aws.events"}, "probe")
        except (FunctionError, ClientError):
            return False
        finally:
            self._wait_for_new(known)
        return True

    def _probe_in(self, region: str) -> bool:
        """The same function in the Region that is not the run's has other names around it."""
        if region == STANDBY:
            return self._probe()
        machine = MACHINE_ARN.replace(STANDBY, region)
        own = {"AWS_REGION": region, "CONTROL_BUCKET": COPIES[region], "STATE_MACHINE_ARN": machine}
        with patch.dict(os.environ, own):
            return self._probe()

    def _redrive(self) -> None:
        first = next(iter(self._executions().values()), None)
        if first is None or first.status not in ("ABORTED", "FAILED", "TIMED_OUT"):
            return
        self.history.aborted.discard(first.name)
        interpreter.run(interpreter.redrive(first))
        self._collect()

    def _aftermath(self) -> None:
        """Only the probe is still disturbed, what was late lands, and the probe looks, twice if need be."""
        self._end_faults(ALL_STATES, PROBE)
        self.gate.land_late()
        started = bool(self._executions())
        self.clock.sleep(UNTIL_PROBED if started else UNTIL_INCIDENT)
        self._probe()
        unsettled = len(self._executions()) > 1 or self.history.record.state is State.FENCED
        if unsettled or any(one.state == PROBE for one in self.gate.faults):
            self._end_faults(ALL_STATES)
            self.clock.sleep(UNTIL_PROBED)
            self._probe()
        self._collect()

    def _end_faults(self, *but: str) -> None:
        self.gate.faults = tuple(one for one in self.gate.faults if one.state in but)

    def _answer(self) -> None:
        """A person accepts what the newest message asks for, and tries again when the command fails."""
        self._hear()
        asked = [one for one in self.history.told if one.state == "AwaitApproval"]
        for message in asked[self._answered :]:
            found = ACCEPT.search(message.text)
            if found is not None and self.case.situation is Situation.ASKED:
                self.history.acceptances.append((message.run, found[2]))
                answering = operators.answer_approval(plan_of(self.case.plan), STANDBY, "a person")
                answering.approve(found[1], found[2])
        self._answered = len(asked)

    def _collect(self) -> None:
        self.history.ended.clear()
        for name, execution in self._executions().items():
            interpreter.run(execution)
            entered = interpreter.entered(execution)
            state = interpreter.last_entered(execution)[1] if entered else {}
            self.history.ended.append(Ended(name, execution.status, entered, state))

    def _keep_books(self) -> None:
        self._hear()
        for key in self.cloud.keys(STANDBY):
            match = re.fullmatch(r"runs/([^/]+)/(outcome|reconciled)\.json", key)
            if match:
                kept = self.history.outcomes if match[2] == "outcome" else self.history.reconciled
                kept[match[1]] = json.loads(self.cloud.text(STANDBY, key) or "{}")

    def _hear(self) -> None:
        """What moto's topic has taken since; each message names its run."""
        sent = self.cloud.topic.sent_notifications
        for _, text, subject, *_ in sent[len(self.history.told) :]:
            run = subject.rpartition(" ")[2].strip("()[]")
            state = "AwaitApproval" if "drlab approve" in text else "Notify" if "Recorded:" in text else PROBE
            self.history.told.append(Told(run, state, subject, text))

    def _by_hand(self) -> dict[str, Any]:
        trigger = {
            "kind": "manual",
            "reason": "by hand",
            "alarm_arn": None,
            "observed_at": self.clock.now().isoformat(),
        }
        return {"trigger": trigger, "expected_epoch": None}

    def _event(self, arn: str, which: str) -> dict[str, Any]:
        """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html"""
        if which not in self._given:
            at = self.clock.now() - timedelta(seconds=10)
            self._given[which] = {"value": "ALARM", "reason": "Threshold Crossed", "timestamp": at.isoformat()}
        return {
            "source": "aws.cloudwatch",
            "detail-type": "CloudWatch Alarm State Change",
            "account": ACCOUNT,
            "region": WITNESS,
            "resources": [arn],
            "detail": {"alarmName": ALARM, "state": self._given[which]},
        }
