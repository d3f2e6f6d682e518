"""Would a deploy now disturb a run, or undo a failover?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from botocore.exceptions import ClientError

from failover.adapters.aws_errors import code_of
from failover.adapters.s3_leader_record import KEY
from failover.adapters.s3_outcomes import S3Outcomes
from failover.application.errors import RunRefused, TransientFailure
from failover.application.leader_register import NoMajority
from failover.domain.deploy_guard import KEYS, may_deploy, may_shorten
from failover.domain.leader_record import LeaderRecord
from failover.domain.plan import Plan
from failover.wiring.operators import caller, look_for_work
from failover.wiring.register import register_of
from failover.wiring.this_region import CLOCK, client, find_plan
from lab.operations.installation import CDK_CONTEXT, configured
from lab.operations.target import Target
from lab.settings import SettingsError


@dataclass(frozen=True)
class Answer:
    """Whether a deploy may go on, and why or why not, in one sentence."""

    allowed: bool
    reason: str


def ask(target: Target, context_file: Path = CDK_CONTEXT) -> Answer:
    """What the leader record says of deploying the templates under `context_file`. Unknown is no. Raises SettingsError."""
    primary, secondary, witness = configured(*KEYS, context_file=context_file)
    plan, silent = _plan(target, (secondary, primary))
    if plan is None:
        if silent:
            return Answer(False, f"The plan could not be read: {'; '.join(silent)} Who leads is unknown.")
        return _of_a_first_deployment(target.service, context_file)
    (account,) = configured("account", context_file=context_file)
    if account != plan.account_id:
        return Answer(False, _elsewhere(context_file, account, f"the plan that was read is of {plan.account_id}"))
    wanted = (primary, secondary, witness)
    deployed = (plan.primary_region, plan.secondary_region, plan.witness_region)
    try:
        record = register_of(plan).read()
    except NoMajority as error:
        return Answer(False, f"Who leads is unknown: {error}")
    if refusal := may_deploy(record, wanted, deployed):
        return Answer(False, refusal.reason)
    try:
        work = [str(one) for region in plan.regions for one in look_for_work(plan, region)()]
    except (RunRefused, TransientFailure) as error:
        return Answer(False, f"What is in progress is unknown: {error}")
    lease = _seconds("leaseSeconds", context_file)
    refusal = may_deploy(record, wanted, deployed, work) or may_shorten(record, plan.timing.lease, lease, CLOCK.now())
    return Answer(False, refusal.reason) if refusal else Answer(True, _told(record))


def _of_a_first_deployment(service: str, context_file: Path) -> Answer:
    """No plan is what a first deployment finds, and who is signed in to another account or names two other Regions."""
    account, primary, secondary, witness = configured("account", *KEYS, context_file=context_file)
    try:
        me = caller()
    except (RunRefused, TransientFailure) as error:
        return Answer(False, f"Whose account was asked is unknown: {error}")
    if f":{account}:" not in me:
        return Answer(False, _elsewhere(context_file, account, f"you are {me}"))
    try:
        if _has_a_record(f"drlab-{service}-control-{account}-{witness}", witness):
            return Answer(
                False,
                f"Neither {primary} nor {secondary} has a plan, and {witness} holds the leader record of an installation of"
                f" {service}: put primaryRegion and secondaryRegion back as they were. Where that one was taken down, deploy as"
                " the first time, without this command.",
            )
    except (RunRefused, TransientFailure) as error:
        return Answer(False, f"Whether {witness} holds a leader record of {service} is unknown: {error}")
    return Answer(True, "There is no plan in either Region yet: nothing is deployed that could be undone.")


def _has_a_record(bucket: str, region: str) -> bool:
    """In `bucket`, by its name in dataplane_cdk/names.py. Raises RunRefused or TransientFailure."""
    try:
        return S3Outcomes(client("s3", region), bucket).read(KEY) is not None
    except RunRefused as error:
        if isinstance(error.__cause__, ClientError) and code_of(error.__cause__) == "NoSuchBucket":
            return False
        raise


def _elsewhere(context_file: Path, account: str, asked: str) -> str:
    return f"{context_file.name} deploys to account {account}, and {asked}: sign in to that account, and ask again."


def _seconds(name: str, context_file: Path) -> timedelta:
    (text,) = configured(name, context_file=context_file)
    try:
        return timedelta(seconds=float(text))
    except (ValueError, OverflowError) as error:
        raise SettingsError(f"{context_file.name} has {text} for {name}, which is no number of seconds.") from error


def _told(record: LeaderRecord) -> str:
    return f"{record.leader} leads in epoch {record.epoch}, nothing is in progress, and the templates agree."


def _plan(target: Target, regions: Sequence[str]) -> tuple[Plan | None, list[str]]:
    """The plan of the first Region that has one, and why others gave no answer."""
    silent: list[str] = []
    for region in regions:
        target.enter(region)
        try:
            if (plan := find_plan()) is not None:
                return plan, silent
        except (RunRefused, TransientFailure) as error:
            silent.append(str(error))
    return None, silent
