"""Is what must be done to an object of a versioned bucket always what brings it back, and never what removes content?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.domain.object_versions import (
    CopyOnTop,
    Keep,
    PutMarker,
    RemoveMarkers,
    Step,
    Version,
    as_it_was,
    newest_first,
    rewritten,
    undelete,
)

START, SECOND = datetime(2026, 3, 1, tzinfo=UTC), timedelta(seconds=1)
Content = str | None  # None: not there, or deleted


@st.composite
def histories(draw: st.DrawFn) -> list[Version]:
    """A key's versions, oldest first: a second or more apart, as S3 tells them."""
    kinds = draw(st.lists(st.booleans(), min_size=1, max_size=6))
    at, found = START, []
    for number, deleted in enumerate(kinds):
        at += timedelta(seconds=draw(st.integers(1, 5)))
        size = None if deleted else number
        found.append(Version("a", f"v{number}", at, False, size, None if deleted else f"e{number}"))
    found[-1] = replace(found[-1], latest=True)
    return found


def content(ordered: list[Version]) -> Content:
    """What the key reads as; `ordered` newest first."""
    return None if not ordered or ordered[0].is_marker else ordered[0].id


def done(versions: list[Version], step: Step) -> list[Version]:
    """The versions after `step`, newest first, as S3 would have them."""
    ordered = newest_first(versions)
    if isinstance(step, RemoveMarkers):
        assert all(one.is_marker for one in step.markers), "content is never removed"
        return [one for one in ordered if one not in step.markers]
    if isinstance(step, CopyOnTop):
        return [replace(step.wanted, latest=True), *ordered]
    if isinstance(step, PutMarker):
        return [replace(step.latest, id="new", size_bytes=None), *ordered]
    return ordered


@given(histories(), st.integers(0, 40), st.booleans(), st.randoms())
def test_a_key_is_as_it_was_at_any_moment(
    versions: list[Version], seconds: int, delete_newer: bool, chance: st.DataObject
) -> None:
    moment = START + timedelta(seconds=seconds)
    then = content(newest_first([one for one in versions if one.at <= moment]))
    shuffled = list(versions)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    step = as_it_was(shuffled, moment, delete_newer)
    if isinstance(step, Keep) and step.remarkable:
        assert then is None
        assert not delete_newer
    else:
        assert content(done(versions, step)) == then


@given(histories())
def test_what_was_deleted_is_what_it_was_before(versions: list[Version]) -> None:
    ordered = newest_first(versions)
    step = undelete(versions)
    newest_content = next((one.id for one in ordered if not one.is_marker), None)
    assert content(done(versions, step)) == newest_content
    assert isinstance(step, RemoveMarkers) == (ordered[0].is_marker and newest_content is not None)
    assert isinstance(undelete(done(versions, step)), Keep), "a second call finds nothing to do"


def test_in_one_second_the_latest_counts_and_content_is_above_a_marker() -> None:
    """S3 tells no fractions: better to bring back what was deleted in that second than to delete it."""
    marker = Version("a", "m", START, False)
    old = Version("a", "v1", START, False, 3, "x")
    new = Version("a", "v2", START + timedelta(seconds=9), True, 4, "y")
    assert as_it_was([marker, old, new], START, False) == CopyOnTop(old, new)
    both = [Version("a", "m", START, True), Version("a", "v", START, False, 3, "x")]
    assert [one.id for one in newest_first(both)] == ["m", "v"]


def test_a_key_whose_versions_have_expired_is_told() -> None:
    step = undelete([Version("a", "m", START, True)])
    assert step == Keep("a", "has no version left under its delete marker", remarkable=True)


VERSION = Version("a", "v1", START, True, 3, "x")
MARKER = Version("a", "m", START, True)


@pytest.mark.parametrize(
    ("version", "delete_newer", "moment", "reason", "remarkable"),
    [
        (VERSION, True, START, "has not changed since", False),
        (VERSION, False, START - SECOND, "was not there then; it is left as it is", True),
        (MARKER, False, START - SECOND, "was not there then, and is not now", False),
        (MARKER, True, START, "was not there then, and is not now", False),
    ],
)
def test_what_is_kept_is_told_with_its_reason(
    version: Version, delete_newer: bool, moment: datetime, reason: str, remarkable: bool
) -> None:
    assert as_it_was([version], moment, delete_newer) == Keep("a", reason, remarkable)


def test_what_is_not_deleted_is_kept_and_told() -> None:
    assert undelete([VERSION]) == Keep("a", "is not deleted")


def test_each_step_names_the_versions_that_it_touches() -> None:
    second, marker = replace(VERSION, id="v2", at=START + SECOND), replace(MARKER, at=START + SECOND)
    first = replace(VERSION, latest=False)
    assert undelete([first, marker]) == RemoveMarkers((marker,), first)
    assert as_it_was([first, second], START, False) == CopyOnTop(first, second)
    assert as_it_was([VERSION], START - SECOND, True) == PutMarker(VERSION)


def of(*kinds: int | None, seconds: int = 1) -> list[Version]:
    """A key's versions, newest first as S3 lists them; oldest first in `kinds`, None for a marker."""
    last = len(kinds) - 1
    made = [Version("a", f"v{n}", START + SECOND * n * seconds, n == last, size) for n, size in enumerate(kinds)]
    return made[::-1]


@pytest.mark.parametrize("seconds", [0, 1])
@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        ((5, 5), "a was overwritten"),
        ((5, 5, 5), "a was overwritten"),
        ((5, None), "a was deleted"),
        ((5, None, 5), "a was deleted and written again"),
        ((5, None, 5, None), "a was deleted"),
    ],
)
def test_what_was_done_to_an_object_that_is_written_once_is_told(
    kinds: tuple[int | None, ...], told: str, seconds: int
) -> None:
    """Also when all happened within the second that S3 tells."""
    versions = of(*kinds, seconds=seconds)
    assert rewritten(versions) == f"{told} ({versions[0].at.isoformat()}): what was written first is its version v0."


def test_of_an_object_that_was_written_once_there_is_nothing_to_tell() -> None:
    assert rewritten(of(5)) is None


def test_a_marker_over_nothing_is_told_as_well() -> None:
    assert rewritten(of(None)) == f"a was deleted ({START.isoformat()}): no version of it is left."
