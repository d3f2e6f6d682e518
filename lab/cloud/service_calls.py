"""How does one AWS service call another in the lab? Through the same borders as everyone, from its own Region."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lab.cloud.context import CloudContext

# Errors that a repeat cannot cure: the target is not there, or may not be used.
_FINAL_CODES = (
    "AccessDenied",
    "AuthorizationError",
    "DoesNotExist",
    "InvalidParameter",
    "NonExistentQueue",
    "NotFound",
)


class CallFailed(Exception):
    """A call did not succeed. `retriable` is False when repeating it cannot help."""

    def __init__(self, code: str, message: str, retriable: bool) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.retriable = retriable


class ServiceCalls:
    """boto3 clients that call as a service inside a Region does. Safe from any thread."""

    def __init__(self, context: CloudContext) -> None:
        self._context = context
        self._session = boto3.session.Session()
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._lock = threading.Lock()

    def check_path(self, source: str, target: str) -> None:
        """Raises CallFailed at once when a call from `source` would not get through, instead of letting it hang."""
        if not self._context.network.passes(source, target):
            raise CallFailed("NO_ANSWER", f"{target} does not answer calls from {source}.", retriable=True)

    def call(self, source: str, service: str, region: str, operation: Callable[[Any], Any]) -> Any:
        """`operation(client)` for `service` in `region`, called from the Region `source`. Raises CallFailed."""
        self.check_path(source, region)
        try:
            return operation(self._client(source, service, region))
        except ClientError as error:
            code = error.response["Error"]["Code"]
            final = any(part in code for part in _FINAL_CODES)
            raise CallFailed(code, error.response["Error"].get("Message", ""), retriable=not final) from error
        except BotoCoreError as error:
            raise CallFailed("NO_ANSWER", str(error), retriable=True) from error

    def _client(self, source: str, service: str, region: str) -> Any:
        with self._lock:
            if (source, service, region) not in self._clients:
                self._clients[source, service, region] = self._session.client(
                    service,
                    region_name=region,
                    endpoint_url=self._context.endpoint,
                    aws_access_key_id=f"LAB-{source}",
                    aws_secret_access_key="lab",  # noqa: S106 - the emulated AWS checks no signature
                    config=Config(connect_timeout=2, read_timeout=15, retries={"total_max_attempts": 1}),
                )
            return self._clients[source, service, region]
