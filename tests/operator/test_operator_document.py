"""Does the API do what its OpenAPI document says, whatever it is sent?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import unquote

import pytest
from document_requests import Asked, requests, resolved
from emulated_aws import Cloud
from gateway import Gateway, Told, event
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_schema_validator import OAS31Validator, oas31_format_checker
from openapi_spec_validator import validate

from webapi.operator import desk
from webapi.operator.app import operator_api
from webapi.operator.desk import RegionDesk
from webapi.operator.readiness_models import Readiness


@cache
def document() -> Mapping[str, Any]:
    return operator_api(RegionDesk(), "us-west-2").openapi()


OPERATIONS = [(method, path) for path, operations in document()["paths"].items() for method in operations]
CHANGES = [(method, path) for method, path in OPERATIONS if method != "get"]
SERVER_ERROR = 500


def faults(schema: Mapping[str, Any], value: Any) -> list[str]:
    """Why `value` is not what the schema says."""
    within = {**schema, "components": document()["components"]}
    checker = OAS31Validator(within, format_checker=oas31_format_checker)
    return [error.message for error in checker.iter_errors(value)]


def undocumented(method: str, path: str, told: Told) -> list[str]:
    """What of an answer the document does not have."""
    described = document()["paths"][path][method]["responses"].get(str(told.status))
    if described is None:
        return [f"{told.status} is not documented"]
    content = described["content"].get(told.headers["content-type"])
    if content is None:
        return [f"{told.headers['content-type']} is not documented for {told.status}"]
    return faults(content["schema"], told.body)


def send(gateway: Gateway, asked: Asked) -> Told:
    sent = event(asked.method, asked.path, asked.body, headers=asked.headers, query=asked.query)
    # API Gateway unquotes the path of the request's context, and not rawPath.
    sent["requestContext"]["http"]["path"] = unquote(asked.path)
    return gateway.send(sent)


def test_the_document_is_openapi() -> None:
    validate(dict(document()))


def test_the_document_is_served_to_those_who_are_known(gateway: Gateway) -> None:
    assert gateway.ask("GET", "/openapi.json").body == document()


def test_every_operation_says_that_it_is_signed_and_which_problems_it_has() -> None:
    assert document()["security"] == [{"sigv4": []}]
    for method, path in OPERATIONS:
        operation = document()["paths"][path][method]
        assert {"401", "502", "503"} <= set(operation["responses"]), path
        assert operation["summary"], path


def test_every_change_but_an_answer_needs_a_key() -> None:
    for method, path in CHANGES:
        needed = [
            one["name"] for one in document()["paths"][path][method].get("parameters", []) if one["in"] == "header"
        ]
        assert needed == ([] if path.endswith("/approval") else ["Idempotency-Key"]), path


def examples(found: Any) -> Iterator[tuple[Mapping[str, Any], Any]]:
    """Every schema of the document that has examples, with each of them; and those that stand beside a schema."""
    if isinstance(found, list):
        for one in found:
            yield from examples(one)
    if not isinstance(found, Mapping):
        return
    given = found.get("examples")
    if isinstance(given, list):
        yield from ((found, one) for one in given)
    elif isinstance(given, Mapping) and "schema" in found:
        yield from ((found["schema"], one["value"]) for one in given.values())
    for one in found.values():
        yield from examples(one)


def test_every_example_is_what_its_schema_says() -> None:
    found = list(examples(document()))
    assert len(found) > 40
    for schema, value in found:
        assert faults(schema, value) == [], value


def test_every_model_and_every_body_has_an_example() -> None:
    # The two that FastAPI brings are not used: problems are told as problem details.
    own = {
        name: one for name, one in document()["components"]["schemas"].items() if not name.endswith("ValidationError")
    }
    assert [name for name, one in own.items() if not one.get("examples")] == []


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda value: str(value))
def test_no_request_gets_an_answer_that_the_document_does_not_have(
    cloud: Cloud, gateway: Gateway, method: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The standby's function, which an emulated AWS without images cannot run.
    monkeypatch.setattr(desk, "ask_readiness", lambda _: Readiness.model_config["json_schema_extra"]["examples"][0])
    seen: set[int] = set()

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(requests(document(), method, path))
    def holds(asked: Asked) -> None:
        told = send(gateway, asked)
        assert told.status < SERVER_ERROR, (asked, told)
        assert undocumented(method, path, told) == [], (asked, told)
        seen.add(told.status)

    holds()
    # Nobody guesses a run's name, or a token.
    reached = {"/runs/{run}": 404, "/runs/{run}/approval": 409}.get(
        path, 202 if (method, path) == ("post", "/runs") else 200
    )
    assert reached in seen, "requests that fit get through to the use case"


def test_a_name_with_a_slash_in_it_is_the_path_of_nothing(cloud: Cloud, gateway: Gateway) -> None:
    told = send(gateway, Asked("POST", "/runs/%2F/approval", "", {}, None))
    assert told.status == 404
    assert "Not Found" in told.text


@pytest.mark.parametrize(("method", "path"), CHANGES, ids=lambda value: str(value))
def test_each_change_is_refused_with_a_problem_when_its_body_is_no_json(
    cloud: Cloud, gateway: Gateway, method: str, path: str
) -> None:
    if "requestBody" not in document()["paths"][path][method]:
        return
    for body in ("{", "nonsense", "[" * 2000):
        asked = Asked(method.upper(), path.format(run="r"), "", {"idempotency-key": "0123456789abcdef"}, body)
        told = send(gateway, asked)
        assert (400 <= told.status < SERVER_ERROR, undocumented(method, path, told)) == (True, []), (asked, told)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_what_the_document_requires_is_what_the_generator_makes(data: st.DataObject) -> None:
    """The generator itself: bodies that are meant to fit do."""
    from document_requests import fitting

    method, path = data.draw(
        st.sampled_from([(m, p) for m, p in CHANGES if "requestBody" in document()["paths"][p][m]])
    )
    schema = document()["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
    assert faults(resolved(document(), schema), data.draw(fitting(document(), schema))) == []
