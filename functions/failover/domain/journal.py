"""What was decided and done, in which order, and has anybody changed that since?

One entry an object, numbered without gaps, each with the SHA-256 of the entry before it: an edit, a gap or a changed
order breaks the chain at a place that can be named. Changed or cut off at its end a chain looks whole: that the bucket
shows, which keeps the versions of what is overwritten or deleted (application/verify_journal.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from failover.domain.digest import digest_of
from failover.domain.instants import aware

PREFIX = "journal/"
FIRST = "0" * 64


@dataclass(frozen=True)
class Event:
    """What is to be remembered. `by` is the function or the person that did it; `data` is JSON."""

    kind: str
    by: str
    reason: str
    run: str | None = None
    data: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Entry:
    """An event in its place. `previous` is the digest of the entry before it, FIRST for number 1."""

    number: int
    at: datetime
    event: Event
    previous: str

    def to_text(self) -> str:
        """The very bytes that are stored and hashed."""
        return json.dumps(
            {
                "number": self.number,
                "at": self.at.isoformat(),
                "kind": self.event.kind,
                "by": self.event.by,
                "reason": self.event.reason,
                "run": self.event.run,
                "data": dict(self.event.data or {}),
                "previous": self.previous,
            },
            sort_keys=True,
        )

    @staticmethod
    def parse(text: str) -> Entry:
        """Raises ValueError, KeyError or TypeError on anything that `to_text` could not have written."""
        found = json.loads(text)
        if type(found["number"]) is not int or not re.fullmatch(r"[0-9a-f]{64}", found["previous"]):
            raise ValueError("an entry has a whole number and the digest of the entry before it")
        if not all(isinstance(found[name], str) for name in ("kind", "by", "reason")):
            raise TypeError("kind, by and reason must be text")
        if not isinstance(found["run"], str | None) or not isinstance(found["data"], dict):
            raise TypeError("run must be text or null, data an object")
        event = Event(found["kind"], found["by"], found["reason"], found["run"], found["data"])
        return Entry(found["number"], aware(found["at"]), event, found["previous"])


def key_of(number: int) -> str:
    """Keys sort as their numbers do."""
    return f"{PREFIX}{number:08d}.json"


def next_entry(newest: str | None, event: Event, at: datetime) -> Entry:
    """The entry that follows the one whose text is `newest`. Raises as `Entry.parse` does when that is no entry."""
    if newest is None:
        return Entry(1, at, event, FIRST)
    return Entry(Entry.parse(newest).number + 1, at, event, digest_of(newest))


def outcomes_named(texts: Iterable[str]) -> dict[str, str]:
    """The digest of each outcome that an entry names, by its key. What is no entry names none."""
    named: dict[str, str] = {}
    for text in texts:
        try:
            data = Entry.parse(text).event.data or {}
        except (ValueError, KeyError, TypeError):
            continue
        if isinstance(data.get("key"), str) and isinstance(data.get("sha256"), str):
            named[data["key"]] = data["sha256"]
    return named


def flaws(stored: Mapping[str, str]) -> list[str]:
    """What is wrong with the journal whose texts are `stored` under their keys; empty when nothing is."""
    found: list[str] = []
    expected, previous, broken = 1, FIRST, False
    for key, text in sorted(stored.items()):
        try:
            entry = Entry.parse(text)
        except (ValueError, KeyError, TypeError) as error:
            found.append(f"{key} is no entry: {error}.")
            expected, broken = expected + 1, True
            continue
        if key != key_of(entry.number):
            found.append(f"{key} holds the entry {entry.number}: it was moved.")
        if entry.number != expected:
            found.append(f"{key} comes where entry {expected} should: entries are missing or out of order.")
        elif entry.previous != previous and not broken:
            found.append(f"{key} does not follow from {key_of(entry.number - 1)}: one of the two was changed.")
        expected, previous, broken = entry.number + 1, digest_of(text), False
    return found
