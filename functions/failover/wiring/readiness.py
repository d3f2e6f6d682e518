"""With what is the standby looked at, and by whom asked?"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from failover.adapters import aws
from failover.adapters.ecs import Ecs
from failover.adapters.functions import Functions
from failover.adapters.parameters import ParameterStore
from failover.adapters.readiness.clusters import ClassedAurora
from failover.adapters.readiness.kept import CopiesOneByOne, S3Readiness
from failover.adapters.readiness.keys_and_secrets import DescribedSecrets, KmsKeys
from failover.adapters.readiness.objects import S3Buckets
from failover.adapters.readiness.practice import ProvenRuns, SnsSubscriptions
from failover.adapters.readiness.public_name import Route53Names
from failover.adapters.readiness.tasks import EcrImages, EcsTaskShapes, FargateCapacity
from failover.adapters.s3_rehearsals import S3Rehearsals
from failover.adapters.service_probe import HttpProbe
from failover.adapters.sns import SnsTopic
from failover.application.evaluate_readiness import EvaluateReadiness
from failover.application.holding import majority_needed
from failover.application.ports import Databases
from failover.application.readiness_ports import Looks, RegionLooks
from failover.application.readiness_questions import Question, ReadinessQuestions, its_own_evaluation
from failover.application.tell_readiness import TellReadiness
from failover.domain.leader_record import LeaderRecord
from failover.domain.plan import DatabaseMode, Plan
from failover.wiring.databases import databases_of
from failover.wiring.journal import journal_of
from failover.wiring.object_backlog import backlog_of
from failover.wiring.register import register_of
from failover.wiring.this_region import CLOCK, ThisRegion, variable

# A look is one call or a few, each tried once within the plan's time for a call, to connect and to be answered.
CALLS_OF_THE_LONGEST_LOOK = 4
LONGEST_ANSWER = timedelta(seconds=25)
_ASKING = ThreadPoolExecutor(24, thread_name_prefix="readiness")
_COPIES = ThreadPoolExecutor(3, thread_name_prefix="copies")


def evaluate_readiness(this: ThisRegion) -> EvaluateReadiness:
    """In the standby's Region every check; in the leader's, whether the standby's own evaluation is fresh."""
    plan, register = this.plan, register_of(this.plan)

    def questions(record: LeaderRecord, now: datetime) -> Sequence[Question]:
        standby = plan.standby_of(record.leader)
        if this.name != standby:
            return [its_own_evaluation(kept_in(standby, plan), now)]
        looks = _looks(plan, CopiesOneByOne(register.acceptors, _COPIES))
        return ReadinessQuestions(plan, looks, record, now)()

    bound = CALLS_OF_THE_LONGEST_LOOK * plan.timing.api_timeout
    return EvaluateReadiness(plan, this.name, register, questions, _ASKING, bound, CLOCK)


def tell_readiness(this: ThisRegion) -> TellReadiness:
    """In this Region's topic, journal and bucket."""
    topic = SnsTopic(this.client("sns"), variable("TOPIC_ARN"))
    return TellReadiness(kept_in(this.name, this.plan), topic, journal_of(this))


def kept_in(region: str, plan: Plan) -> S3Readiness:
    """The newest evaluation of `region`."""
    return S3Readiness(aws.client("s3", region, plan.timing.api_timeout), plan.record_copies[region])


def ask_readiness(plan: Plan) -> dict[str, Any]:
    """What the standby's own function says. Raises TransientFailure or RunRefused when nobody can be asked."""
    with majority_needed():
        standby = plan.standby_of(register_of(plan).read().leader)
    return Functions(aws.client("lambda", standby, LONGEST_ANSWER, tries=1), plan.service).ask("EvaluateReadiness", {})


def _looks(plan: Plan, copies: CopiesOneByOne) -> Looks:
    return Looks(
        regions={region: _looks_in(region, plan) for region in plan.regions},
        probe=HttpProbe(plan.timing.api_timeout),
        public_name=Route53Names(_once("route53", plan.witness_region, plan)),
        copies=copies,
        domain_name=variable("DOMAIN_NAME"),
        plan_parameter=variable("PLAN_PARAMETER"),
    )


def _looks_in(region: str, plan: Plan) -> RegionLooks:
    """Each client is made when it is first used: the leader's Region is asked for less than the standby's."""
    machine = f"arn:aws:states:{region}:{plan.account_id}:stateMachine:drlab-{plan.service}"
    topic = f"arn:aws:sns:{region}:{plan.account_id}:drlab-{plan.service}-notifications"
    cloudwatch = _once("cloudwatch", region, plan)
    ecs = _once("ecs", region, plan)
    return RegionLooks(
        databases=_databases(plan, _once("rds", region, plan)),
        services=Ecs(ecs),
        parameters=ParameterStore(_once("ssm", region, plan)),
        keys=KmsKeys(_once("kms", region, plan)),
        secrets=DescribedSecrets(_once("secretsmanager", region, plan)),
        tasks=EcsTaskShapes(ecs, region),
        images=EcrImages(_once("ecr", region, plan)),
        capacity=FargateCapacity(_once("service-quotas", region, plan), cloudwatch),
        objects=S3Buckets(_once("s3", region, plan)),
        replication=backlog_of(cloudwatch, plan, region),
        runs=ProvenRuns(_once("stepfunctions", region, plan), f"{machine}-failover"),
        rehearsals=S3Rehearsals(_once("s3", region, plan), plan.record_copies[region]),
        subscriptions=SnsSubscriptions(_once("sns", region, plan), topic),
    )


def _databases(plan: Plan, rds: Any) -> Databases:
    return ClassedAurora(rds, plan.global_cluster) if plan.db_mode is DatabaseMode.AURORA else databases_of(plan, rds)


def _once(service: str, region: str, plan: Plan) -> Any:
    """One try: what is not answered is asked again in a quarter of an hour."""
    return aws.client(service, region, plan.timing.api_timeout, tries=1)
