"""Which call is a request to AWS, and how does AWS refuse one? Stands between botocore and moto."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ReadTimeoutError

from chaos.gate import Call, Gate

Stub = Callable[..., AWSResponse | None]
# Which object, where an operation alone does not say what a call is for.
OBJECTS = (
    "leader-record",
    "heartbeat",
    "journal",
    "outcome",
    "approvals",
    "reconciled",
    "divergence",
    "unusable",
    "proven",
)
SCOPE = re.compile(r"Credential=[^/]+/\d+/([a-z0-9-]+)/")


class _Body(BytesIO):
    """What botocore reads an answer's body from."""

    def stream(self, **_: Any) -> Any:
        yield self.read()


def through(gate: Gate, stub: Stub) -> Stub:
    """In place of moto's own hook of botocore's `before-send`."""

    def send(self: Any, event_name: str, request: AWSPreparedRequest, **named: Any) -> AWSResponse | None:
        if gate.attempt is None:
            return stub(self, event_name, request, **named)
        region = region_of(request)
        call = Call(
            what=name_of(event_name, request, region),
            region=region,
            apply=lambda: stub(self, event_name, request, **named),
            no_answer=lambda: _no_answer(request),
            throttled=lambda: _refusal(request, *_throttling(request)),
            denied=lambda: _refusal(request, 403, "AccessDenied" if _is_s3(request) else "AccessDeniedException"),
            no_room=lambda: _refusal(request, 400, "InsufficientDBInstanceCapacity"),
        )
        answer: AWSResponse | None = gate.through(call)
        return answer

    return send


def region_of(request: AWSPreparedRequest) -> str:
    """The Region that a request is signed for.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    header = request.headers.get("Authorization", "")
    found = SCOPE.search(header.decode() if isinstance(header, bytes) else header)
    return found[1] if found else "nowhere"


def name_of(event_name: str, request: AWSPreparedRequest, region: str) -> str:
    """`s3.PutObject leader-record us-east-1`."""
    operation = event_name.removeprefix("before-send.")
    path = urlsplit(request.url)
    found = next((one for one in OBJECTS if _is_s3(request) and one in path.path + path.query), None)
    return " ".join(part for part in (operation, found, region) if part)


def _is_s3(request: AWSPreparedRequest) -> bool:
    return ".s3." in request.url or "//s3." in request.url


def _no_answer(request: AWSPreparedRequest) -> AWSResponse:
    raise ReadTimeoutError(endpoint_url=request.url)


def _throttling(request: AWSPreparedRequest) -> tuple[int, str]:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, and each service's common errors."""
    if _is_s3(request):
        return 503, "SlowDown"
    return 400, "Throttling" if "form" in str(request.headers.get("Content-Type")) else "ThrottlingException"


def _refusal(request: AWSPreparedRequest, status: int, code: str) -> AWSResponse:
    """An error as the protocol of the request has it."""
    if "json" in str(request.headers.get("Content-Type")):
        body = json.dumps({"__type": code, "message": "An injected fault."})
    elif _is_s3(request):
        body = f"<Error><Code>{code}</Code><Message>An injected fault.</Message><RequestId>r</RequestId></Error>"
    else:
        inner = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>An injected fault.</Message></Error>"
        body = f"<ErrorResponse>{inner}<RequestId>r</RequestId></ErrorResponse>"
    headers = {"x-amzn-errortype": code, "content-type": "application/json" if body.startswith("{") else "text/xml"}
    return AWSResponse(request.url, status, headers, _Body(body.encode()))
