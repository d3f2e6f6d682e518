"""With what does a person, or somebody in a person's name, act on this installation?"""

from __future__ import annotations

from failover.adapters import aws
from failover.adapters.aws_errors import told_in_a_sentence
from failover.adapters.executions import StepFunctions
from failover.adapters.rds import Rds
from failover.adapters.run_book import StepFunctionsBook
from failover.adapters.s3_outcomes import S3Outcomes
from failover.adapters.s3_versions import S3Versions
from failover.adapters.secrets import SecretsManager
from failover.application.answer_approval import AnswerApproval
from failover.application.by_hand_runs import ByHandRuns
from failover.application.list_runs import ListRuns
from failover.application.only_once import OnlyOnce
from failover.application.operate import Operate
from failover.application.release_old_primary import ReleaseOldPrimary
from failover.application.show_run import ShowRun
from failover.application.show_status import RegionBooks, ShowStatus
from failover.application.start_rebuild import StartRebuild
from failover.application.start_rehearsal import StartRehearsal
from failover.application.start_run import StartRun
from failover.application.take_over_run import TakeOverRun
from failover.application.under_way import FAILOVER, REBUILD, REHEARSAL, LookForWork
from failover.application.verify_journal import VerifyJournal
from failover.domain.plan import Plan
from failover.wiring.databases import databases_of, sessions_of
from failover.wiring.journal import journal_in
from failover.wiring.register import register_of
from failover.wiring.this_region import CLOCK, client

# By their names in template.yaml.
WORKFLOWS = {FAILOVER: "failover", REBUILD: "rebuild-standby", REHEARSAL: "restore-rehearsal"}


def operate(plan: Plan, region: str, by: str) -> Operate:
    """What `by` does is remembered in the journal of `region`."""
    return Operate(register_of(plan), journal_in(region, plan), CLOCK, by)


def answer_approval(plan: Plan, region: str, by: str) -> AnswerApproval:
    """For the run that waits in `region`."""
    return AnswerApproval(outcomes_of(plan, region), runs_of(plan, region), journal_in(region, plan), CLOCK, by)


def start_run(plan: Plan, region: str, by: str) -> StartRun:
    """To `region`, in which the run and its journal are. Raises PlanError for a Region outside the plan."""
    plan.region(region)
    return StartRun(plan, region, register_of(plan), runs_of(plan, region), journal_in(region, plan), CLOCK, by)


def only_once(plan: Plan, region: str, by: str) -> OnlyOnce:
    """What `by` asks `region` for."""
    return OnlyOnce(outcomes_of(plan, region), CLOCK, by)


def runs_of(plan: Plan, region: str, kind: str = FAILOVER) -> StepFunctions:
    """The runs of that kind in `region`."""
    states = aws.client("stepfunctions", region, plan.timing.api_timeout)
    return StepFunctions(states, state_machine_of(region, plan, WORKFLOWS[kind]))


def run_book(plan: Plan, region: str, kind: str = FAILOVER) -> StepFunctionsBook:
    """Of the runs of that kind in `region`."""
    states = aws.client("stepfunctions", region, plan.timing.api_timeout)
    return StepFunctionsBook(states, state_machine_of(region, plan, WORKFLOWS[kind]), required=kind == FAILOVER)


def by_hand_runs(plan: Plan, region: str) -> ByHandRuns:
    """To `region`."""
    return ByHandRuns(outcomes_of(plan, region), CLOCK)


def look_for_work(plan: Plan, region: str) -> LookForWork:
    """In `region`."""
    workflows = {kind: run_book(plan, region, kind) for kind in WORKFLOWS}
    instances = Rds(aws.client("rds", region, plan.timing.api_timeout))
    return LookForWork(plan.region(region).database_instance, workflows, instances)


def show_run(plan: Plan, region: str) -> ShowRun:
    """One of `region`."""
    return ShowRun(
        run_book(plan, region), by_hand_runs(plan, region), journal_in(region, plan), outcomes_of(plan, region)
    )


def list_runs(plan: Plan, region: str) -> ListRuns:
    """Of `region`."""
    return ListRuns(run_book(plan, region), by_hand_runs(plan, region), register_of(plan))


def start_rebuild(plan: Plan, region: str, by: str) -> StartRebuild:
    """Of the standby in `region`, a Region of the plan, in which the run and its journal are."""
    return StartRebuild(
        plan,
        region,
        register_of(plan),
        runs_of(plan, region),
        runs_of(plan, region, REBUILD),
        journal_in(region, plan),
        CLOCK,
        by,
    )


def start_rehearsal(plan: Plan, region: str, by: str) -> StartRehearsal:
    """Of a restore in `region`, a Region of the plan, in which the run and its journal are."""
    return StartRehearsal(
        plan,
        region,
        register_of(plan),
        runs_of(plan, region, REHEARSAL),
        (runs_of(plan, region), runs_of(plan, region, REBUILD)),
        journal_in(region, plan),
        CLOCK,
        by,
    )


def release_old_primary(plan: Plan, region: str, by: str) -> ReleaseOldPrimary:
    """That a rebuild kept in `region`."""
    instances = Rds(aws.client("rds", region, plan.timing.api_timeout))
    return ReleaseOldPrimary(plan, region, instances, outcomes_of(plan, region), journal_in(region, plan), by)


def show_status(plan: Plan) -> ShowStatus:
    """Of both Regions that can lead."""
    books = {
        region: RegionBooks(look_for_work(plan, region), by_hand_runs(plan, region), journal_in(region, plan))
        for region in plan.regions
    }
    return ShowStatus(register_of(plan), books, CLOCK)


def verify_journal(plan: Plan, region: str) -> VerifyJournal:
    """Of `region`."""
    versions = S3Versions(aws.client("s3", region, plan.timing.api_timeout), plan.record_copies[region])
    return VerifyJournal(journal_in(region, plan), versions, outcomes_of(plan, region))


def state_machine_of(region: str, plan: Plan, workflow: str = "failover") -> str:
    """The ARN of `workflow` in `region`, by its name in template.yaml."""
    return f"arn:aws:states:{region}:{plan.account_id}:stateMachine:drlab-{plan.service}-{workflow}"


def topic_of(region: str, plan: Plan) -> str:
    """The notifications' ARN in `region`, by its name in template.yaml."""
    return f"arn:aws:sns:{region}:{plan.account_id}:drlab-{plan.service}-notifications"


def take_over_run(plan: Plan, region: str, by: str) -> TakeOverRun:
    """Of the runs to `region`."""
    databases = databases_of(plan, aws.client("rds", region, plan.timing.api_timeout))
    runs, journal = runs_of(plan, region), journal_in(region, plan)
    secrets = SecretsManager(aws.client("secretsmanager", region, plan.timing.api_timeout))
    return TakeOverRun(
        plan,
        region,
        register_of(plan),
        databases,
        secrets,
        sessions_of(plan),
        runs,
        outcomes_of(plan, region),
        journal,
        CLOCK,
        by,
    )


def outcomes_of(plan: Plan, region: str) -> S3Outcomes:
    """What the runs of `region` left behind."""
    return S3Outcomes(aws.client("s3", region, plan.timing.api_timeout), plan.record_copies[region])


def caller() -> str:
    """The ARN of whoever this process acts as. Raises TransientFailure or RunRefused."""
    with told_in_a_sentence("Asking who is calling"):
        arn: str = client("sts").get_caller_identity()["Arn"]
    return arn
