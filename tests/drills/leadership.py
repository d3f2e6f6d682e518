"""Who leads in a lab, as far as that can be told at this moment?"""

from __future__ import annotations

from failover.application.leader_register import NoMajority
from lab.laboratory import Laboratory


def leadership(lab: Laboratory) -> tuple[str, str] | None:
    """Leader and state. None while no majority agrees: with a Region dark, a change that is under way is seen so."""
    try:
        record = lab.leader_record()
    except NoMajority:
        return None
    return record.leader, record.state.value
