"""Has a person accepted this very loss, in time, and for the first time?

The token that a person is sent is a secret of its own: what is stored is its SHA-256, so whoever can read the bucket
cannot answer. It stands for one request of one run, with one figure and one end.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from failover.domain.digest import digest_of
from failover.domain.instants import aware
from failover.domain.leader_record import Refusal
from failover.domain.run import RUN_NAME, Run

SHAPE = rf"(?P<run>{RUN_NAME})\.(?P<secret>[A-Za-z0-9_-]{{20,64}})"


@dataclass(frozen=True)
class ApprovalRequest:
    """`task_token` is Step Functions' own, by which the run is told; it is shown to nobody."""

    run: str
    digest: str
    bound_seconds: float
    expires_at: datetime
    task_token: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "digest": self.digest,
            "bound_seconds": self.bound_seconds,
            "expires_at": self.expires_at.isoformat(),
            "task_token": self.task_token,
        }

    @staticmethod
    def from_dict(data: dict[str, Any]) -> ApprovalRequest:
        """Raises KeyError, TypeError or ValueError on anything that `to_dict` could not have written."""
        return ApprovalRequest(
            str(data["run"]),
            str(data["digest"]),
            float(data["bound_seconds"]),
            aware(data["expires_at"]),
            str(data["task_token"]),
        )


@dataclass(frozen=True)
class Token:
    """What a person holds."""

    run: str
    digest: str


def token_for(run: str, secret: str) -> str:
    """What is sent to a person."""
    return f"{run}.{secret}"


def read_token(text: str) -> Token | Refusal:
    """Whose it is, if it looks like one at all."""
    match = re.fullmatch(SHAPE, text.strip())
    if match is None:
        return Refusal("This is no token: copy the whole line from the message.")
    return Token(match["run"], digest_of(text.strip()))


def request_key(run: str, digest: str) -> str:
    return f"runs/{run}/approvals/{digest[:16]}.json"


def answer_key(run: str, digest: str) -> str:
    return f"runs/{run}/approvals/{digest[:16]}-answer.json"


def told_key(run: str, digest: str) -> str:
    """Exists once the run has been told the answer."""
    return f"runs/{run}/approvals/{digest[:16]}-told.json"


def shown(bound_seconds: float) -> str:
    """The figure as people are told it and must repeat it: rounded up, so that nobody accepts less than may be lost."""
    return f"{math.ceil(bound_seconds * 10) / 10:.1f}"


def gate_passed(run: Run) -> bool:
    """Whether the loss was accepted, by the policy or by a person who accepted this very figure."""
    bound = run.value("prepared", "loss", "bound_seconds")
    if run.value("prepared", "loss", "known") is not True or not isinstance(bound, int | float):
        return False
    if run.value("prepared", "loss", "accepted") is True:
        return True
    return run.value("approval", "accepted") is True and run.value("approval", "bound_seconds") == shown(bound)


def judge(request: ApprovalRequest, token: Token, accepted_seconds: str | None, now: datetime) -> Refusal | None:
    """Why an answer does not count, or None. `accepted_seconds` None: the loss is refused, and no figure is needed."""
    if (request.run, request.digest) != (token.run, token.digest):
        return Refusal("No request has this token.")
    if now >= request.expires_at:
        return Refusal(
            f"The token has expired at {request.expires_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, and the run stands down."
        )
    if accepted_seconds is not None and accepted_seconds != shown(request.bound_seconds):
        return Refusal(
            f"The request is about {shown(request.bound_seconds)} s, not {accepted_seconds} s: read the message again."
        )
    return None
