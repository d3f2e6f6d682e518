"""Would the leader record outlive the loss of one more copy?"""

from __future__ import annotations

from collections.abc import Mapping

from failover.domain.leader_record import LeaderRecord
from failover.domain.readiness.check import Finding, judged


def copies(held: Mapping[str, LeaderRecord | str], majority: LeaderRecord) -> Finding:
    """By Region, what its copy says, or why it says nothing."""
    wrong = [
        f"{region} {one if isinstance(one, str) else f'is at epoch {one.epoch}'}"
        for region, one in sorted(held.items())
        if one != majority
    ]
    return judged(not wrong, "; ".join(wrong) or f"{len(held)} copies at epoch {majority.epoch}")
