"""Is a rehearsal written down as it went, and is what production noticed told with when it was seen?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from failover.domain.rehearsal import Production, disturbed

AS_EVER = Production("the primary", ("slot",), "us-west-2", timedelta(seconds=2))
DARK = Production(None, None, None, None)
SEEN = {"source": "the primary", "slots": ["slot"], "answered_by": "us-west-2", "lag": 2.0}
UNSEEN = {"source": None, "slots": None, "answered_by": None, "lag": None}


def test_what_production_looks_like_is_written_down_and_read_back() -> None:
    for one, told in ((AS_EVER, SEEN), (DARK, UNSEEN)):
        assert one.to_dict() == told
        assert Production.from_dict(told) == one


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
