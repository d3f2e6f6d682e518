"""What does a service answer to one GET?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from failover.application.ports import Answer, Silence

LARGEST_BODY_BYTES = 65_536
HEADERS = {"accept": "application/json", "connection": "close", "user-agent": "drlab"}
# A new connection each time: a kept one would go on reaching the Region that the name no longer points to.
_POOL = urllib3.PoolManager(num_pools=4, maxsize=1, retries=False)


@dataclass(frozen=True)
class HttpProbe:
    """GET without redirects or retries. `timeout` bounds connecting and each read."""

    timeout: timedelta

    def get(self, url: str) -> Answer | Silence:
        """Never raises: whatever is no HTTP answer is Silence."""
        seconds = self.timeout.total_seconds()
        try:
            response = _POOL.request(
                "GET",
                url,
                headers=HEADERS,
                timeout=urllib3.Timeout(connect=seconds, read=seconds),
                redirect=False,
                preload_content=False,
            )
            try:
                body = response.read(LARGEST_BODY_BYTES)
            finally:
                response.close()
        except (HTTPError, OSError) as error:
            return Silence(f"{url}: {type(error).__name__}")
        parsed = _object(body)
        region = response.headers.get("x-region") or parsed.get("region")
        return Answer(response.status, region if isinstance(region, str) else None, parsed)


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
