"""Is an endpoint healthy, as Route 53 sees it, and who can tell?

Not emulated: several checkers in several places (one stands for all, so the 18 % rule does not show), calculated
checks, and checks of alarms or routing controls, which CreateHealthCheck refuses.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.responses import ActionResult
from moto.route53.exceptions import InvalidInput
from moto.route53.models import Route53Backend, route53_backends
from moto.route53.responses import Route53

from lab.cloud.context import CloudContext
from lab.cloud.route53.probe import Probe, Prober
from lab.settings import ACCOUNT_ID

METRIC_REGION = "us-east-1"
NAMESPACE = "AWS/Route53"
MINUTE = timedelta(minutes=1)
CHECKED_TYPES = ("HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP")
TICK_SECONDS = 0.02
MOST_REQUESTS_AT_ONCE = 32


@dataclass
class Observation:
    """What is thought of one health check; healthy until enough requests have failed in a row."""

    healthy: bool = True
    against: int = 0
    reason: str = "Success: no request has been answered yet"
    checked_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    next_at: float = 0.0
    started: int = 0
    counted: int = 0
    in_this_minute: list[bool] = field(default_factory=list)

    def count(self, number: int, probe: Probe, threshold: int) -> bool:
        """Take the outcome of request `number`; True when the status changed. Overtaken outcomes do not count.

        `threshold` requests in a row change the status, from healthy to unhealthy and back.
        https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
        """
        if number <= self.counted:
            return False
        self.counted = number
        self.reason, self.checked_at = probe.reason, datetime.now(UTC)
        self.against = 0 if probe.passed == self.healthy else self.against + 1
        if self.against < threshold:
            return False
        self.healthy, self.against = probe.passed, 0
        return True


class Checkers:
    """Asks every health check's endpoint each RequestInterval, late answers or not, and publishes the metrics.

    Route 53's data plane is in no Region: it goes on while any Region is dark, only its metrics need us-east-1.
    """

    def __init__(self, context: CloudContext) -> None:
        self._context = context
        self._prober = Prober(context)
        self._seen: dict[str, Observation] = {}
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(MOST_REQUESTS_AT_ONCE)
        self._published: dict[str, float] = {}
        self._never = threading.Event()

    def is_healthy(self, check_id: str) -> bool:
        """Whether Route 53 considers the check healthy.

        A disabled check is healthy whatever its endpoint does; inverting turns either around.
        https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
        """
        check = _checks()[check_id]
        healthy = _is_true(check.disabled) or self.observed(check_id).healthy
        return healthy != _is_true(check.inverted)

    def observed(self, check_id: str) -> Observation:
        with self._lock:
            return self._seen.setdefault(check_id, Observation())

    def start(self) -> None:
        for target in (self._ask_for_ever, self._publish_for_ever):
            threading.Thread(target=target, name="route53", daemon=True).start()

    def _ask_for_ever(self) -> None:
        while not self._never.wait(TICK_SECONDS):
            now = time.monotonic()
            for check in list(_checks().values()):
                seen = self.observed(check.id)
                if _is_true(check.disabled) or now < seen.next_at or not self._free.acquire(blocking=False):
                    continue
                interval = self._context.scaled(timedelta(seconds=int(check.request_interval)))
                seen.next_at = max(seen.next_at + interval, now)
                seen.started += 1
                threading.Thread(
                    target=self._ask, args=(check, seen, seen.started), name="health-check", daemon=True
                ).start()

    def _ask(self, check: Any, seen: Observation, number: int) -> None:
        try:
            probe = self._prober.probe(check)
        finally:
            self._free.release()
        with self._lock:
            changed = seen.count(number, probe, int(check.failure_threshold))
        if changed:
            self._context.journal.add(
                "health-check",
                id=check.id,
                name=check.caller_reference,
                status="healthy" if seen.healthy else "unhealthy",
                reason=probe.reason,
            )
        healthy = self.is_healthy(check.id) if check.id in _checks() else seen.healthy
        with self._lock:
            seen.in_this_minute.append(healthy)

    def _publish_for_ever(self) -> None:
        minute_seconds = self._context.scaled(MINUTE)
        while True:
            end = (int(time.time() / minute_seconds) + 1) * minute_seconds
            self._never.wait(max(0.0, end - time.time()))
            if not self._context.network.is_dark(METRIC_REGION):
                for check in list(_checks().values()):
                    self._publish(check, end - minute_seconds)

    def _publish(self, check: Any, minute_start: float) -> None:
        """The minute that has just ended; its Minimum is 0 when the check was unhealthy at any request.

        https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html
        """
        seen = self.observed(check.id)
        with self._lock:
            samples, seen.in_this_minute = seen.in_this_minute, []
        values = [float(healthy) for healthy in samples or [self.is_healthy(check.id)]]
        at = datetime.fromtimestamp(minute_start, UTC).replace(tzinfo=None)
        for name, factor, unit in (
            ("HealthCheckStatus", 1.0, "None"),
            ("HealthCheckPercentageHealthy", 100.0, "Percent"),
        ):
            datum = {
                "MetricName": name,
                "Dimensions": [{"Name": "HealthCheckId", "Value": check.id}],
                "Timestamp": at,
                "Unit": unit,
                "StatisticValues": {
                    "Minimum": min(values) * factor,
                    "Maximum": max(values) * factor,
                    "Sum": sum(values) * factor,
                    "SampleCount": float(len(values)),
                },
            }
            cloudwatch_backends[ACCOUNT_ID][METRIC_REGION].put_metric_data(NAMESPACE, [datum])
        if self._published.get(check.id) != min(values):
            self._published[check.id] = min(values)
            self._context.journal.add(
                "metric", region=METRIC_REGION, name="HealthCheckStatus", id=check.id, value=min(values)
            )


_checkers: dict[int, Checkers] = {}


def checkers_of(context: CloudContext) -> Checkers:
    """The one set of checkers of an emulated AWS."""
    return _checkers.setdefault(context.port, Checkers(context))


def install(context: CloudContext) -> None:
    """Endpoints are checked from now on, and GetHealthCheckStatus tells what was seen."""
    checkers = checkers_of(context)
    create = Route53Backend.create_health_check

    def create_health_check(self: Any, caller_reference: str, health_check_args: dict[str, Any]) -> Any:
        kind = health_check_args.get("type")
        if kind not in CHECKED_TYPES:
            raise InvalidInput(f"The lab does not emulate health checks of type {kind}.")
        return create(self, caller_reference, health_check_args)

    def get_health_check_status(self: Any) -> ActionResult:
        check_id = self._get_param("HealthCheckId")
        self.backend.get_health_check(check_id)
        seen = checkers.observed(check_id)
        observation = {
            "Region": METRIC_REGION,
            "IPAddress": "127.0.0.1",
            "StatusReport": {"Status": seen.reason, "CheckedTime": seen.checked_at},
        }
        return ActionResult({"HealthCheckObservations": [observation]})

    Route53Backend.create_health_check = create_health_check
    Route53.get_health_check_status = get_health_check_status
    checkers.start()


def _checks() -> dict[str, Any]:
    checks: dict[str, Any] = route53_backends[ACCOUNT_ID]["aws"].health_checks
    return checks


def _is_true(value: Any) -> bool:
    """moto keeps what the request said: a flag, or its text."""
    return value is True or str(value).lower() == "true"
