"""Is a rehearsal written down as it went, and is what production noticed told with when it was seen?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from control_plane_world import NOW

from failover.domain.rehearsal import Production, Rehearsed, Tried, disturbed
from failover.domain.restored_content import TABLES, Content

AS_EVER = Production("the primary", ("slot",), "us-west-2", timedelta(seconds=2))
DARK = Production(None, None, None, None)
TRIED = Tried("the snapshot s", timedelta(seconds=61.5), Content(False, TABLES, 12, NOW, None), (), None)
CONTENT = {"writes": 12, "newest_write": "2026-11-23T03:00:00+00:00", "newest_heartbeat": None}
SEEN = {"source": "the primary", "slots": ["slot"], "answered_by": "us-west-2", "lag": 2.0}
UNSEEN = {"source": None, "slots": None, "answered_by": None, "lag": None}


def test_a_rehearsal_that_passed_is_written_down_whole() -> None:
    assert Rehearsed(TRIED, (), AS_EVER, AS_EVER).to_dict() == {
        "passed": True,
        "restored_from": "the snapshot s",
        "restore_seconds": 61.5,
        "content": CONTENT,
        "unusable": [],
        "left_behind": None,
        "disturbed": [],
        "before": SEEN,
        "after": SEEN,
    }


def test_one_that_proved_nothing_says_so_without_a_figure() -> None:
    tried = Tried(None, None, None, ({"point": "p", "reason": "damaged"},), "app-rehearsal")
    told = Rehearsed(tried, ("the lag grew",), AS_EVER, DARK).to_dict()
    assert told == {
        "passed": False,
        "restored_from": None,
        "restore_seconds": None,
        "content": None,
        "unusable": [{"point": "p", "reason": "damaged"}],
        "left_behind": "app-rehearsal",
        "disturbed": ["the lag grew"],
        "before": SEEN,
        "after": UNSEEN,
    }


ALLOWED = timedelta(seconds=5)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({}, {}, ()),
        ({}, {"lag": timedelta(seconds=5)}, ()),
        ({}, {"lag": timedelta(seconds=6)}, ("the lag grew from 2.0 s to 6.0 s",)),
        ({"lag": timedelta(seconds=9)}, {"lag": timedelta(seconds=9)}, ()),
        ({"lag": None}, {}, ("the lag could not be seen before the rehearsal",)),
        ({}, {"lag": None}, ("the lag could not be seen after the rehearsal",)),
        ({"source": None}, {}, ("the replica's source could not be seen before the rehearsal",)),
        ({}, {"slots": None}, ("its slots could not be seen after the rehearsal",)),
        ({}, {"answered_by": "x"}, ("the public name changed from us-west-2 to x",)),
    ],
)
def test_what_production_noticed_is_told_with_when_it_was_seen(
    before: dict[str, Any], after: dict[str, Any], told: tuple[str, ...]
) -> None:
    assert disturbed(replace(AS_EVER, **before), replace(AS_EVER, **after), ALLOWED) == told
