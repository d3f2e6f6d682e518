"""Is a request answered only if its signature holds, and does the function hear whose it was?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.lab.emulated_cloud import EmulatedCloud, unique

REGION = "eu-west-1"
SOURCE = """
import json
def handler(event, context):
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(event)}
"""


@dataclass(frozen=True)
class Api:
    """An HTTP API whose default route invokes a function, with `url` in the lab and `arn` for its permission."""

    url: str
    arn: str
    function: str


def made(cloud: EmulatedCloud, region: str) -> Api:
    """Without the permission to invoke its function."""
    client, function = cloud.client("apigatewayv2", region), cloud.function(region, SOURCE)
    api = client.create_api(Name="drlab-app-operators", ProtocolType="HTTP")["ApiId"]
    uri = f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function}/invocations"
    integration = client.create_integration(ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=uri)["IntegrationId"]
    client.create_route(ApiId=api, RouteKey="$default", Target=f"integrations/{integration}")
    arn = f"arn:aws:execute-api:{region}:123456789012:{api}"
    return Api(f"{cloud.endpoint}/_lab/operators/{region}", arn, function)


def permit(cloud: EmulatedCloud, api: Api, source: str, principal: str = "apigateway.amazonaws.com") -> None:
    cloud.client("lambda", api.function.split(":")[3]).add_permission(
        FunctionName=api.function,
        StatementId=unique("api"),
        Action="lambda:InvokeFunction",
        Principal=principal,
        SourceArn=source,
    )


@pytest.fixture(scope="module")
def url(cloud: EmulatedCloud) -> str:
    api = made(cloud, REGION)
    permit(cloud, api, f"{api.arn}/*/*")
    return api.url


def test_an_api_that_its_function_does_not_permit_gets_an_internal_server_error(cloud: EmulatedCloud) -> None:
    """ "API Gateway returns an Internal Server Error message" to the caller, and says why in its own log alone.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html
    """
    region, before = "eu-west-3", cloud.last()
    api = made(cloud, region)
    wanted = f"{api.url}/status"
    headers = signed("GET", wanted, region=region)
    permit(cloud, api, "arn:aws:execute-api:eu-west-3:123456789012:another/*/*")
    permit(cloud, api, f"{api.arn}/*/*", principal="events.amazonaws.com")
    assert ask("GET", wanted, headers) == (500, {"message": "Internal Server Error"})
    told = cloud.wait_for("api", before, region=region)
    assert told["reason"].endswith("allows apigateway.amazonaws.com no lambda:InvokeFunction")
    permit(cloud, api, f"{api.arn}/*/$default")
    assert ask("GET", wanted, headers)[0] == 200


def signed(
    method: str,
    url: str,
    body: bytes = b"",
    *,
    secret: str = "lab",  # noqa: S107 - the lab has one for everybody
    region: str = REGION,
    age: timedelta = timedelta(0),
    headers: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The headers of a request that was signed `age` ago."""
    request = AWSRequest(method, url, headers=dict(headers or {}), data=body)
    auth = SigV4Auth(Credentials("Maria", secret), "execute-api", region)
    stamp = (datetime.now(UTC) - age).strftime("%Y%m%dT%H%M%SZ")
    request.context["timestamp"] = stamp
    request.headers["X-Amz-Date"] = stamp
    signature = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    auth._inject_signature_to_request(request, signature)
    return dict(request.headers.items())


def ask(method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> tuple[int, Any]:
    answer = urllib3.request(method, url, headers=dict(headers), body=body, timeout=10, retries=False)
    return answer.status, json.loads(answer.data)


def test_a_signed_request_reaches_the_function_with_the_name_of_its_signer(url: str) -> None:
    wanted = f"{url}/runs/by-hand?count=2&a=b%20c"
    status, event = ask("GET", wanted, signed("GET", wanted))
    assert status == 200
    assert (event["rawPath"], event["rawQueryString"]) == ("/runs/by-hand", "count=2&a=b%20c")
    assert event["requestContext"]["authorizer"]["iam"]["userArn"] == "arn:aws:iam::123456789012:user/maria"


def test_a_body_is_signed_too(url: str) -> None:
    wanted, body = f"{url}/disarm", b'{"reason": "tests"}'
    headers = signed("PUT", wanted, body)
    assert ask("PUT", wanted, headers, body)[0] == 200
    assert ask("PUT", wanted, headers, b'{"reason": "other"}')[0] == 403


def test_a_claimed_digest_of_the_body_does_not_stand_for_it(url: str) -> None:
    import hashlib

    wanted, body = f"{url}/disarm", b"{}"
    claimed = {"X-Amz-Content-SHA256": hashlib.sha256(body).hexdigest()}
    headers = signed("PUT", wanted, body, headers=claimed)
    assert ask("PUT", wanted, headers, body)[0] == 200
    assert ask("PUT", wanted, headers, b'{"a": 1}')[0] == 403


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"secret": "another"}, "does not match"),
        ({"region": "us-west-2"}, "Credential should be scoped"),
        ({"age": timedelta(minutes=6)}, "expired"),
        ({"age": timedelta(minutes=-6)}, "expired"),
    ],
)
def test_a_signature_that_does_not_hold_is_refused(url: str, changed: dict[str, Any], why: str) -> None:
    status, told = ask("GET", f"{url}/status", signed("GET", f"{url}/status", **changed))
    assert status == 403
    assert why in told["message"]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer abc"}, {"Authorization": "AWS4-HMAC-SHA256 x"}])
def test_a_request_without_a_signature_is_refused(url: str, headers: dict[str, str]) -> None:
    assert ask("GET", f"{url}/status", headers) == (403, {"message": "Missing Authentication Token"})


def test_a_region_without_the_function_says_so(cloud: EmulatedCloud) -> None:
    wanted = f"{cloud.endpoint}/_lab/operators/eu-west-2/status"
    assert ask("GET", wanted, signed("GET", wanted, region="eu-west-2"))[0] == 404
