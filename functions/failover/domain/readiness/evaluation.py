"""Is the standby ready, all checks together, and what of it has to be told?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from failover.domain.readiness.check import Checked, Verdict


@dataclass(frozen=True)
class Evaluation:
    """Of `standby`, by the function of `region`."""

    service: str
    region: str
    leader: str
    standby: str
    at: datetime
    seconds: float
    checked: tuple[Checked, ...]

    @property
    def verdict(self) -> Verdict:
        """One that is not ok outweighs any number of unknown ones; no checks at all prove nothing."""
        found = {one.finding.verdict for one in self.checked}
        if Verdict.NOT_OK in found:
            return Verdict.NOT_OK
        return Verdict.OK if found == {Verdict.OK} else Verdict.UNKNOWN

    def count(self, verdict: Verdict) -> int:
        return sum(one.finding.verdict is verdict for one in self.checked)

    @property
    def sentence(self) -> str:
        told = {Verdict.OK: "is ready", Verdict.NOT_OK: "is NOT READY", Verdict.UNKNOWN: "may not be ready"}
        counted = [
            f"{count} {verdict.value}"
            for verdict in (Verdict.NOT_OK, Verdict.UNKNOWN)
            if (count := self.count(verdict))
        ]
        of = f" ({', '.join(counted)} of {len(self.checked)} checks)" if counted else ""
        return f"{self.service}: {self.standby} {told[self.verdict]} to take over from {self.leader}{of}."

    def to_dict(self) -> dict[str, Any]:
        return {
            "service": self.service,
            "region": self.region,
            "leader": self.leader,
            "standby": self.standby,
            "at": self.at.isoformat(),
            "seconds": round(self.seconds, 3),
            "verdict": self.verdict.value,
            "sentence": self.sentence,
            "checks": [one.to_dict() for one in self.checked],
        }


@dataclass(frozen=True)
class Memory:
    """By name: the verdicts of the last evaluation, and those that people were told last."""

    seen: Mapping[str, str]
    told: Mapping[str, str]


def news(checked: Sequence[Checked], memory: Memory | None) -> tuple[Checked, ...]:
    """What differs from what people were told. The first time, what is not ok or unknown.

    An unknown is told when it was seen twice running: an AWS API that misses one call is no news.
    """
    return tuple(one for one in checked if _is_news(one, memory))


def _is_news(one: Checked, memory: Memory | None) -> bool:
    verdict, name = one.finding.verdict, one.check.name
    told = memory.told.get(name, Verdict.OK.value) if memory else Verdict.OK.value
    if verdict.value == told:
        return False
    return verdict is not Verdict.UNKNOWN or (memory is not None and memory.seen.get(name) == Verdict.UNKNOWN.value)


def remembered(checked: Sequence[Checked], told_now: Sequence[Checked], memory: Memory | None) -> Memory:
    """The memory after `told_now` was told."""
    told = dict(memory.told if memory else {})
    told.update((one.check.name, one.finding.verdict.value) for one in told_now)
    return Memory({one.check.name: one.finding.verdict.value for one in checked}, told)
