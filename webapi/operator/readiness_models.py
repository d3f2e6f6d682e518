"""What does the operators' API answer about readiness?"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from webapi.operator.models import AT, example

CHECK = {
    "name": "key",
    "verdict": "not ok",
    "value": "alias/drlab-app is Disabled",
    "expected": "the Region's KMS key is enabled",
    "why": "Under a disabled key neither the database nor a backup opens; RDS gives up after some days.",
    "page": "runbooks/readiness.md#key",
}


class ReadinessCheck(BaseModel):
    """`value` is what was seen; of an unknown one, why nothing was. `page` is where it is written how to mend it."""

    model_config = example(**CHECK)

    name: str
    verdict: Literal["ok", "not ok", "unknown"]
    value: str
    expected: str
    why: str
    page: str


class Readiness(BaseModel):
    """All checks together. `evaluated` false: `reason` says why nothing can be said now, and there are no checks."""

    model_config = example(
        evaluated=True,
        reason="app: us-west-2 is NOT READY to take over from ap-southeast-2 (1 not ok of 20 checks).",
        verdict="not ok",
        leader="ap-southeast-2",
        standby="us-west-2",
        at=AT,
        seconds=1.4,
        checks=[CHECK],
    )

    evaluated: bool
    reason: str
    verdict: Literal["ok", "not ok", "unknown"]
    leader: str | None
    standby: str | None
    at: datetime | None
    seconds: float | None
    checks: list[ReadinessCheck]
