"""Does the service keep its OpenAPI document, whatever schemathesis makes of it? `make fuzz`, which installs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from served_task import HERE, MemoryCloud, Served, eventually, login_of

from lab.region.postgresql import PostgreSQL
from webapi.service.app import service_api
from webapi.service.settings import Settings
from webapi.service.task import Task

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
API = schemathesis.openapi.from_dict(
    service_api(Task(Settings(HERE, "/drlab/app/plan", "t1"), MemoryCloud(None))).openapi()
)


@pytest.fixture(scope="module")
def leading(shared_server: PostgreSQL) -> Iterator[Served]:
    """A healthy leader on a real server: it has no reason to answer that it cannot."""
    shared_server.start()
    shared_server.rows("drop table if exists writes, heartbeat, lease_holder, probe cascade")
    served = Served(MemoryCloud(login_of(shared_server)))
    try:
        eventually(served.is_healthy)
        yield served
    finally:
        served.stop()


@API.parametrize()
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_the_document_has(case: Any, leading: Served) -> None:
    case.call_and_validate(base_url=str(leading.http.base_url), checks=CHECKS)
