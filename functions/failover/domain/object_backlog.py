"""How many objects had not reached the other Region? What is pending when a Region is lost is lost with it, or late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from failover.domain.run import Run


@dataclass(frozen=True)
class Backlog:
    """As S3 counted it last, at `at`. `behind` None: S3 gave no latency."""

    operations: int
    size_bytes: int
    behind: timedelta | None
    at: datetime

    @property
    def sentence(self) -> str:
        when = f"at {self.at:%H:%M:%S} UTC"
        if not self.operations:
            return f"No object was waiting for its replication {when}."
        late = f", the oldest for {self.behind.total_seconds():.0f} s" if self.behind is not None else ""
        return (
            f"{self.operations} object operations ({self.size_bytes} bytes) were waiting for replication {when}{late}."
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON values; `known` is true."""
        return {
            "known": True,
            "operations": self.operations,
            "bytes": self.size_bytes,
            "behind_seconds": self.behind.total_seconds() if self.behind is not None else None,
            "at": self.at.isoformat(),
            "reason": self.sentence,
        }


@dataclass(frozen=True)
class UnknownBacklog:
    """It is not known, and why, in one sentence. Unknown is not zero."""

    reason: str

    @property
    def sentence(self) -> str:
        return f"How many objects wait for replication is unknown: {self.reason}"

    def to_dict(self) -> dict[str, Any]:
        """JSON values; `known` is false."""
        return {
            "known": False,
            "operations": None,
            "bytes": None,
            "behind_seconds": None,
            "at": None,
            "reason": self.sentence,
        }


ObjectBacklog = Backlog | UnknownBacklog


def objects_told(run: Run) -> str:
    """What the gate of `run` saw of it, in one sentence."""
    told = run.value("prepared", "loss", "objects", "reason")
    return (
        told
        if isinstance(told, str)
        else "How many objects wait for replication was not asked: the run did not come so far."
    )
