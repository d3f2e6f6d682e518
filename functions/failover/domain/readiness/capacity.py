"""May as many tasks be started in the standby as the leader has?"""

from __future__ import annotations

from failover.domain.readiness.check import Finding, judged, unknown


def fargate(quota_vcpus: float | None, used_vcpus: float | None, task_vcpus: float, more_tasks: int) -> Finding:
    """`used_vcpus` None: AWS publishes no usage, which it does only while something runs.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/monitoring-fargate-usage.html
    """
    if quota_vcpus is None:
        return unknown("Service Quotas does not tell the quota of Fargate On-Demand vCPUs here")
    needed, used = task_vcpus * max(more_tasks, 0), used_vcpus or 0.0
    known = f"{used:g} used" if used_vcpus is not None else "no use published"
    value = f"{quota_vcpus:g} vCPUs, {known}, {needed:g} more for the full size"
    return judged(used + needed <= quota_vcpus, value)
