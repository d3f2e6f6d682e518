"""Does a person's request start one rebuild, and is it refused while anything else goes on?"""

from __future__ import annotations

from typing import Any

import pytest
from control_plane_world import NOW, MemoryExecutions, MemoryJournal
from rebuild_world import EPOCH, HERE, LEADER, RUN, RebuildWorld

from failover.application.operate import Operated
from failover.application.start_rebuild import StartRebuild
from failover.domain.run import Run

BY = "arn:aws:iam::123456789012:user/kim"


class Desk(RebuildWorld):
    def __init__(self) -> None:
        super().__init__()
        self.failovers, self.rebuilds, self.journal = MemoryExecutions(), MemoryExecutions(), MemoryJournal()

    def ask(self, reason: str = "it is back", region: str = HERE, accept: bool = False) -> Operated:
        start = StartRebuild(
            self.plan, region, self.register, self.failovers, self.rebuilds, self.journal, self.clock, BY
        )
        return start(reason, accept)


def test_a_request_starts_a_run_of_its_own_name_and_is_remembered() -> None:
    desk = Desk()
    answer = desk.ask(accept=True)
    assert (answer.done, answer.run) == (True, RUN)
    run = Run.parse({"run": RUN, "started_at": NOW.isoformat(), "state": dict(desk.rebuilds.started[RUN])})
    assert (run.rebuilding, run.planned, run.expected_epoch) == (True, False, EPOCH)
    assert run.value("rebuild", "accept_unknown_divergence") is True
    assert run.value("trigger", "reason") == "it is back"
    assert [(event.kind, event.by, event.run) for event in desk.journal.events] == [("run-started", BY, RUN)]


def a_failover(desk: Desk) -> None:
    desk.failovers.others = ("failover-e3-ffff0000",)


def a_rebuild(desk: Desk) -> None:
    desk.rebuilds.others = ("rebuild-e3-20261123T025900Z",)


def fenced(desk: Desk) -> None:
    desk.register.fenced_by("failover-e3-ffff0000")


@pytest.mark.parametrize(
    ("busy", "how", "why"),
    [
        (a_failover, {}, "Another run is in progress: failover-e3-ffff0000"),
        (a_rebuild, {}, "Another run is in progress: rebuild-e3-20261123T025900Z"),
        (fenced, {}, "holds the fence"),
        (None, {"reason": " "}, "A reason"),
        (None, {"region": LEADER}, "us-west-2 leads"),
        (None, {"region": "eu-west-1"}, "can lead: rebuild ap-southeast-2 or us-west-2."),
    ],
)
def test_what_may_not_begin_is_refused_and_remembered(busy: Any, how: dict[str, Any], why: str) -> None:
    desk = Desk()
    if busy:
        busy(desk)
    answer = desk.ask(**how)
    assert answer.done is False
    assert why in answer.reason
    assert desk.rebuilds.started == {}
    assert [event.kind for event in desk.journal.events] == ["rebuild-refused"]
