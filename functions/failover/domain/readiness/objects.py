"""Are the standby's objects those of the leader?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from failover.domain.object_backlog import ObjectBacklog, UnknownBacklog
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


def backlog(found: ObjectBacklog) -> Finding:
    """Ready with nothing on its way. What the gate of a run tells people of, asked the same way."""
    if isinstance(found, UnknownBacklog):
        return unknown(found.reason)
    return judged(found.operations == 0, found.sentence)
