"""Is a key enabled, and is a secret there?

https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from failover.adapters.aws_errors import code_of, told_in_a_sentence
from failover.domain.readiness.keys import SecretSeen


@dataclass(frozen=True)
class KmsKeys:
    """KMS in the client's Region."""

    client: Any

    def state(self, alias: str) -> str | None:
        """Raises TransientFailure or RunRefused."""
        with told_in_a_sentence(f"Describing {alias}"):
            try:
                found = self.client.describe_key(KeyId=alias)["KeyMetadata"]
            except ClientError as error:
                if code_of(error) == "NotFoundException":
                    return None
                raise
        return str(found["KeyState"])


@dataclass(frozen=True)
class DescribedSecrets:
    """Secrets Manager in the client's Region. No value is ever read."""

    client: Any

    def describe(self, name: str) -> SecretSeen | None:
        """Raises TransientFailure or RunRefused."""
        with told_in_a_sentence(f"Describing secret {name}"):
            try:
                found = self.client.describe_secret(SecretId=name)
            except ClientError as error:
                if code_of(error) == "ResourceNotFoundException":
                    return None
                raise
        return SecretSeen(found.get("DeletedDate"))
