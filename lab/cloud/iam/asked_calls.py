"""How does a process keep to its role? Before each call of AWS's API it asks the emulated AWS, and makes no other."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError, EndpointConnectionError

from lab.cloud.control_client import CloudControl, CloudUnavailable

MOST_REMEMBERED = 64
ABSENT = ("NoSuchKey", "404")
# What is written or sent is none of IAM's business, and may be long, or a stream that can be read once.
CONTENT = frozenset({"Body", "Payload", "SecretString"})


class AskedCalls:
    """Of one process, which acts for `caller`: a function, a service's tasks, or a role by itself."""

    def __init__(self, endpoint: str, caller: str, allowed_for: timedelta = timedelta(0)) -> None:
        """What is allowed is so for `allowed_for`, and the same call is not asked about again meanwhile.

        On AWS a change of a policy takes its time too, until every copy of IAM knows it:
        https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
        """
        self._endpoint = endpoint
        self._allowed_for = allowed_for.total_seconds()
        self._allowed_until: dict[str, float] = {}
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
        asked = {"caller": self._caller, "operation": operation, **call}
        name = json.dumps({**asked, "parameters": _lasting(call["parameters"])}, sort_keys=True, default=str)
        if time.monotonic() < self._allowed_until.get(name, 0.0):
            return
        reason = self._ask(asked)
        if reason is None and self._allowed_for:
            self._remember(name)
        if reason is not None:
            self._denied.append(reason)
            message = f"{self._caller} is not authorized to call {operation}: {reason}"
            told = {"Code": "AccessDenied", "Message": message}
            raise ClientError({"Error": told, "ResponseMetadata": {"HTTPStatusCode": 403}}, operation)

    def _remember(self, name: str) -> None:
        if len(self._allowed_until) >= MOST_REMEMBERED:
            self._allowed_until.clear()
        self._allowed_until[name] = time.monotonic() + self._allowed_for

    def _ask(self, call: Mapping[str, Any]) -> str | None:
        try:
            return self._control.authorize(call)
        except CloudUnavailable as error:
            raise EndpointConnectionError(endpoint_url=self._endpoint, error=error) from error


def _lasting(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Which version of an object is to be replaced changes with every write, and no policy asks for more than that one is.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    """
    return {key: "some version" if key == "IfMatch" else value for key, value in parameters.items()}
