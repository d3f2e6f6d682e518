"""Is what is kept of a refused event bounded, and free of secrets, whoever wrote it?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.domain.refused_event import LONGEST_EVENT, kept_text

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=10,
)


def event_of(text: str) -> Any:
    return json.loads(json.loads(text)["event"])


@pytest.mark.scenario("F09")
@given(ANYTHING)
def test_any_event_is_kept_in_characters_that_a_queue_takes(event: Any) -> None:
    text = kept_text(event, "Refused.")
    assert text.isascii()
    assert text.isprintable()
    assert json.loads(text)["refused"] == "Refused."


def nested(depth: int) -> Any:
    return {"a": nested(depth - 1)} if depth else "the end"


@pytest.mark.scenario("F09")
@pytest.mark.parametrize(
    "event",
    [
        "x" * 100_000,
        ["x"] * 100_000,
        {str(number): "x" * 1000 for number in range(1000)},
        nested(500),
        10**5000,
        {"at": object()},
    ],
    ids=["long", "many", "wide", "deep", "large number", "no JSON"],
)
def test_a_flood_is_cut_short(event: Any) -> None:
    text = kept_text(event, "Refused.")
    assert len(json.loads(text)["event"]) <= LONGEST_EVENT


LARGE = 10**18


def lists(depth: int) -> Any:
    return [lists(depth - 1)] if depth else []


@pytest.mark.parametrize(
    ("event", "kept"),
    [
        ({"a": None, "b": True, "c": 1.5}, {"a": None, "b": True, "c": 1.5}),
        ([LARGE - 1, 1 - LARGE], [LARGE - 1, 1 - LARGE]),
        ([LARGE, -LARGE], ["(a large number)", "(a large number)"]),
        ({"x" * 301: "y" * 301}, {"x" * 300: "y" * 300}),
        ([1] * 31, [1] * 30),
        ({str(one): 1 for one in range(31)}, {str(one): 1 for one in range(30)}),
        ({"at": object(), "of": {1}}, {"at": "(a object)", "of": "(a set)"}),
        (nested(7), nested(7)),
        (nested(8), nested(8)),
        (lists(7), lists(7)),
        (lists(8), json.loads("[" * 8 + '"(deeper)"' + "]" * 8)),
        ({"a": lists(7)}, {"a": json.loads("[" * 7 + '"(deeper)"' + "]" * 7)}),
        ([nested(9)], [json.loads('{"a": ' * 7 + '"(deeper)"' + "}" * 7)]),
    ],
)
def test_what_is_within_the_bounds_is_kept_and_what_is_beyond_is_named(event: Any, kept: Any) -> None:
    assert event_of(kept_text(event, "Refused.")) == kept


@pytest.mark.scenario("F09")
def test_what_could_be_a_secret_is_left_out() -> None:
    """A message to people has the token that answers an approval; a topic's message has the address that ends it."""
    topic = {
        "EventSource": "aws:sns",
        "Sns": {
            "TopicArn": "arn:aws:sns:us-west-2:123456789012:elsewhere",
            "Message": "Approve with failover-e1-0a1b2c3d.SQUEAMISH",
            "Signature": "SQUEAMISH",
            "UnsubscribeUrl": "https://sns/?SubscriptionArn=SQUEAMISH",
        },
    }
    text = kept_text({"Records": [topic], "detail": {"dbPassword": "SQUEAMISH", "api_key": {"a": "SQUEAMISH"}}}, "No.")
    assert "SQUEAMISH" not in text
    assert "elsewhere" in text
    assert "a text of 43 characters" in text


def test_a_topics_message_that_is_json_is_read() -> None:
    record = {"Sns": {"Message": json.dumps({"AlarmName": "theirs", "token": "SQUEAMISH"})}}
    found = event_of(kept_text({"Records": [record]}, "No."))
    assert found["Records"][0]["Sns"]["Message"] == {"AlarmName": "theirs", "token": "(withheld)"}
