"""Does an endpoint pass one request of a Route 53 health checker?"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import urllib3

from lab.cloud.context import CloudContext
from lab.cloud.regions_and_links import INTERNET

# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
CONNECT = timedelta(seconds=4)
RESPOND = timedelta(seconds=2)
SEARCHED_BYTES = 5120
# Real processes do not answer faster because the lab's clock is: timeouts scaled any further would fail healthy
# endpoints on a busy machine.
SHORTEST_CONNECT_SECONDS = 0.5
SHORTEST_RESPOND_SECONDS = 1.0

_REGION_OF_LOAD_BALANCER = re.compile(r"\.([a-z]{2}(?:-[a-z]+)+-\d)\.elb\.")


@dataclass(frozen=True)
class Probe:
    """One request's outcome, worded as GetHealthCheckStatus words it."""

    passed: bool
    reason: str


class Prober:
    """Sends health checkers' requests from the internet. Safe from any thread."""

    def __init__(self, context: CloudContext) -> None:
        self._context = context
        self._connect_seconds = max(SHORTEST_CONNECT_SECONDS, context.scaled(CONNECT))
        self._respond_seconds = max(SHORTEST_RESPOND_SECONDS, context.scaled(RESPOND))
        self._http = urllib3.PoolManager(
            num_pools=32,
            maxsize=8,
            timeout=urllib3.Timeout(connect=self._connect_seconds, read=self._respond_seconds),
            retries=False,
        )

    def probe(self, check: Any) -> Probe:
        """Ask the endpoint of a moto HealthCheck once.

        HTTP passes on a status of 200 to 399, STR_MATCH needs its string in the first 5120 bytes too; a
        redirection is not followed. HTTPS is asked over HTTP: the lab has no certificates, and Route 53 does
        not validate them. TCP passes when the endpoint accepts a connection.
        """
        address = self._address(check)
        if address is None:
            return Probe(False, f"Failure: DNS resolution failed: {check.fqdn}")
        region = _REGION_OF_LOAD_BALANCER.search(check.fqdn or "")
        if region and not self._context.network.wait_until_passes(INTERNET, region.group(1), self._connect_seconds):
            return Probe(False, "Failure: Connection timed out. The endpoint or the internet connection is down.")
        if check.type_ == "TCP":
            return self._connect(address)
        url = f"http://{address[0]}:{address[1]}{_path(check.resource_path)}"
        host = check.fqdn or str(check.ip_address)
        try:
            answer = self._http.request(
                "GET",
                url,
                redirect=False,
                headers={"Host": host, "User-Agent": "Amazon-Route53-Health-Check-Service", "Connection": "close"},
            )
        except urllib3.exceptions.ConnectTimeoutError:
            return Probe(False, "Failure: Connection timed out. The endpoint or the internet connection is down.")
        except urllib3.exceptions.TimeoutError:
            return Probe(False, "Failure: The endpoint did not respond in time.")
        except urllib3.exceptions.HTTPError as error:
            return Probe(False, f"Failure: The connection failed: {error}")
        return _judge(check, answer.status, answer.data[:SEARCHED_BYTES])

    def _connect(self, address: tuple[str, int]) -> Probe:
        try:
            with socket.create_connection(address, self._connect_seconds):
                return Probe(True, "Success: Connection established.")
        except OSError as error:
            return Probe(False, f"Failure: The connection failed: {error}")

    def _address(self, check: Any) -> tuple[str, int] | None:
        """Where the endpoint really listens: by its name, or by an address on loopback."""
        if check.fqdn and (known := self._context.names.address(check.fqdn)):
            return known
        if check.ip_address and str(check.ip_address).startswith("127."):
            return str(check.ip_address), int(check.port)
        return None


def _judge(check: Any, status: int, body: bytes) -> Probe:
    if not 200 <= status < 400:
        return Probe(False, f"Failure: HTTP Status Code: {status}.")
    if str(check.type_).endswith("_STR_MATCH") and str(check.search_string).encode() not in body:
        return Probe(False, f"Failure: HTTP Status Code: {status}. The string was not found in the body.")
    return Probe(True, f"Success: HTTP Status Code: {status}. OK")


def _path(path: str | None) -> str:
    return f"/{(path or '').removeprefix('/')}"
