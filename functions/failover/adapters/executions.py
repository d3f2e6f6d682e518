"""Which runs are in progress here, and how is one started exactly once?

StartExecution with the name and input of a running execution answers with that execution; with the name of a closed
one, or another input, it answers ExecutionAlreadyExists, for 90 days
(https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from failover.adapters.aws_errors import code_of, told_in_a_sentence
from failover.application.ports import RunProgress, StartedExecution
from failover.domain.abandoned_run import ONE_WAY_STEPS, EndedRun
from failover.domain.leader_record import Refusal


@dataclass(frozen=True)
class StepFunctions:
    """One state machine, in the client's Region."""

    client: Any
    state_machine_arn: str

    def running(self) -> tuple[str, ...]:
        """Names of the executions in progress, newest first, 100 at most. Raises TransientFailure or RunRefused."""
        with told_in_a_sentence("Listing the runs in progress"):
            answer = self.client.list_executions(
                stateMachineArn=self.state_machine_arn, statusFilter="RUNNING", maxResults=100
            )
        return tuple(one["name"] for one in answer["executions"])

    def ended_since(self, since: datetime) -> tuple[datetime, ...]:
        """Ends of the executions begun at `since` or later, the newest 100. Raises TransientFailure or RunRefused."""
        with told_in_a_sentence("Listing the earlier runs"):
            answer = self.client.list_executions(stateMachineArn=self.state_machine_arn, maxResults=100)
        return tuple(
            one["stopDate"] for one in answer["executions"] if one.get("stopDate") and one["startDate"] >= since
        )

    def start(self, name: str, run_input: Mapping[str, Any]) -> StartedExecution:
        """Raises TransientFailure or RunRefused."""
        with told_in_a_sentence(f"Starting {name}"):
            try:
                answer = self.client.start_execution(
                    stateMachineArn=self.state_machine_arn, name=name, input=json.dumps(run_input, sort_keys=True)
                )
            except ClientError as error:
                if code_of(error) != "ExecutionAlreadyExists":
                    raise
                return StartedExecution(self.arn_of(name), new=False)
        return StartedExecution(answer["executionArn"], new=True)

    def ended(self, name: str) -> EndedRun | None:
        """None for a run that this machine does not know. Raises TransientFailure or RunRefused."""
        arn = self.arn_of(name)
        with told_in_a_sentence(f"Asking what became of {name}"):
            try:
                found = self.client.describe_execution(executionArn=arn)
            except ClientError as error:
                if code_of(error) == "ExecutionDoesNotExist":
                    return None
                raise
            if found["status"] == "RUNNING":
                return EndedRun("RUNNING", None, entered_the_one_way_step=False)
            pages = self.client.get_paginator("get_execution_history").paginate(
                executionArn=arn, includeExecutionData=False
            )
            entered = any(
                event.get("stateEnteredEventDetails", {}).get("name") in ONE_WAY_STEPS
                for page in pages
                for event in page["events"]
            )
        return EndedRun(found["status"], found["stopDate"], entered)

    def progress(self, name: str) -> RunProgress:
        """How far the run `name` has come. Raises TransientFailure or RunRefused."""
        arn = self.arn_of(name)
        with told_in_a_sentence(f"Asking how far {name} has come"):
            found = self.client.describe_execution(executionArn=arn)
            pages = self.client.get_paginator("get_execution_history").paginate(
                executionArn=arn, includeExecutionData=False
            )
            entered = tuple(
                (event["stateEnteredEventDetails"]["name"], (event["timestamp"] - found["startDate"]).total_seconds())
                for page in pages
                for event in page["events"]
                if "stateEnteredEventDetails" in event
            )
        output = json.loads(found["output"]) if found.get("output") else None
        return RunProgress(found["status"], entered, output, found.get("cause") or found.get("error"))

    def answer(self, task_token: str, output: Mapping[str, Any]) -> Refusal | None:
        """Let the run that waits with `task_token` go on. Raises TransientFailure or RunRefused.

        https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html
        """
        with told_in_a_sentence("Telling the run"):
            try:
                self.client.send_task_success(taskToken=task_token, output=json.dumps(output, sort_keys=True))
            except ClientError as error:
                if code_of(error) not in ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken"):
                    raise
                return Refusal("The run does not wait any more: it was answered, or it has ended.")
        return None

    def arn_of(self, name: str) -> str:
        return f"{self.state_machine_arn.replace(':stateMachine:', ':execution:', 1)}:{name}"
