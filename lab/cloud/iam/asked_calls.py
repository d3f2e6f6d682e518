"""How does a process keep to its role? Before each call of AWS's API it asks the emulated AWS, and makes no other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError, EndpointConnectionError

from lab.cloud.control_client import CloudControl, CloudUnavailable

ABSENT = ("NoSuchKey", "404")
# What is written or sent is none of IAM's business, and may be long, or a stream that can be read once.
CONTENT = frozenset({"Body", "Payload", "SecretString"})


class AskedCalls:
    """Of one process, which acts for `caller`: a function, a service's tasks, or a role by itself."""

    def __init__(self, endpoint: str, caller: str) -> None:
        self._endpoint = endpoint
        self._caller = caller
        self._control = CloudControl(endpoint)
        self._denied: list[str] = []

    def enforce(self) -> None:
        """From now on every boto3 client of this process asks."""
        call = BaseClient._make_api_call
        asked = self

        def checked(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
            service, region = client.meta.service_model.service_name, client.meta.region_name
            told = {key: value for key, value in parameters.items() if key not in CONTENT}
            asked._require(operation, service=service, parameters=told, region=region)
            try:
                return call(client, operation, parameters)
            except ClientError as error:
                if error.response["Error"]["Code"] in ABSENT:
                    asked._require(operation, service=service, parameters=told, region=region, absent=True)
                raise

        BaseClient._make_api_call = checked

    def denied(self) -> list[str]:
        """Since the last time."""
        denied, self._denied = self._denied, []
        return denied

    def _require(self, operation: str, **call: Any) -> None:
        reason = self._ask({"caller": self._caller, "operation": operation, **call})
        if reason is not None:
            self._denied.append(reason)
            message = f"{self._caller} is not authorized to call {operation}: {reason}"
            told = {"Code": "AccessDenied", "Message": message}
            raise ClientError({"Error": told, "ResponseMetadata": {"HTTPStatusCode": 403}}, operation)

    def _ask(self, call: Mapping[str, Any]) -> str | None:
        try:
            return self._control.authorize(call)
        except CloudUnavailable as error:
            raise EndpointConnectionError(endpoint_url=self._endpoint, error=error) from error
