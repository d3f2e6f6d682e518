"""Is an endpoint healthy, as Route 53's health checkers see it?

A checker asks every RequestInterval (10 or 30 s); FailureThreshold answers in a row change its mind, both ways. An HTTP
check is passed by a status of 2xx or 3xx within two seconds of connecting, which may take four.
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
The status is published as HealthCheckStatus (1 or 0) once a minute, in us-east-1 only:
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html
Not emulated: the share of checkers in several Regions (there is one checker), calculated checks, checks of an alarm.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import urllib3
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.route53.models import route53_backends
from moto.route53.responses import Route53

from lab.cloud.context import CloudContext
from lab.settings import ACCOUNT_ID

METRIC_REGION = "us-east-1"
NAMESPACE = "AWS/Route53"
PUBLISHED_EVERY = timedelta(minutes=1)
SLOWEST_ANSWER = timedelta(seconds=4)
LEAST_TIMEOUT_SECONDS = 0.25
TICK_SECONDS = 0.02


@dataclass
class Observation:
    """What the checker thinks of one health check, and how many answers in a row say otherwise."""

    healthy: bool = True
    against: int = 0
    reason: str = "no answer yet"
    next_at: float = 0.0
    asking: bool = False


class Checkers:
    """Asks each health check's endpoint in time, remembers the verdicts, publishes the metric."""

    def __init__(self, context: CloudContext) -> None:
        self._context = context
        self._seen: dict[str, Observation] = {}
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="health-check")
        self._http = urllib3.PoolManager(maxsize=8, retries=False)
        self._published_at = 0.0
        # Scaled, but never so short that a busy laptop looks like a dead Region.
        self._timeout = max(LEAST_TIMEOUT_SECONDS, context.scaled(SLOWEST_ANSWER))

    def is_healthy(self, check_id: str) -> bool:
        """Whether Route 53 considers the check healthy; inverted and disabled checks included."""
        check = _checks().get(check_id)
        if check is None:
            return False
        if check.disabled in (True, "true"):
            return True
        healthy = self._observation(check_id).healthy
        return not healthy if check.inverted in (True, "true") else healthy

    def reason(self, check_id: str) -> str:
        return self._observation(check_id).reason

    def run(self) -> None:
        """Until the process ends."""
        pause = threading.Event()
        while not pause.wait(TICK_SECONDS):
            now = time.monotonic()
            for check in list(_checks().values()):
                seen = self._observation(check.id)
                if now >= seen.next_at and not seen.asking:
                    seen.next_at = now + self._context.scaled(timedelta(seconds=int(check.request_interval)))
                    seen.asking = True
                    self._pool.submit(self._ask, check, seen)
            if now - self._published_at >= self._context.scaled(PUBLISHED_EVERY):
                self._published_at = now
                self._publish()

    def _observation(self, check_id: str) -> Observation:
        return self._seen.setdefault(check_id, Observation())

    def _ask(self, check: Any, seen: Observation) -> None:
        try:
            passed, reason = self._probe(check)
        finally:
            seen.asking = False
        seen.reason = reason
        seen.against = 0 if passed == seen.healthy else seen.against + 1
        if seen.against >= int(check.failure_threshold):
            seen.healthy, seen.against = passed, 0
            self._context.journal.add(
                "health-check",
                id=check.id,
                name=check.caller_reference,
                status="healthy" if passed else "unhealthy",
                reason=reason,
            )

    def _probe(self, check: Any) -> tuple[bool, str]:
        address = self._context.names.address(check.fqdn) if check.fqdn else None
        if address is None:
            if not check.ip_address:
                return False, f"Failure: {check.fqdn} does not resolve"
            address = (check.ip_address, int(check.port))
        url = f"http://{address[0]}:{address[1]}{check.resource_path or '/'}"
        try:
            answer = self._http.request("GET", url, timeout=self._timeout, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            return False, f"Failure: {type(error).__name__}"
        passed = 200 <= answer.status < 400
        wanted = (check.search_string or "").encode() if "STR_MATCH" in str(check.type_) else b""
        passed = passed and wanted in answer.data[:5120]
        return passed, f"{'Success' if passed else 'Failure'}: HTTP Status Code {answer.status}"

    def _publish(self) -> None:
        if self._context.network.is_dark(METRIC_REGION):
            return
        backend = cloudwatch_backends[ACCOUNT_ID][METRIC_REGION]
        for check_id in list(_checks()):
            healthy = self.is_healthy(check_id)
            dimensions = [{"Name": "HealthCheckId", "Value": check_id}]
            backend.put_metric_data(
                NAMESPACE,
                [
                    {"MetricName": "HealthCheckStatus", "Value": float(healthy), "Dimensions": dimensions},
                    {
                        "MetricName": "HealthCheckPercentageHealthy",
                        "Value": 100.0 * healthy,
                        "Dimensions": dimensions,
                        "Unit": "Percent",
                    },
                ],
            )


_checkers: dict[int, Checkers] = {}


def checkers_of(context: CloudContext) -> Checkers:
    """The one set of checkers of an emulated AWS."""
    return _checkers.setdefault(context.port, Checkers(context))


def install(context: CloudContext) -> None:
    """Endpoints are checked from now on, and GetHealthCheckStatus tells what was seen."""
    checkers = checkers_of(context)

    def get_health_check_status(self: Any) -> ActionResult:
        check_id = self._get_param("HealthCheckId")
        self.backend.get_health_check(check_id)
        report = {"Status": checkers.reason(check_id), "CheckedTime": utcnow()}
        observation = {"Region": METRIC_REGION, "IPAddress": "127.0.0.1", "StatusReport": report}
        return ActionResult({"HealthCheckObservations": [observation]})

    Route53.get_health_check_status = get_health_check_status
    threading.Thread(target=checkers.run, name="health-checks", daemon=True).start()


def _checks() -> dict[str, Any]:
    checks: dict[str, Any] = route53_backends[ACCOUNT_ID]["global"].health_checks
    return checks
