"""Where is the leader's heartbeat? In the three control buckets of the plan."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from failover.adapters.aws import client
from failover.adapters.s3_heartbeat import HeartbeatCopy, S3Heartbeats
from failover.domain.plan import Plan

# Calls to a dark Region outlive the look that made them by up to their timeout: room for those beside the next.
_EXECUTOR = ThreadPoolExecutor(24, thread_name_prefix="heartbeat")


def heartbeats_of(plan: Plan) -> S3Heartbeats:
    """The leader's heartbeat on all its copies. Keep it: each copy remembers what it wrote last."""
    timeout = plan.timing.api_timeout
    copies = {
        region: HeartbeatCopy(client("s3", region, timeout, tries=1), bucket)
        for region, bucket in plan.record_copies.items()
    }
    return S3Heartbeats(copies, _EXECUTOR, timeout)
