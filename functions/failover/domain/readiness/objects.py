"""Are the standby's objects those of the leader?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from failover.domain.readiness.check import Finding, judged, not_ok, unknown


def buckets(versioned: Mapping[str, bool | None], destinations: Sequence[str], wanted: str) -> Finding:
    """`versioned` by bucket, None where there is none. `destinations` of the leader's bucket; `wanted` is the standby's."""
    if missing := [name for name, one in versioned.items() if one is None]:
        return not_ok(f"missing: {', '.join(sorted(missing))}")
    if plain := [name for name, one in versioned.items() if not one]:
        return not_ok(f"not versioned: {', '.join(sorted(plain))}")
    if wanted not in destinations:
        return not_ok(f"the leader's bucket is not replicated to {wanted}")
    return judged(True, "versioned, and replicated")


def backlog(pending: float | None) -> Finding:
    """Operations that wait, from S3's replication metrics; None: S3 has published none in the last quarter of an hour.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html
    """
    if pending is None:
        return unknown("S3 has published no replication metric in the last 15 minutes")
    return judged(pending == 0, f"{pending:g} operations pending")
