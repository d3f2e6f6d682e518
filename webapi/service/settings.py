"""What does the environment tell a task of itself?"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
TASK_ID = re.compile(r"[A-Za-z0-9._:/-]{1,64}")


class SettingsError(ValueError):
    """The environment cannot be used; the text is one sentence that names the variable."""


@dataclass(frozen=True)
class Settings:
    """`task_id` names this task in logs, in the database's session list and in the leader record's ballots."""

    region: str
    plan_parameter: str
    task_id: str

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """From AWS_REGION, PLAN_PARAMETER and SERVICE_TASK_ID (random by default). Raises SettingsError."""
        region = environment.get("AWS_REGION", "")
        if not REGION.fullmatch(region):
            raise SettingsError(f"AWS_REGION is {region!r}; allowed: an AWS Region such as us-west-2.")
        parameter = environment.get("PLAN_PARAMETER", "")
        if not parameter.startswith("/"):
            raise SettingsError(
                f"PLAN_PARAMETER is {parameter!r}; allowed: a parameter's name, such as /drlab/app/plan."
            )
        task_id = environment.get("SERVICE_TASK_ID") or uuid.uuid4().hex[:12]
        if not TASK_ID.fullmatch(task_id):
            raise SettingsError(f"SERVICE_TASK_ID is {task_id!r}; allowed: up to 64 letters, digits and ._:/-.")
        return cls(region, parameter, task_id)
