"""Which AWS does a command speak to: a running lab, or the account that the environment is signed in to?"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal, get_args

from lab.settings import SERVICE, SettingsError, within

TargetName = Literal["lab", "aws"]
TARGETS: tuple[TargetName, ...] = get_args(TargetName)
LAB_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "OPERATOR", "AWS_SECRET_ACCESS_KEY": "lab"}


@dataclass(frozen=True)
class Target:
    """`port` is that of the lab's AWS APIs; `service` is part of every name."""

    name: TargetName
    port: int
    service: str = SERVICE

    def enter(self, region: str) -> None:
        """From now on this process acts in `region` of the target, as an operator."""
        os.environ["AWS_REGION"] = os.environ["AWS_DEFAULT_REGION"] = region
        os.environ["PLAN_PARAMETER"] = f"/drlab/{self.service}/plan"
        if self.name == "lab":
            os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{self.port}"
            os.environ.update(LAB_CREDENTIALS)
        elif not os.environ.get("AWS_ENDPOINT_URL"):
            os.environ.pop("AWS_ENDPOINT_URL", None)


def target(name: str, port: int, service: str = SERVICE) -> Target:
    """Raises SettingsError."""
    if name not in TARGETS:
        raise SettingsError(f"--target {name!r} is not one of {', '.join(TARGETS)}")
    within("--cloud-port", port, 1, 65_535, "the TCP port of the lab's AWS APIs")
    return Target(name, port, service)
