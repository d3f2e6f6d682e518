"""What does a parameter hold?

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from failover.adapters.aws_errors import code_of, told_in_a_sentence
from failover.application.errors import RunRefused


@dataclass(frozen=True)
class ParameterStore:
    """Parameter Store in the client's Region."""

    client: Any

    def read(self, name: str) -> str | None:
        """None when there is no such parameter. Raises TransientFailure or RunRefused."""
        with told_in_a_sentence(f"Reading parameter {name}"):
            try:
                answer = self.client.get_parameter(Name=name)
            except ClientError as error:
                if code_of(error) == "ParameterNotFound":
                    return None
                raise
        try:
            value: str = answer["Parameter"]["Value"]
        except KeyError as error:
            raise RunRefused(
                f"Reading parameter {name}: {self.client.meta.endpoint_url} answered with no parameter: what listens there is"
                " no AWS. Look at AWS_ENDPOINT_URL."
            ) from error
        return value

    def write(self, name: str, value: str) -> None:
        """Create it or replace its value. Raises TransientFailure or RunRefused."""
        with told_in_a_sentence(f"Writing parameter {name}"):
            self.client.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
