"""Is the leader down, judged from several vantage points over a window?

One sample never counts, nor does one place: a checker with a bad network sees the whole world fail. Two asynchronous
sites cannot settle alone which of them died, hence the vantage point in a third
(https://patroni.readthedocs.io/en/latest/ha_multi_dc.html).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from failover.domain.run import Mode
from failover.domain.signals import Health, Observation

Sample = Sequence[Observation]
FEWEST_SAMPLES = 2


class Verdict(StrEnum):
    """Only `down` lets a failover go on, and only `healthy` a switchover."""

    DOWN = "down"
    HEALTHY = "healthy"
    DISPUTED = "disputed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Judgement:
    """The verdict, and why, in one sentence."""

    verdict: Verdict
    reason: str

    def allows(self, mode: Mode) -> bool:
        """Whether a run in `mode` may go on: disputed and unknown allow nothing."""
        return self.verdict is (Verdict.HEALTHY if mode is Mode.PLANNED else Verdict.DOWN)


def judge(samples: Sequence[Sample], signals_required: int) -> Judgement:
    """Down: `signals_required` vantage points spoke against the leader in every sample, and no other
    vantage point outside its Region found it healthy in any."""
    if len(samples) < FEWEST_SAMPLES:
        return Judgement(
            Verdict.UNKNOWN, f"{len(samples)} sample was taken; {FEWEST_SAMPLES} are the fewest that count."
        )
    looks = _by_vantage_point(samples)
    against = [
        name for name, seen in looks.items() if len(seen) == len(samples) and all(one.speaks_against for one in seen)
    ]
    alive = [name for name, seen in looks.items() if any(one.speaks_for and one.outside for one in seen)]
    wavering = [name for name, seen in looks.items() if name not in against and any(one.speaks_against for one in seen)]
    told = "; ".join(f"{name}: {_history(seen)}" for name, seen in looks.items())
    if alive and (against or wavering):
        return Judgement(Verdict.DISPUTED, f"The vantage points disagree ({told}).")
    if len(against) >= signals_required:
        return Judgement(Verdict.DOWN, f"{len(against)} vantage points agree over the window ({told}).")
    if alive:
        return Judgement(Verdict.HEALTHY, f"The leader answers ({told}).")
    return Judgement(
        Verdict.UNKNOWN,
        f"{len(against)} of the {signals_required} vantage points needed found it down throughout ({told}).",
    )


def _by_vantage_point(samples: Sequence[Sample]) -> dict[str, list[Observation]]:
    looks: dict[str, list[Observation]] = {}
    for sample in samples:
        for observation in sample:
            looks.setdefault(observation.vantage_point, []).append(observation)
    return looks


def _history(seen: Sequence[Observation]) -> str:
    """`unhealthy` when every look said so, else `healthy, unhealthy, unhealthy`."""
    words: list[Health] = [one.health for one in seen]
    if len(set(words)) == 1:
        return f"{words[0]}, {seen[-1].detail}"
    return ", ".join(words)
