"""Who leads in a new installation? The plan's primary Region, once all three copies of the leader record can be written."""

from __future__ import annotations

from datetime import UTC, datetime

from failover.application.leader_register import NoMajority
from failover.domain.leader_record import genesis
from failover.wiring.register import register_of
from failover.wiring.this_region import load_plan
from lab.operations.guard import Answer
from lab.operations.target import Target


def initialise(target: Target, region: str) -> Answer:
    """Write the first record, or repair a copy that has lost it; a record that exists is left as it is.

    Raises RunRefused or TransientFailure when `region` has no plan to go by.
    """
    target.enter(region)
    plan = load_plan()
    try:
        record = register_of(plan).initialise(genesis(plan.primary_region, datetime.now(UTC)))
    except NoMajority as error:
        return Answer(False, f"The leader record was not written: {error}")
    return Answer(
        True, f"{record.leader} leads in epoch {record.epoch}, since {record.changed_at:%Y-%m-%d %H:%M:%S} UTC."
    )
