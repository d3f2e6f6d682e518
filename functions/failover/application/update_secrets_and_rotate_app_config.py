"""Do this Region's own secret and parameter name the promoted database?

The secret is this Region's own and not a replica: a replica secret's value cannot be changed
(https://docs.aws.amazon.com/secretsmanager/latest/userguide/standalone-secret.html).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from failover.application.errors import RunRefused
from failover.application.ports import Databases, Parameters, Secrets
from failover.domain.plan import Plan
from failover.domain.run import Run

TOKENS = uuid.UUID("6f1c2b0e-2d1a-5c36-9f0b-6d1f3c1c7a11")


@dataclass(frozen=True)
class UpdateSecretsAndRotateAppConfig:
    """Answers `{secret_arn, parameter, changed}`. What is right already is not written again.

    Secrets Manager keeps every version of the last 24 hours and allows about one in ten minutes sustained
    (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html).
    """

    plan: Plan
    region: str
    databases: Databases
    secrets: Secrets
    parameters: Parameters

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises TransientFailure or RunRefused."""
        here = self.plan.region(self.region)
        instance = self.databases.describe(here.database_instance)
        if instance is None or instance.host is None or instance.port is None:
            raise RunRefused(f"RDS names no endpoint for {here.database_instance} in {self.region}.")
        endpoint: dict[str, Any] = {"host": instance.host, "port": instance.port}
        secret = self.secrets.read(here.database_secret)
        secret_stale = not _names(secret.value, endpoint)
        if secret_stale:
            token = uuid.uuid5(TOKENS, f"{run.name} {secret.arn} {instance.host} {instance.port}")
            self.secrets.write(here.database_secret, {**secret.value, **endpoint}, str(token))
        stored = _object(self.parameters.read(here.database_parameter), here.database_parameter)
        parameter_stale = not _names(stored, endpoint)
        if parameter_stale:
            text = json.dumps({**stored, **endpoint}, sort_keys=True)
            self.parameters.write(here.database_parameter, text)
        return {
            "secret_arn": secret.arn,
            "parameter": here.database_parameter,
            "changed": secret_stale or parameter_stale,
        }


def _names(value: Mapping[str, Any], endpoint: Mapping[str, Any]) -> bool:
    """A port may be stored as a number or as text: both name the same endpoint."""
    return all(str(value.get(key)) == str(wanted) for key, wanted in endpoint.items())


def _object(text: str | None, name: str) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise RunRefused(f"The parameter {name} holds no JSON object, and is left as it is.")
    return value
