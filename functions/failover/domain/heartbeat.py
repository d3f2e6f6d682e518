"""What does the leader say of itself each time it renews its lease, and how is that compared?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from failover.domain.instants import aware


@dataclass(frozen=True, order=True)
class Lsn:
    """A position in PostgreSQL's write-ahead log, in bytes.

    https://www.postgresql.org/docs/current/datatype-pg-lsn.html
    """

    value: int

    @staticmethod
    def parse(text: str) -> Lsn:
        """From `16/B374D848`. Raises ValueError on anything else."""
        match = re.fullmatch(r"([0-9A-Fa-f]{1,8})/([0-9A-Fa-f]{1,8})", text)
        if match is None:
            raise ValueError(f"{text!r} is no position in a write-ahead log")
        return Lsn((int(match[1], 16) << 32) + int(match[2], 16))

    def __str__(self) -> str:
        return f"{self.value >> 32:X}/{self.value & 0xFFFFFFFF:X}"


@dataclass(frozen=True)
class Heartbeat:
    """One renewal. `at` is the clock of the leader's database server when the row was written, aware UTC."""

    region: str
    epoch: int
    sequence: int
    at: datetime
    lsn: Lsn

    def is_newer_than(self, other: Heartbeat) -> bool:
        """One leader's heartbeats go by its own clock, two leaders' by the epoch: their clocks are not compared."""
        if self.region != other.region:
            return self.epoch > other.epoch
        return self.at > other.at

    def to_dict(self) -> dict[str, Any]:
        return {
            "region": self.region,
            "epoch": self.epoch,
            "sequence": self.sequence,
            "at": self.at.isoformat(),
            "lsn": str(self.lsn),
        }

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Heartbeat:
        """Raises KeyError, TypeError or ValueError on anything that `to_dict` could not have written."""
        region, epoch, sequence = data["region"], data["epoch"], data["sequence"]
        if not isinstance(region, str) or type(epoch) is not int or type(sequence) is not int:
            raise TypeError("region must be text, epoch and sequence whole numbers")
        return Heartbeat(region, epoch, sequence, aware(data["at"]).astimezone(UTC), Lsn.parse(data["lsn"]))
