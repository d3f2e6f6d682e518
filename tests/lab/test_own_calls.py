"""Does a call that takes no connection reach the application as one over a connection does?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from lab.cloud import own_calls

NOBODY_LISTENS = "http://127.0.0.1:1"


@pytest.fixture
def client_of() -> Callable[[str], Any]:
    """Clients of a moto without a port: whatever they are answered came without a connection."""
    session = boto3.session.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name="us-west-2")
    own_calls.take(session.events, DomainDispatcherApplication(create_backend_app))
    config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
    return lambda service: session.client(service, endpoint_url=NOBODY_LISTENS, config=config)


def test_bytes_names_and_metadata_come_back_as_they_were_sent(client_of: Callable[[str], Any]) -> None:
    s3 = client_of("s3")
    s3.create_bucket(Bucket="own-calls", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    body = bytes(range(256)) * 300
    s3.put_object(Bucket="own-calls", Key="a b/ü+%41?.bin", Body=body, Metadata={"kept": "yes"})
    found = s3.get_object(Bucket="own-calls", Key="a b/ü+%41?.bin")
    assert found["Body"].read() == body
    assert found["Metadata"] == {"kept": "yes"}
    assert [item["Key"] for item in s3.list_objects_v2(Bucket="own-calls", Prefix="a b/")["Contents"]] == [
        "a b/ü+%41?.bin"
    ]


def test_an_error_is_the_services_own(client_of: Callable[[str], Any]) -> None:
    with pytest.raises(ClientError) as refused:
        client_of("ssm").get_parameter(Name="/not/there")
    assert refused.value.response["Error"]["Code"] == "ParameterNotFound"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_who_calls_and_what_for_reaches_the_borders() -> None:
    """They read the signature's credential: without it every call would pass."""
    seen: list[str] = []

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        seen.append(environ["HTTP_AUTHORIZATION"])
        start_response("200 OK", [("Content-Type", "application/x-amz-json-1.1")])
        return [b"{}"]

    session = boto3.session.Session(aws_access_key_id="LAB-us-west-2", aws_secret_access_key="b")
    own_calls.take(session.events, application)
    session.client("ssm", region_name="us-east-1", endpoint_url=NOBODY_LISTENS).describe_parameters()
    assert "Credential=LAB-us-west-2/" in seen[0]
    assert "/us-east-1/ssm/aws4_request" in seen[0]
