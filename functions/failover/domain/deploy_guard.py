"""May something be deployed now, and under templates that have these Regions?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from failover.domain.leader_record import LeaderRecord, Refusal, State

# In the order of `Regions`.
KEYS = ("primaryRegion", "secondaryRegion", "witnessRegion")
Regions = tuple[str, str, str]


def may_deploy(
    record: LeaderRecord, wanted: Regions, deployed: Regions, under_way: Sequence[str] = ()
) -> Refusal | None:
    """A Refusal during a run, of other Regions than the deployed ones, and where another than the templates' primary leads.

    `wanted` are the templates' primary, secondary and witness Region, `deployed` those that the installation was deployed
    with. `under_way` is what else is in progress, each in words: a rebuild, or a drill, has instances that no template knows.
    """
    since = f"since {record.changed_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if record.state is State.FENCED:
        return Refusal(
            f"{record.run} holds the fence, {since}. Deploy when it has ended, or a person has opened the record."
        )
    if under_way:
        return Refusal(f"In progress: {'; '.join(under_way)}. Deploy when it has ended.")
    if refusal := _may_move(wanted, deployed):
        return refusal
    if record.leader != wanted[0]:
        return Refusal(
            f"{record.leader} leads, {since}, in epoch {record.epoch}; the templates make {wanted[0]} the primary"
            " and its database the source of the other, so a change to either could undo the failover. Switch back first, or"
            " deploy alone what has no data, as runbooks/deploy_during_incident.md says."
        )
    return None


def _may_move(wanted: Regions, deployed: Regions) -> Refusal | None:
    """A Refusal of other Regions: what is there would be replaced, and each of the three has a copy of the leader record."""
    if wanted[0] != deployed[0]:
        # Networks, keys and databases have properties that CloudFormation changes by replacing them:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
        return Refusal(
            f"dataplane_cdk/cdk.json makes {wanted[0]} the primary, but {deployed[0]} was deployed as such:"
            " CloudFormation would replace networks, keys and databases. Put primaryRegion and secondaryRegion back as they"
            " were; whoever leads, they stay."
        )
    for place, key in enumerate(KEYS):
        if (now := wanted[place]) != (then := deployed[place]):
            return Refusal(
                f"dataplane_cdk/cdk.json has {now} for {key}, but {then} was deployed as such and holds a copy of the leader"
                " record: under the new plan a majority of the copies could know nothing of a majority under the old one, and"
                f" two Regions could lead. Put {key} back as it was."
            )
    return None


def may_shorten(record: LeaderRecord, deployed: timedelta, wanted: timedelta, now: datetime) -> Refusal | None:
    """A Refusal of a shorter lease while an alarm could start a run.

    A task goes by the plan that it read as it started: a run under the new plan would not wait for the end of its lease.
    """
    if wanted >= deployed or (record.disarmed is not None and now < record.disarmed.until):
        return None
    return Refusal(
        f"dataplane_cdk/cdk.json has a lease of {wanted.total_seconds():g} s, and tasks hold one of"
        f" {deployed.total_seconds():g} s: a run under the new plan would not wait for its end, and two Regions could take"
        " writes. Disarm first, and go on as dataplane_cdk/deploy.md says (Changes that no run may meet)."
    )
