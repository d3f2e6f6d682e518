"""Does the operators' API keep its OpenAPI document, whatever schemathesis makes of it? `make fuzz`, which installs it."""

from __future__ import annotations

from typing import Any

import pytest
from emulated_aws import Cloud
from gateway import MARIA, event
from hypothesis import HealthCheck, settings
from starlette.types import ASGIApp, Receive, Scope, Send

from webapi.operator import desk
from webapi.operator.app import operator_app
from webapi.operator.desk import RegionDesk
from webapi.operator.readiness_models import Readiness

schemathesis = pytest.importorskip("schemathesis", reason="make fuzz installs it")
from schemathesis import checks  # noqa: E402
from schemathesis.specs.openapi import checks as conformance  # noqa: E402

pytestmark = pytest.mark.contract
CHECKS = [
    checks.not_a_server_error,
    conformance.status_code_conformance,
    conformance.content_type_conformance,
    conformance.response_headers_conformance,
    conformance.response_schema_conformance,
    conformance.negative_data_rejection,
]


class SignedByMaria:
    """Gives a request the event that API Gateway makes of a signed one; one without a signature has no caller."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and b"authorization" in dict(scope["headers"]):
            scope = {**scope, "aws.event": event(scope["method"], scope["path"], by=MARIA)}
        await self._app(scope, receive, send)


API = schemathesis.openapi.from_asgi(
    "/openapi.json", SignedByMaria(operator_app(RegionDesk(), "us-west-2")), headers={"Authorization": "signed"}
)


@pytest.fixture(autouse=True)
def readiness_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulated AWS runs no function: a 502 that says so would be the end of every other check."""
    example = Readiness.model_config["json_schema_extra"]["examples"][0]
    monkeypatch.setattr(desk, "ask_readiness", lambda _: example)


@API.parametrize()
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_the_document_has(case: Any, cloud: Cloud) -> None:
    case.call_and_validate(checks=CHECKS)
