"""How does an operator's request reach the function that answers it? As through an HTTP API with IAM authorization.

The signature is really checked, by the rules of Signature Version 4; whose keys they are is not IAM's word: any access key
with the secret `lab` is a user of that name. The function's own policy must let the API invoke it.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.apigatewayv2.models import apigatewayv2_backends
from moto.awslambda.models import lambda_backends
from werkzeug.wrappers import Request as WebRequest
from werkzeug.wrappers import Response

from lab.cloud.aws_lambda.runtime import LambdaRuntime
from lab.cloud.context import CloudContext
from lab.cloud.iam.policies import Request
from lab.cloud.iam.resource_policies import policy_of
from lab.settings import ACCOUNT_ID, SERVICE

SECRET = "lab"  # noqa: S105 - the lab's one, which its guide prints
SERVICE_NAME = "execute-api"
PRINCIPAL = "apigateway.amazonaws.com"
ROUTE = "$default"  # the one there is, and the stage's name as well
LONGEST_SKEW = timedelta(minutes=5)
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[A-Za-z0-9_-]{1,64})/(?P<date>\d{8})/(?P<region>[a-z0-9-]+)/(?P<service>[a-z-]+)"
    r"/aws4_request, ?SignedHeaders=(?P<headers>[a-z0-9;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True)
class Unsigned:
    """Why the request is nobody's."""

    reason: str


class OperatorsGateway:
    """Answers requests below `/_lab/operators/<region>/`."""

    def __init__(self, runtime: LambdaRuntime, context: CloudContext) -> None:
        self._runtime = runtime
        self._context = context

    def answer(self, request: WebRequest, region: str, path: str) -> Response:
        """403 without a signature that holds, as API Gateway answers; else what the function of `region` says."""
        if self._context.network.is_dark(region):
            return _told(503, "Service Unavailable")
        signed_by = signer(request, region, datetime.now(UTC))
        if isinstance(signed_by, Unsigned):
            return _told(403, signed_by.reason)
        api = _api(region)
        if api is None:
            return _told(404, f"{region} has no operators' API.")
        function = _function(api, region)
        if function is None or not self._may_invoke(api, region, function):
            return _told(500, "Internal Server Error")
        found, _ = self._runtime.invoke(function, _event(request, f"/{path}", signed_by))
        if "error" in found:
            return _told(500, "Internal Server Error")
        answer = found["ok"]
        body = answer.get("body") or ""
        content = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
        return Response(content, answer["statusCode"], answer.get("headers", {}))

    def _may_invoke(self, api: Any, region: str, function: Any) -> bool:
        """As the $default route of the $default stage. The caller is not told why not; the journal is.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html
        """
        arn = f"arn:aws:execute-api:{region}:{ACCOUNT_ID}:{api.api_id}/{ROUTE}/{ROUTE}"
        request = Request("lambda:InvokeFunction", function.function_arn)
        policy = policy_of(function.function_arn) or {"Statement": []}
        reason = self._context.authorization.by_policy_of_resource(arn, PRINCIPAL, policy, request)
        if reason is not None:
            self._context.journal.add("api", region=region, api=api.name, status=500, reason=reason)
        return reason is None


def signer(request: WebRequest, region: str, now: datetime) -> str | Unsigned:
    """The access key that `request` was signed with, by the lab's secret, for this API and within five minutes."""
    told = AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    if told is None:
        return Unsigned("Missing Authentication Token")
    if (told["region"], told["service"]) != (region, SERVICE_NAME):
        return Unsigned(f"Credential should be scoped to {region}/{SERVICE_NAME}.")
    stamp = request.headers.get("X-Amz-Date", "")
    try:
        at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return Unsigned("X-Amz-Date is missing or malformed.")
    if abs(now - at) > LONGEST_SKEW or told["date"] != f"{at:%Y%m%d}":
        return Unsigned("Signature expired")
    claimed = request.headers.get("X-Amz-Content-SHA256")
    if claimed is not None and claimed != hashlib.sha256(request.get_data()).hexdigest():
        return Unsigned("X-Amz-Content-SHA256 is not that of the body.")
    if not hmac.compare_digest(_signature(request, told, stamp), told["signature"]):
        return Unsigned("The request signature does not match.")
    return told["key"]


def _signature(request: WebRequest, told: re.Match[str], stamp: str) -> str:
    """What the signature should be, over the headers that the caller named."""
    names = told["headers"].split(";")
    again = AWSRequest(
        request.method,
        request.url,
        headers={name: request.headers.get(name, "") for name in names},
        data=request.get_data(),
    )
    again.context["timestamp"] = stamp
    auth = SigV4Auth(Credentials(told["key"], SECRET), SERVICE_NAME, told["region"])
    signature: str = auth.signature(auth.string_to_sign(again, auth.canonical_request(again)), again)
    return signature


def _api(region: str) -> Any:
    name = f"drlab-{SERVICE}-operators"
    return next((one for one in apigatewayv2_backends[ACCOUNT_ID][region].get_apis() if one.name == name), None)


def _function(api: Any, region: str) -> Any:
    """What the default route's integration names; None where there is no such route, or no such function."""
    named = next((one.target for one in api.get_routes() if one.route_key == ROUTE), "")
    for integration in api.get_integrations():
        if named == f"integrations/{integration.id}":
            arn = integration.integration_uri.partition("/functions/")[2].removesuffix("/invocations")
            return lambda_backends[ACCOUNT_ID][region].get_function_by_arn(arn)
    return None


def _event(request: WebRequest, path: str, key: str) -> dict[str, Any]:
    """Payload format 2.0.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    body = request.get_data()
    arn = f"arn:aws:iam::{ACCOUNT_ID}:user/{key.lower()}"
    return {
        "version": "2.0",
        "routeKey": ROUTE,
        "rawPath": path,
        "rawQueryString": request.query_string.decode(),
        "headers": {name.lower(): value for name, value in request.headers.items()},
        "requestContext": {
            "accountId": ACCOUNT_ID,
            "authorizer": {"iam": {"accessKey": key, "accountId": ACCOUNT_ID, "userArn": arn}},
            "http": {"method": request.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"},
            "requestId": str(uuid.uuid4()),
            "routeKey": ROUTE,
            "stage": ROUTE,
            "timeEpoch": int(time.time() * 1000),
        },
        **({"body": base64.b64encode(body).decode(), "isBase64Encoded": True} if body else {"isBase64Encoded": False}),
    }


def _told(status: int, message: str) -> Response:
    return Response(json.dumps({"message": message}), status, content_type="application/json")
