"""Was it lately shown that it works, and would anybody hear of it?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from failover.domain.readiness.check import Finding, judged, not_ok, unknown

# As long as Step Functions remembers a run: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
DRILL_WITHIN = timedelta(days=90)
# It is rehearsed weekly.
REHEARSAL_WITHIN = timedelta(days=8)
EVALUATED_WITHIN = timedelta(minutes=45)
# https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
PENDING = "PendingConfirmation"


@dataclass(frozen=True)
class Subscribed:
    """One subscription: `protocol`, and whether its owner confirmed it."""

    protocol: str
    confirmed: bool


def drill(last: datetime | None, now: datetime) -> Finding:
    if last is None:
        return not_ok("no run has moved the leadership as far back as is remembered")
    return judged(now - last <= DRILL_WITHIN, f"the last one ended {_ago(now - last)} ago")


def rehearsal(last: datetime | None, now: datetime) -> Finding:
    if last is None:
        return not_ok("no rehearsal has succeeded as far back as is remembered")
    return judged(now - last <= REHEARSAL_WITHIN, f"the last one ended {_ago(now - last)} ago")


def evaluated(last: datetime | None, now: datetime) -> Finding:
    if last is None:
        return unknown("the standby has never evaluated itself")
    return judged(now - last <= EVALUATED_WITHIN, f"{_ago(now - last)} ago")


def subscriptions(topics: Mapping[str, Sequence[Subscribed]]) -> Finding:
    """By the Region of the topic that runs tell people through."""
    wrong = []
    for region, found in sorted(topics.items()):
        if pending := [one.protocol for one in found if not one.confirmed]:
            wrong.append(f"{region}: {', '.join(pending)} not confirmed")
        elif not found:
            wrong.append(f"{region}: nobody is told")
    return judged(not wrong, "; ".join(wrong) or f"confirmed in {', '.join(sorted(topics))}")


def _ago(duration: timedelta) -> str:
    if duration >= timedelta(days=2):
        return f"{duration.days} days"
    minutes = max(int(duration.total_seconds() // 60), 0)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
