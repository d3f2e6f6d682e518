"""Do operators see and change over HTTP what the commands show, on a lab whose roles are asked for every call?"""

from __future__ import annotations

import time
from typing import Any

import pytest

from lab.laboratory import Laboratory
from lab.permissions import denied
from lab.settings import SECONDARY_REGION, LabSettings
from tests.drills.over_http import PATIENCE_SECONDS, asked
from tests.drills.permissions_seen import SEEN

pytestmark = pytest.mark.drill


def test_everything_that_an_operator_may_ask_is_answered() -> None:
    with Laboratory(LabSettings(), lambda _: None) as lab:
        status, told = asked(lab, "GET", "status?entries=5")
        assert (status, told["record"]["leader"]) == (200, "ap-southeast-2")
        status, told = asked(lab, "GET", "preview")
        assert (status, told["region"], told["stands_down_at"]) == (200, SECONDARY_REGION, "CheckPrimaryHealth")

        wanted = {"reason": "to see it"}
        status, began = asked(lab, "POST", "runs", wanted, key="a-key-that-is-used-twice")
        assert status == 202
        status, again = asked(lab, "POST", "runs", wanted, key="a-key-that-is-used-twice")
        assert (status, again["run"], again["repeated"]) == (202, began["run"], True)
        timeline = ended(lab, began["run"])
        assert timeline["outcome"]["result"] == "stood-down", "the leader is well"
        assert [one["name"] for one in asked(lab, "GET", "runs")[1]["runs"]].count(began["run"]) == 1
        answer = {"answer": "accept", "token": f"{began['run']}.dGhpcyBpcyBub3QgYSB0b2tlbiE", "accepted_seconds": "1.0"}
        assert asked(lab, "POST", f"runs/{began['run']}/approval", answer)[0] == 409

        assert asked(lab, "PUT", "disarm", {"duration_seconds": 600, "reason": "tests"})[0] == 200
        assert lab.leader_record().disarmed is not None
        assert asked(lab, "DELETE", "disarm")[0] == 200
        assert lab.leader_record().disarmed is None
        status, told = asked(lab, "GET", "journal?count=50")
        assert "arn:aws:iam::123456789012:user/maria" in {one["by"] for one in told["entries"]}
        assert asked(lab, "GET", "journal/verification")[1]["whole"] is True
        SEEN.append(lab.cloud.permissions())
        assert [sentence for report in SEEN for sentence in denied(report)] == []


def ended(lab: Laboratory, run: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        status, found = asked(lab, "GET", f"runs/{run}")
        assert status == 200, found
        if found["run"]["status"] != "RUNNING" and found["outcome"]:
            timeline: dict[str, Any] = found
            return timeline
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
