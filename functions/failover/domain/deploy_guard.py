"""May something be deployed now, and under templates that take this Region for the primary?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from failover.domain.leader_record import LeaderRecord, Refusal, State


def may_deploy(record: LeaderRecord, primary_region: str, under_way: Sequence[str] = ()) -> Refusal | None:
    """A Refusal during a run, and where the templates' primary does not lead: they would undo a failover.

    `under_way` is what else is in progress, each in words: a rebuild, or a drill, has instances that no template knows.
    """
    since = f"since {record.changed_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if record.state is State.FENCED:
        return Refusal(
            f"{record.run} holds the fence, {since}. Deploy when it has ended, or a person has opened the record."
        )
    if under_way:
        return Refusal(f"In progress: {'; '.join(under_way)}. Deploy when it has ended.")
    if record.leader != primary_region:
        return Refusal(
            f"{record.leader} leads, {since}, in epoch {record.epoch}; the templates make {primary_region} the primary"
            " and its database the source of the other, which would undo the failover. Swap primaryRegion and"
            " secondaryRegion in dataplane_cdk/cdk.json first, or switch back."
        )
    return None
