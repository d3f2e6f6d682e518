"""Is a database instance the replica of the leader's?"""

from __future__ import annotations


def why_not_the_replica(identifier: str, source: str | None, region: str, leader: str, expected: str) -> str | None:
    """Why `identifier` in `region` does not replicate from `expected` in `leader`; None when it does.

    A replica in another Region names its source by ARN.
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html
    """
    if source is None:
        return f"{identifier} is no replica: it was promoted before, or never was one."
    parts = source.split(":")
    source_region, name = (parts[3], parts[-1]) if len(parts) >= 7 else (region, source)
    if (source_region, name.lower()) != (leader, expected.lower()):
        return f"{identifier} replicates from {name} in {source_region}, not from {expected} in {leader}."
    return None
