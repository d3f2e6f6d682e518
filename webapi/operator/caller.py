"""Who asks, as IAM knows them, and is the request one of now?

API Gateway checks the signature and says whose it was in `requestContext.authorizer.iam.userArn`:
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
A request that says nothing of it did not come that way, and is refused here as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from webapi.operator.problems import ANONYMOUS, EXPIRED
from webapi.problem_details import Kind, problem

# As long as a signature holds: an event that somebody kept must not be worth more than the request that it stands for.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
OLDEST_REQUEST = timedelta(minutes=5)
PRINCIPAL = re.compile(r"arn:aws[a-z-]*:(iam|sts)::\d{12}:\S{1,2000}")


@dataclass(frozen=True)
class Rejected:
    """Why nobody is answered."""

    kind: Kind
    reason: str


class CallersOnly:
    """Around everything else: nobody is answered who is not known, and every route knows who asks."""

    def __init__(self, app: ASGIApp, region: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._app = app
        self._region = region
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        found = judge(scope.get("aws.event"), self._now())
        if isinstance(found, Rejected):
            answer = problem(found.kind, found.reason, self._region)
            # https://www.rfc-editor.org/rfc/rfc9110#section-15.5.2
            answer.headers["www-authenticate"] = "AWS4-HMAC-SHA256"
            await answer(scope, receive, send)
            return
        await self._app({**scope, "state": {**scope.get("state", {}), "caller": found}}, receive, send)


def judge(event: object, now: datetime) -> str | Rejected:
    """The ARN of whoever sent the request of `event`, payload format 2.0."""
    found = arn_of(event)
    if not isinstance(found, str) or not PRINCIPAL.fullmatch(found):
        return Rejected(ANONYMOUS, "The request does not say which IAM principal signed it.")
    sent_ms = _at(event, "requestContext", "timeEpoch")
    if type(sent_ms) is not int:
        return Rejected(EXPIRED, "The request does not say when it was made.")
    if abs(now.timestamp() - sent_ms / 1000) > OLDEST_REQUEST.total_seconds():
        return Rejected(EXPIRED, f"The request was not made within the last {OLDEST_REQUEST.total_seconds():.0f} s.")
    return found


def arn_of(event: object) -> object:
    """What the gateway says, whatever that is; None when it says nothing."""
    return _at(event, "requestContext", "authorizer", "iam", "userArn")


def caller_of(request: Request) -> str:
    """The ARN of whoever asks, which CallersOnly has put there."""
    arn: str = request.state.caller
    return arn


def _at(found: Any, *path: str) -> Any:
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
