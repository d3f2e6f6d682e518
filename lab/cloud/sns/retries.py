"""When is a notification that was not taken sent again?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

# "Customer managed endpoints": 50 attempts over more than 6 hours.
# https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
MAIL_POLICY: Mapping[str, Any] = {
    "numNoDelayRetries": 0,
    "numMinDelayRetries": 2,
    "minDelayTarget": 10,
    "maxDelayTarget": 600,
    "numMaxDelayRetries": 38,
    "numRetries": 50,
    "backoffFunction": "exponential",
}
# "Amazon managed endpoints"; AWS goes on for 23 days (100,000 times 20 s), the lab for 5 hours.
MANAGED_POLICY: Mapping[str, Any] = {
    "numNoDelayRetries": 3,
    "numMinDelayRetries": 2,
    "minDelayTarget": 1,
    "maxDelayTarget": 20,
    "numMaxDelayRetries": 900,
    "numRetries": 915,
    "backoffFunction": "exponential",
}
# "by default, if the initial delivery of the message fails, Amazon SNS attempts up to three retries with a delay
# between failed attempts set at 20 seconds"
# https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.retry.html
HTTP_POLICY: Mapping[str, Any] = {
    "numNoDelayRetries": 0,
    "numMinDelayRetries": 0,
    "minDelayTarget": 20,
    "maxDelayTarget": 20,
    "numMaxDelayRetries": 0,
    "numRetries": 3,
    "backoffFunction": "linear",
}
# A hard limit on the sum of an HTTP policy's waits.
LONGEST_TOTAL = timedelta(hours=1)


def http_policy(subscription_policy: str | None, topic_policy: str | None) -> dict[str, Any]:
    """The retry policy of an HTTP(S) subscription: its own, else the topic's, else SNS's default."""
    own = json.loads(subscription_policy or "{}").get("healthyRetryPolicy") or {}
    topic = json.loads(topic_policy or "{}").get("http", {}).get("defaultHealthyRetryPolicy") or {}
    return {**HTTP_POLICY, **(own or topic)}


def waits(policy: Mapping[str, Any], longest_total: timedelta | None = None) -> list[timedelta]:
    """How long to wait before each retry: at once, then at the minimum, growing to the maximum, at the maximum.

    `arithmetic` grows as `linear` does, `geometric` as `exponential`. Cut off where the sum exceeds
    `longest_total`.
    https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html#delivery-policy-stages
    """
    low, high = float(policy["minDelayTarget"]), float(policy["maxDelayTarget"])
    at_once, at_low, at_high = (
        int(policy.get(name, 0)) for name in ("numNoDelayRetries", "numMinDelayRetries", "numMaxDelayRetries")
    )
    growing = max(0, int(policy["numRetries"]) - at_once - at_low - at_high)
    exponential = policy.get("backoffFunction") in ("exponential", "geometric")
    between = [_between(low, high, step / max(1, growing - 1), exponential) for step in range(growing)]
    seconds = [0.0] * at_once + [low] * at_low + between + [high] * at_high
    if longest_total is not None:
        while sum(seconds) > longest_total.total_seconds():
            seconds.pop()
    return [timedelta(seconds=one) for one in seconds]


def _between(low: float, high: float, share: float, exponential: bool) -> float:
    if exponential and low > 0:
        return float(low * (high / low) ** share)
    return low + (high - low) * share
