"""Where is the newest evaluation kept, and what does each copy of the leader record say?"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from failover.adapters import s3_objects
from failover.adapters.aws_errors import told_in_a_sentence
from failover.application.leader_register import Acceptor, CopyUnavailable
from failover.application.tell_readiness import KEY
from failover.domain.leader_record import LeaderRecord


@dataclass(frozen=True)
class S3Readiness:
    """One object of a control bucket."""

    client: Any
    bucket: str

    def read(self) -> str | None:
        """None when there is none. Raises TransientFailure or RunRefused."""
        return s3_objects.find(self.client, self.bucket, KEY)

    def write(self, text: str) -> None:
        """Raises TransientFailure or RunRefused."""
        with told_in_a_sentence(f"Keeping s3://{self.bucket}/{KEY}"):
            self.client.put_object(Bucket=self.bucket, Key=KEY, Body=text.encode(), ContentType="application/json")


@dataclass(frozen=True)
class CopiesOneByOne:
    """The acceptors of the leader register, by Region."""

    acceptors: Mapping[str, Acceptor]
    executor: Executor

    def each(self) -> Mapping[str, LeaderRecord | str]:
        """Never raises."""
        return dict(zip(self.acceptors, self.executor.map(_said, self.acceptors.values()), strict=True))


def _said(acceptor: Acceptor) -> LeaderRecord | str:
    try:
        return acceptor.read().copy.value or "holds no record"
    except CopyUnavailable as error:
        return f"failed ({error})"
