"""How is a message put in a queue?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from failover.adapters.aws_errors import told_in_a_sentence


@dataclass(frozen=True)
class SqsQueue:
    """One queue, in the client's Region."""

    client: Any
    url: str

    def send(self, text: str) -> None:
        """Raises TransientFailure or RunRefused."""
        with told_in_a_sentence(f"Sending to {self.url}"):
            self.client.send_message(QueueUrl=self.url, MessageBody=text)
