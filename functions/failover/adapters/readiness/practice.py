"""When did a workflow last prove something, and who is subscribed to hear of it?

https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from failover.adapters.aws_errors import code_of, told_in_a_sentence
from failover.domain.outcome import Result
from failover.domain.readiness.practice import PENDING, Subscribed

# Runs that stood down succeed as well: so many are looked through for one that moved the leadership.
LOOKED_THROUGH = 20


@dataclass(frozen=True)
class ProvenRuns:
    """Of the workflow `failover_arn`, in the client's Region."""

    client: Any
    failover_arn: str

    def last_moved(self) -> datetime | None:
        """Raises TransientFailure or RunRefused."""
        for found in self._succeeded(self.failover_arn, LOOKED_THROUGH):
            with told_in_a_sentence(f"Asking how {found['name']} ended"):
                output = self.client.describe_execution(executionArn=found["executionArn"]).get("output")
            if _result(output) == Result.FAILED_OVER.value:
                ended: datetime = found["stopDate"]
                return ended
        return None

    def _succeeded(self, arn: str, count: int) -> Sequence[dict[str, Any]]:
        """The newest first; none of a workflow that does not exist."""
        with told_in_a_sentence(f"Listing what {arn.rpartition(':')[2]} did"):
            try:
                found = self.client.list_executions(stateMachineArn=arn, statusFilter="SUCCEEDED", maxResults=count)
            except ClientError as error:
                if code_of(error) == "StateMachineDoesNotExist":
                    return ()
                raise
        return list(found["executions"])[:count]


@dataclass(frozen=True)
class SnsSubscriptions:
    """Of one topic, in the client's Region."""

    client: Any
    topic_arn: str

    def subscribed(self) -> Sequence[Subscribed]:
        """Nobody, where there is no topic. Raises TransientFailure or RunRefused."""
        with told_in_a_sentence(f"Listing who is subscribed to {self.topic_arn}"):
            try:
                found = self.client.list_subscriptions_by_topic(TopicArn=self.topic_arn)["Subscriptions"]
            except ClientError as error:
                if code_of(error) == "NotFound":
                    return ()
                raise
        return [Subscribed(one["Protocol"], one["SubscriptionArn"] != PENDING) for one in found]


def _result(output: str | None) -> str | None:
    try:
        found = json.loads(output or "null")
        return str(found["outcome"]["result"])
    except (ValueError, KeyError, TypeError):
        return None
