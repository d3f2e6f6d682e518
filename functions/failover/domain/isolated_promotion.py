"""What does the promotion of a throwaway replica prove, and is production as it was?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from failover.domain.heartbeat import Heartbeat
from failover.domain.journal import Event
from failover.domain.leader_record import Refusal
from failover.domain.recovery_point import shown
from failover.domain.rehearsal import Production, disturbed
from failover.domain.restored_content import Content, incomplete

MADE_BY_TAG = "drlab:isolated-by"
CREATE, CATCH_UP, PROMOTE, CHECK, DELETE = "create", "catch up", "promote", "check", "delete"


def throwaway_of(instance: str) -> str:
    """The name of the replica that is promoted beside `instance`."""
    return f"{instance}-isolated"


@dataclass(frozen=True)
class Standing:
    """What the promotion must leave as it is. None: it could not be seen, which proves nothing.

    `replicas` are those of the leader's instance as RDS lists them, each with a slot there; `names` the public name's failover
    records; `record` is the leader record.
    """

    production: Production
    replicas: tuple[str, ...] | None
    names: tuple[str, ...] | None
    record: Mapping[str, Any] | None

    def to_dict(self) -> dict[str, Any]:
        return {
            **self.production.to_dict(),
            "replicas": None if self.replicas is None else list(self.replicas),
            "names": None if self.names is None else list(self.names),
            "record": None if self.record is None else dict(self.record),
        }


def changed(before: Standing, after: Standing, allowed_lag: timedelta) -> tuple[str, ...]:
    """What is not as it was, or was not seen; nothing where production is as before.

    `allowed_lag`: a replica that was behind by less than this before may be behind by as much after.
    """
    found = list(disturbed(before.production, after.production, allowed_lag))
    for name, told in (
        ("replicas", "the replicas of the leader"),
        ("names", "the public name's records"),
        ("record", "the leader record"),
    ):
        was, now = getattr(before, name), getattr(after, name)
        if was is None or now is None:
            found.append(f"{told} could not be seen {'before' if was is None else 'after'} the drill")
        elif was != now:
            found.append(f"{told} changed from {_shown(was)} to {_shown(now)}")
    return tuple(found)


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{value.get('leader')}, {value.get('state')}, epoch {value.get('epoch')}"
    return ", ".join(value) or "none"


@dataclass(frozen=True)
class Step:
    """What was done, how long it took, and what came of it in one sentence."""

    name: str
    took: timedelta
    told: str

    def to_dict(self) -> dict[str, Any]:
        return {"step": self.name, "seconds": round(self.took.total_seconds(), 3), "told": self.told}


def not_whole(content: Content, newest_at_the_start: Heartbeat) -> Refusal | None:
    """Why `content` is not what a replica that had caught up holds once it is promoted; None where it is."""
    if (refusal := incomplete(content)) is not None or content.heartbeat is None:
        return refusal
    if newest_at_the_start.is_newer_than(content.heartbeat):
        return Refusal(
            f"Its newest heartbeat is of {shown(content.heartbeat.at)}; one of {shown(newest_at_the_start.at)} was published "
            "before it was promoted."
        )
    return None


@dataclass(frozen=True)
class IsolatedPromotion:
    """A drill that took place. `failure` None: the replica was promoted and holds what it must.

    `lasted`: from the request for the instance to its end. `left_behind`: what could not be deleted.
    """

    instance: str
    steps: tuple[Step, ...]
    failure: str | None
    content: Content | None
    left_behind: str | None
    lasted: timedelta
    changed: tuple[str, ...]
    before: Standing
    after: Standing

    @property
    def passed(self) -> bool:
        return self.failure is None and self.left_behind is None and not self.changed

    def seconds(self, name: str) -> float | None:
        """What the step took; None where it was not finished."""
        return next((one.took.total_seconds() for one in self.steps if one.name == name), None)

    @property
    def verdict(self) -> str:
        """In one sentence; the gravest first."""
        if self.left_behind is not None:
            return f"Failed: {self.left_behind}; it costs money and holds the leader's log until it is deleted."
        if self.failure is not None:
            return f"Failed: {self.failure}"
        if self.changed:
            return f"Failed: {self.changed[0]}."
        return (
            f"Passed: a throwaway replica was promoted in {self.seconds(PROMOTE):.1f} s and held everything, "
            "and production is as it was."
        )

    def event(self, by: str) -> Event:
        """For the journal, as `by` did it."""
        kind = "promotion-rehearsed" if self.passed else "promotion-rehearsal-failed"
        return Event(kind, by, self.verdict, data=self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        return {
            "passed": self.passed,
            "verdict": self.verdict,
            "instance": self.instance,
            "steps": [one.to_dict() for one in self.steps],
            "failure": self.failure,
            "content": None if self.content is None else self.content.to_dict(),
            "left_behind": self.left_behind,
            "lasted_seconds": round(self.lasted.total_seconds(), 3),
            "changed": list(self.changed),
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
        }
