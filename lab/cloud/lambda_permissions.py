"""May a function make this call? In its worker: asked of its role's policies before each call, and noted.

moto enforces no policies by itself, or only for credentials that it has issued.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from lab.cloud.iam_policies import Grant, Request, allowing
from lab.cloud.iam_requests import UnknownCall, needed, needed_to_be_told_of_absence

ABSENT = ("NoSuchKey", "404")


class Permissions:
    """What one function may do, what it used of that, and what it was denied."""

    def __init__(self, held: Iterable[Grant], arn: str) -> None:
        """`arn` is the function's."""
        self._held = tuple(held)
        self._arn = arn
        self._account = arn.split(":")[4]
        self._used: set[Grant] = set()
        self._denied: list[str] = []

    def enforce(self) -> None:
        """From now on every boto3 client of this process asks."""
        call = BaseClient._make_api_call
        permissions = self

        def checked(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
            service = client.meta.service_model.service_name
            permissions._require(operation, permissions._needed(client, service, operation, parameters))
            try:
                return call(client, operation, parameters)
            except ClientError as error:
                if error.response["Error"]["Code"] in ABSENT:
                    permissions._require(operation, needed_to_be_told_of_absence(service, parameters))
                raise

        BaseClient._make_api_call = checked

    def noted(self) -> dict[str, Any]:
        """Since the last time: the grants that were used, and what was denied."""
        used, denied = self._used, self._denied
        self._used, self._denied = set(), []
        return {"used": [astuple(grant) for grant in used], "denied": denied}

    def _needed(self, client: Any, service: str, operation: str, parameters: dict[str, Any]) -> list[Request]:
        try:
            return needed(service, operation, parameters, client.meta.region_name, self._account)
        except UnknownCall as error:
            raise self._refusal(operation, str(error)) from error

    def _require(self, operation: str, requests: Iterable[Request]) -> None:
        for request in requests:
            grant = allowing(self._held, request)
            if grant is None:
                raise self._refusal(operation, f"no policy allows {request}")
            self._used.add(grant)

    def _refusal(self, operation: str, reason: str) -> ClientError:
        self._denied.append(reason)
        told = {"Code": "AccessDenied", "Message": f"{self._arn} is not authorized to call {operation}: {reason}"}
        return ClientError({"Error": told, "ResponseMetadata": {"HTTPStatusCode": 403}}, operation)
