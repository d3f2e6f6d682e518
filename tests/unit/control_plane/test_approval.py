"""Does an answer count for one request, one figure and one end alone?"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from control_plane_world import NOW, RUN, run_with

from failover.domain.approval import (
    ApprovalRequest,
    Token,
    answer_key,
    gate_passed,
    judge,
    read_token,
    request_key,
    shown,
    token_for,
    told_key,
)
from failover.domain.digest import digest_of
from failover.domain.leader_record import Refusal

SECRET = "s" * 20
TEXT = token_for(RUN, SECRET)
DIGEST = digest_of(TEXT)
REQUEST = ApprovalRequest(RUN, DIGEST, 321.04, NOW, "step-functions-own")
BEFORE = NOW - timedelta(microseconds=1)


def test_a_token_is_known_by_its_digest_whatever_surrounds_it() -> None:
    assert read_token(f"  {TEXT}\n") == Token(RUN, DIGEST)
    assert f"{RUN}.{SECRET}" == TEXT


@pytest.mark.parametrize(
    "text", ["", RUN, f"{RUN}.{'s' * 19}", f"{RUN}.{'s' * 65}", f"{'r' * 81}.{SECRET}", f"{TEXT}!"]
)
def test_what_is_no_token_is_refused_with_what_to_do(text: str) -> None:
    refused = read_token(text)
    assert isinstance(refused, Refusal)
    assert "copy the whole line from the message" in refused.reason


def test_the_longest_token_is_read() -> None:
    assert isinstance(read_token(f"{'r' * 80}.{'Az09_-' * 10}abcd"), Token)


def test_request_and_answers_lie_beside_each_other_under_what_is_no_secret() -> None:
    start = f"runs/{RUN}/approvals/{DIGEST[:16]}"
    keys = [key(RUN, DIGEST) for key in (request_key, answer_key, told_key)]
    assert keys == [f"{start}.json", f"{start}-answer.json", f"{start}-told.json"]


def test_a_request_is_read_as_it_was_written() -> None:
    written = REQUEST.to_dict()
    assert written == {
        "run": RUN,
        "digest": DIGEST,
        "bound_seconds": 321.04,
        "expires_at": "2026-11-23T03:00:00+00:00",
        "task_token": "step-functions-own",
    }
    assert ApprovalRequest.from_dict(written) == REQUEST
    with pytest.raises(ValueError, match="no time zone"):
        ApprovalRequest.from_dict({**written, "expires_at": "2026-11-23T03:00:00"})


@pytest.mark.parametrize(("seconds", "told"), [(0, "0.0"), (321.04, "321.1"), (321.1, "321.1"), (0.01, "0.1")])
def test_a_figure_is_rounded_up(seconds: float, told: str) -> None:
    assert shown(seconds) == told


@pytest.mark.parametrize(
    ("token", "accepted", "now", "why"),
    [
        (Token(RUN, "other"), "321.1", BEFORE, "No request has this token."),
        (Token("other", DIGEST), "321.1", BEFORE, "No request has this token."),
        (Token(RUN, DIGEST), "321.1", NOW, "has expired at 2026-11-23 03:00:00 UTC, and the run stands down"),
        (Token(RUN, DIGEST), "321.0", BEFORE, "about 321.1 s, not 321.0 s: read the message again"),
        (Token(RUN, DIGEST), "", BEFORE, "about 321.1 s, not  s"),
    ],
)
def test_an_answer_that_does_not_count_is_refused(token: Token, accepted: str, now: datetime, why: str) -> None:
    refused = judge(REQUEST, token, accepted, now)
    assert refused is not None
    assert why in refused.reason


def test_the_end_is_told_in_utc_wherever_it_was_written() -> None:
    elsewhere = replace(REQUEST, expires_at=NOW.astimezone(timezone(timedelta(hours=11))))
    refused = judge(elsewhere, Token(RUN, DIGEST), None, NOW)
    assert refused is not None
    assert "2026-11-23 03:00:00 UTC" in refused.reason


@pytest.mark.parametrize("accepted", ["321.1", None])
def test_the_very_figure_is_accepted_and_a_refusal_needs_none(accepted: str | None) -> None:
    assert judge(REQUEST, Token(RUN, DIGEST), accepted, BEFORE) is None


KNOWN = {"known": True, "bound_seconds": 321.04, "accepted": False}
YES = {"accepted": True, "bound_seconds": "321.1"}


@pytest.mark.parametrize(
    ("loss", "approval", "passed"),
    [
        (KNOWN, YES, True),
        ({**KNOWN, "accepted": True}, None, True),
        ({**KNOWN, "bound_seconds": 321, "accepted": True}, None, True),
        (KNOWN, None, False),
        (KNOWN, {**YES, "bound_seconds": "321.0"}, False),
        (KNOWN, {**YES, "accepted": False}, False),
        (KNOWN, {**YES, "accepted": "yes"}, False),
        ({**KNOWN, "known": False, "accepted": True}, YES, False),
        ({**KNOWN, "bound_seconds": None, "accepted": True}, YES, False),
        ({}, YES, False),
    ],
)
def test_the_gate_is_passed_by_a_known_loss_that_somebody_accepted(
    loss: dict[str, object], approval: dict[str, object] | None, passed: bool
) -> None:
    state = {"prepared": {"loss": loss}, **({"approval": approval} if approval else {})}
    assert gate_passed(run_with(**state)) is passed
