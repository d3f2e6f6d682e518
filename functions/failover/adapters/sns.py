"""How are people told?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from failover.adapters.aws_errors import told_in_a_sentence


@dataclass(frozen=True)
class SnsTopic:
    """One topic, in the client's Region."""

    client: Any
    topic_arn: str

    def publish(self, subject: str, text: str) -> str:
        """The message's id. Raises TransientFailure or RunRefused."""
        with told_in_a_sentence(f"Publishing to {self.topic_arn}"):
            answer = self.client.publish(TopicArn=self.topic_arn, Subject=subject, Message=text)
        message_id: str = answer["MessageId"]
        return message_id
