"""What does Step Functions know of this Region's runs, and of the workflow that they follow?

It keeps an execution and its history for 90 days after its end:
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from failover.adapters.aws_errors import code_of, told_in_a_sentence
from failover.application.errors import RunRefused
from failover.application.run_ports import KnownRun, VisitedState


@dataclass(frozen=True)
class StepFunctionsBook:
    """One state machine, in the client's Region. Of one that is not `required`, being absent is having no runs."""

    client: Any
    state_machine_arn: str
    required: bool = True

    def newest(self, count: int) -> tuple[KnownRun, ...]:
        """The newest first, 100 at most. Raises TransientFailure or RunRefused."""
        with told_in_a_sentence("Listing the runs"):
            answer = self.client.list_executions(stateMachineArn=self.state_machine_arn, maxResults=count)
        return tuple(_known(one) for one in answer["executions"])

    def running(self) -> tuple[KnownRun, ...]:
        """The newest first, 100 at most; Raises TransientFailure or RunRefused."""
        with told_in_a_sentence("Listing the runs in progress"):
            try:
                answer = self.client.list_executions(
                    stateMachineArn=self.state_machine_arn, statusFilter="RUNNING", maxResults=100
                )
            except ClientError as error:
                if self.required or code_of(error) != "StateMachineDoesNotExist":
                    raise
                return ()
        return tuple(_known(one) for one in answer["executions"])

    def find(self, name: str) -> KnownRun | None:
        """None for a run that this machine does not know. Raises TransientFailure or RunRefused."""
        with told_in_a_sentence(f"Asking about {name}"):
            try:
                return _known(self.client.describe_execution(executionArn=self._arn_of(name)))
            except ClientError as error:
                if code_of(error) != "ExecutionDoesNotExist":
                    raise
        return None

    def states(self, name: str) -> tuple[VisitedState, ...]:
        """In the order in which they were entered. Raises TransientFailure or RunRefused.

        https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
        """
        with told_in_a_sentence(f"Reading the history of {name}"):
            pages = self.client.get_paginator("get_execution_history").paginate(
                executionArn=self._arn_of(name), includeExecutionData=False
            )
            return tuple(_visits(event for page in pages for event in page["events"]))

    def definition(self) -> Mapping[str, Any]:
        """The workflow as it is deployed. Raises TransientFailure or RunRefused."""
        with told_in_a_sentence("Reading the workflow"):
            text = self.client.describe_state_machine(stateMachineArn=self.state_machine_arn)["definition"]
        try:
            found: Mapping[str, Any] = json.loads(text)
        except ValueError as error:
            raise RunRefused(f"The workflow's definition is no JSON: {error}.") from error
        return found

    def _arn_of(self, name: str) -> str:
        return f"{self.state_machine_arn.replace(':stateMachine:', ':execution:', 1)}:{name}"


def _known(found: Mapping[str, Any]) -> KnownRun:
    return KnownRun(found["name"], found["status"], found["startDate"], found.get("stopDate"))


def _visits(events: Iterable[Mapping[str, Any]]) -> list[VisitedState]:
    visits: list[VisitedState] = []
    for event in events:
        if entered := event.get("stateEnteredEventDetails"):
            visits.append(VisitedState(entered["name"], event["timestamp"], None))
        elif left := event.get("stateExitedEventDetails"):
            for index, visit in enumerate(visits):
                if visit.state == left["name"] and visit.left_at is None:
                    visits[index] = replace(visit, left_at=event["timestamp"])
                    break
    return visits
