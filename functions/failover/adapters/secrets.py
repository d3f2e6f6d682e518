"""What does a secret hold, and how is it given a new value once?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from failover.adapters.aws_errors import told_in_a_sentence
from failover.application.errors import RunRefused
from failover.application.ports import Secret


@dataclass(frozen=True)
class SecretsManager:
    """Secrets Manager in the client's Region. No error ever quotes a value."""

    client: Any

    def read(self, name: str) -> Secret:
        """Raises TransientFailure, or RunRefused when there is none or it holds no JSON object."""
        with told_in_a_sentence(f"Reading secret {name}"):
            answer = self.client.get_secret_value(SecretId=name)
        try:
            value = json.loads(answer["SecretString"])
        except (KeyError, ValueError):
            value = None
        if not isinstance(value, dict):
            raise RunRefused(f"The secret {name} holds no JSON object.")
        return Secret(answer["ARN"], value)

    def write(self, name: str, value: Mapping[str, Any], token: str) -> None:
        """Raises TransientFailure or RunRefused. The same token and value again are ignored by AWS.

        https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
        """
        with told_in_a_sentence(f"Writing secret {name}"):
            self.client.put_secret_value(
                SecretId=name, SecretString=json.dumps(value, sort_keys=True), ClientRequestToken=token
            )
