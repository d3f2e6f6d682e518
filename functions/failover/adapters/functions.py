"""What does another function of this control plane answer, asked in its own name and with its own permissions?

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from failover.adapters.aws_errors import told_in_a_sentence
from failover.application.errors import RunRefused


@dataclass(frozen=True)
class Functions:
    """The functions of `service`, in the client's Region."""

    client: Any
    service: str

    def ask(self, state: str, event: Mapping[str, Any]) -> dict[str, Any]:
        """What the function of `state` answers. Raises TransientFailure, or RunRefused with what the function raised."""
        name = f"drlab-{self.service}-{_kebab(state)}"
        with told_in_a_sentence(f"Asking {name}"):
            told = self.client.invoke(FunctionName=name, Payload=json.dumps(event).encode())
            text = told["Payload"].read()
        try:
            answer = json.loads(text)
        except ValueError as error:
            raise RunRefused(f"{name} answered something that is no JSON.") from error
        if not isinstance(answer, dict):
            raise RunRefused(f"{name} answered no JSON object.")
        if "FunctionError" in told:
            raise RunRefused(str(answer.get("errorMessage") or f"{name} failed without a reason."))
        return answer


def _kebab(state: str) -> str:
    """PromoteReplica -> promote-replica, as in template.yaml."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", state).lower()
