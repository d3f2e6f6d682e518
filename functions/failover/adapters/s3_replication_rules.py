"""Which way do objects go between the Regions' data buckets, and how is it turned?

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketReplication.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from failover.adapters.aws_errors import code_of, told_in_a_sentence
from failover.application.rebuild_ports import Reversal

NOTHING = "ReplicationConfigurationNotFoundError"


@dataclass(frozen=True)
class S3Replication:
    """`clients` by Region, and each Region's data bucket."""

    clients: Mapping[str, Any]
    bucket_of: Callable[[str], str]

    def reverse(self, leader: str, standby: str) -> Reversal:
        """The rules that lead from `standby` to `leader`, with the Regions exchanged: every name tells its Region.

        Replicas are not replicated again, so two directions make no circle
        (https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html).
        Raises TransientFailure or RunRefused.
        """
        there, here = self._rules(leader), self._rules(standby)
        if there is not None or here is None:
            return Reversal(False, None if there is None else there["Role"])
        wanted = _exchanged(here, leader, standby)
        with told_in_a_sentence(f"Replicating the objects of {leader} to {standby}"):
            self.clients[leader].put_bucket_replication(Bucket=self.bucket_of(leader), ReplicationConfiguration=wanted)
        return Reversal(True, wanted["Role"])

    def _rules(self, region: str) -> dict[str, Any] | None:
        bucket = self.bucket_of(region)
        with told_in_a_sentence(f"Reading the replication of {bucket}"):
            try:
                found: dict[str, Any] = self.clients[region].get_bucket_replication(Bucket=bucket)
            except ClientError as error:
                if code_of(error) == NOTHING:
                    return None
                raise
        rules: dict[str, Any] = found["ReplicationConfiguration"]
        return rules


def _exchanged(rules: dict[str, Any], one: str, other: str) -> dict[str, Any]:
    text = json.dumps(rules).replace(one, "\0").replace(other, one).replace("\0", other)
    exchanged: dict[str, Any] = json.loads(text)
    return exchanged
