"""Is nobody answered who is not known, or who comes late?"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from emulated_aws import Cloud, Context
from gateway import MARIA, Gateway, event

from failover.application.errors import RunRefused
from handlers import operator_api

Spoil = Callable[[dict[str, Any]], object]

ANONYMOUS: dict[str, Spoil] = {
    "no authorizer": lambda context: context.pop("authorizer"),
    "no iam": lambda context: context.update(authorizer={}),
    "no arn": lambda context: context["authorizer"]["iam"].pop("userArn"),
    "an empty arn": lambda context: context["authorizer"]["iam"].update(userArn=""),
    "an arn of something else": lambda context: context["authorizer"]["iam"].update(userArn="arn:aws:s3:::bucket"),
    "an arn that is no text": lambda context: context["authorizer"]["iam"].update(userArn=["x"]),
    "an authorizer that is not IAM": lambda context: context.update(authorizer={"jwt": {"claims": {"sub": MARIA}}}),
}
REQUESTS = [("GET", "/status"), ("GET", "/openapi.json"), ("GET", "/nowhere"), ("DELETE", "/disarm"), ("POST", "/runs")]


@pytest.mark.parametrize("spoil", ANONYMOUS.values(), ids=ANONYMOUS)
@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_an_anonymous_request_is_refused_before_anything_is_asked_or_done(
    cloud: Cloud, gateway: Gateway, spoil: Spoil, method: str, path: str
) -> None:
    sent = event(method, path, headers={"idempotency-key": "0123456789abcdef"})
    spoil(sent["requestContext"])
    told = gateway.send(sent)
    assert (told.status, told.body["type"]) == (401, "/problems/anonymous")
    assert told.headers["content-type"] == "application/problem+json"
    assert told.headers["www-authenticate"] == "AWS4-HMAC-SHA256"
    assert cloud.calls == []


@pytest.mark.parametrize("seconds", [-301, 301, -86_400])
def test_a_request_of_another_time_is_refused(cloud: Cloud, gateway: Gateway, seconds: int) -> None:
    """An event that was recorded, and is sent again when its signature would not hold any more."""
    sent = event("DELETE", "/disarm", headers={"idempotency-key": "0123456789abcdef"})
    sent["requestContext"]["timeEpoch"] = int((time.time() + seconds) * 1000)
    told = gateway.send(sent)
    assert (told.status, told.body["type"]) == (401, "/problems/expired")
    assert cloud.calls == []


def test_a_request_without_a_time_is_refused(cloud: Cloud, gateway: Gateway) -> None:
    sent = event("GET", "/status")
    del sent["requestContext"]["timeEpoch"]
    assert gateway.send(sent).body["type"] == "/problems/expired"


def test_a_request_of_four_minutes_ago_is_answered(gateway: Gateway) -> None:
    sent = event("GET", "/status")
    sent["requestContext"]["timeEpoch"] -= 240_000
    assert gateway.send(sent).status == 200


@pytest.mark.parametrize("call", [None, {}, [], {"version": "2.0"}, {"version": "1.0", "requestContext": {"http": {}}}])
def test_a_call_that_no_gateway_would_make_is_refused_in_a_sentence(cloud: Cloud, call: Any) -> None:
    with pytest.raises(RunRefused, match=r"malformed: [^\n]+\.$"):
        operator_api.handler(call, Context())
