"""What is the result of a drill on a throwaway replica, as one document, and what would the instance cost?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from failover.domain.isolated_promotion import IsolatedPromotion
from lab.drills.isolated_drill import Clients, Drilled
from lab.measuring.rehearsal_price import rehearsal_price

SCHEMA = 1


def build(drilled: Drilled, found: IsolatedPromotion) -> dict[str, Any]:
    """The result as JSON values. `passed`: the promotion did, production is as it was, and no client noticed."""
    complaints = [] if found.passed else [found.verdict.removeprefix("Failed: ")]
    complaints += [f"{one[:1].upper()}{one[1:]}." for one in found.changed if one not in found.verdict]
    complaints += _noticed(drilled.clients)
    return {
        "schema": SCHEMA,
        "drill": drilled.started_at.strftime("%Y%m%dT%H%M%SZ-isolated"),
        "started_at": drilled.started_at.isoformat(timespec="seconds"),
        "target": drilled.target,
        "by": drilled.by,
        "region": drilled.region,
        "leader": drilled.leader,
        **found.to_dict(),
        "passed": not complaints,
        "verdict": found.verdict if not complaints else f"Failed: {complaints[0]}",
        "complaints": complaints,
        "price": _price(drilled, found),
        "clients": None if drilled.clients is None else _clients(drilled.clients),
        "settings": drilled.settings,
        "environment": drilled.environment,
    }


def _noticed(clients: Clients | None) -> list[str]:
    """What must not be where clients wrote meanwhile."""
    found: list[str] = []
    if clients is None:
        return found
    if not clients.acknowledged:
        found.append("No write was acknowledged during the drill.")
    if clients.others:
        found.append(f"{clients.others} writes were not acknowledged during the drill.")
    if clients.slots_before != clients.slots_after:
        found.append(
            f"The slots on the leader's server changed from {', '.join(clients.slots_before)} to "
            f"{', '.join(clients.slots_after)}."
        )
    return found


def _clients(clients: Clients) -> dict[str, Any]:
    silence = clients.longest_silence
    return {
        **asdict(clients),
        "longest_silence": None if silence is None else round(silence.total_seconds(), 3),
    }


def _price(drilled: Drilled, found: IsolatedPromotion) -> dict[str, Any]:
    """USD None: there is no price."""
    if drilled.instance_class is None:
        return {"usd": None, "told": "RDS does not tell the class of the instance."}
    usd, told = rehearsal_price(drilled.instance_class, drilled.region, found.lasted)
    return {"usd": usd, "told": f"{told}; without its storage, and without bringing the data across the Regions once"}
