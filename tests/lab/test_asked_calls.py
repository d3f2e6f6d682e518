"""Is the emulated AWS asked before each call, and about the same one again only when its answer may have changed?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from lab.cloud.control_client import CloudControl
from lab.cloud.iam.asked_calls import AskedCalls

ENDPOINT = "http://127.0.0.1:1"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys that were asked about; the one that ends in `secret` is denied. No call is made."""
    found: list[str] = []

    def authorize(_control: CloudControl, call: Mapping[str, Any]) -> str | None:
        found.append(call["parameters"]["Key"])
        return "no policy allows it" if found[-1].endswith("secret") else None

    monkeypatch.setattr(CloudControl, "authorize", authorize)
    monkeypatch.setattr(BaseClient, "_make_api_call", lambda *_: {})
    return found


def enforced(allowed_for: timedelta) -> Any:
    AskedCalls(ENDPOINT, "arn:aws:ecs:us-west-2:1:service/app/app", allowed_for).enforce()
    return boto3.client(
        "s3", region_name="us-west-2", endpoint_url=ENDPOINT, aws_access_key_id="a", aws_secret_access_key="b"
    )


def get(*keys: str, allowed_for: timedelta) -> None:
    s3 = enforced(allowed_for)
    for key in keys:
        s3.get_object(Bucket="b", Key=key)


def test_what_was_allowed_is_not_asked_about_again_while_it_holds(asked: list[str]) -> None:
    get("one", "one", "other", "one", allowed_for=timedelta(seconds=60))
    assert asked == ["one", "other"]


def test_another_version_to_replace_makes_no_other_call_and_none_at_all_does(asked: list[str]) -> None:
    s3 = enforced(timedelta(seconds=60))
    for condition in ({"IfMatch": "1"}, {"IfMatch": "2"}, {}, {"IfNoneMatch": "*"}):
        s3.put_object(Bucket="b", Key="one", **condition)
    assert asked == ["one"] * 3


def test_each_call_is_asked_about_where_an_answer_holds_for_no_time(asked: list[str]) -> None:
    get("one", "one", allowed_for=timedelta(0))
    assert asked == ["one", "one"]


def test_what_was_denied_is_asked_about_again(asked: list[str]) -> None:
    for _ in range(2):
        with pytest.raises(ClientError, match="AccessDenied"):
            get("a-secret", allowed_for=timedelta(seconds=60))
    assert asked == ["a-secret", "a-secret"]
