"""What API Gateway makes of a signed request, and of the function's answer.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulated_aws import Context

from handlers import operator_api

MARIA = "arn:aws:iam::123456789012:user/maria"
OMAR = "arn:aws:sts::123456789012:assumed-role/operators/omar"


@dataclass(frozen=True)
class Told:
    """The function's answer as a client gets it."""

    status: int
    headers: Mapping[str, str]
    body: Any
    text: str


class Gateway:
    """Sends requests straight to the function, which keeps nothing but the API's own parts from one to the next."""

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        query: str = "",
        by: str = MARIA,
    ) -> Told:
        """`key` None: a new one, where one is needed."""
        return self.send(
            event(method, path, body, headers={**_key(method, key), **(headers or {})}, query=query, by=by)
        )

    def send(self, event: dict[str, Any]) -> Told:
        answer = operator_api.handler(event, Context())
        text = answer.get("body", "")
        headers = answer.get("headers", {})
        return Told(
            answer["statusCode"], headers, json.loads(text) if "json" in headers["content-type"] else None, text
        )


def event(
    method: str,
    path: str,
    body: Any = None,
    *,
    headers: Mapping[str, str] | None = None,
    query: str = "",
    by: str = MARIA,
) -> dict[str, Any]:
    """A request of now that IAM knows as `by`'s."""
    given = {"host": "a1b2c3d4e5.execute-api.us-west-2.amazonaws.com", "content-type": "application/json"}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {**given, **{name.lower(): value for name, value in (headers or {}).items()}},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "authorizer": {"iam": {"accessKey": "AKIA", "accountId": "123456789012", "userArn": by}},
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
            "requestId": str(uuid.uuid4()),
            "routeKey": "$default",
            "stage": "$default",
            "timeEpoch": int(time.time() * 1000),
        },
        **({} if body is None else {"body": body if isinstance(body, str) else json.dumps(body)}),
        "isBase64Encoded": False,
    }


def _key(method: str, key: str | None) -> dict[str, str]:
    return {} if method == "GET" else {"idempotency-key": key or str(uuid.uuid4())}
