"""May something be deployed now, and under templates that take this Region for the primary?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from failover.domain.leader_record import LeaderRecord, Refusal, State


def may_deploy(
    record: LeaderRecord, primary_region: str, deployed_primary: str, under_way: Sequence[str] = ()
) -> Refusal | None:
    """A Refusal during a run, where another Region than the templates' primary leads, and where the two are exchanged.

    `deployed_primary` is the primary that the installation was deployed with. `under_way` is what else is in progress, each
    in words: a rebuild, or a drill, has instances that no template knows.
    """
    since = f"since {record.changed_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if record.state is State.FENCED:
        return Refusal(
            f"{record.run} holds the fence, {since}. Deploy when it has ended, or a person has opened the record."
        )
    if under_way:
        return Refusal(f"In progress: {'; '.join(under_way)}. Deploy when it has ended.")
    if primary_region != deployed_primary:
        # Networks, keys and databases have properties that CloudFormation changes by replacing them:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
        return Refusal(
            f"dataplane_cdk/cdk.json makes {primary_region} the primary, but {deployed_primary} was deployed as such:"
            " CloudFormation would replace networks, keys and databases. Put primaryRegion and secondaryRegion back as they"
            " were; whoever leads, they stay."
        )
    if record.leader != primary_region:
        return Refusal(
            f"{record.leader} leads, {since}, in epoch {record.epoch}; the templates make {primary_region} the primary"
            " and its database the source of the other, so a change to either could undo the failover. Switch back first, or"
            " deploy alone what has no data, as runbooks/deploy_during_incident.md says."
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
