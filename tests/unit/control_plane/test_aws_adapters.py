"""Do the adapters say what AWS says, in the ports' words? Against an in-process emulation."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
    UnauthorizedSSOTokenError,
)
from botocore.stub import Stubber
from control_plane_world import ACCOUNT, NOW, PRIMARY, STANDBY, WITNESS, plan_with
from moto import mock_aws

from failover.adapters.aws_errors import told_in_a_sentence
from failover.adapters.cloudwatch import CloudWatch
from failover.adapters.ecs import Ecs
from failover.adapters.executions import StepFunctions
from failover.adapters.load_balancer import ElasticLoadBalancer
from failover.adapters.parameters import ParameterStore
from failover.adapters.rds import Rds
from failover.adapters.rds_backups import RdsBackups
from failover.adapters.s3_outcomes import S3Outcomes
from failover.adapters.secrets import SecretsManager
from failover.adapters.sns import SnsTopic
from failover.application.errors import NoCapacity, RunRefused, TransientFailure
from failover.application.ports import AlarmState
from failover.application.restore_ports import Placement
from failover.domain.leader_record import Refusal
from failover.domain.recovery_point import AUTOMATED, REPLICATED, SNAPSHOT, RecoveryPoint, choose
from failover.domain.signals import Health
from lab.cloud.cloudwatch import alarm_mute_rules


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


def client(service: str, region: str = STANDBY) -> Any:
    return boto3.client(service, region_name=region)


def refuse(client_: Any, operation: str, status: int, code: str) -> None:
    """Have AWS answer the next calls with an error; RDS speaks XML, the others JSON."""
    service = client_.meta.service_model
    if service.protocol in ("query", "rest-xml"):
        body = f"<ErrorResponse><Error><Code>{code}</Code><Message>no\n luck</Message></Error></ErrorResponse>".encode()
    else:
        body = json.dumps({"__type": code, "message": "no\n luck"}).encode()

    class Raw(io.BytesIO):
        def stream(self, **_: Any) -> Iterator[bytes]:
            yield self.read()

    def respond(**_: Any) -> AWSResponse:
        return AWSResponse("https://aws", status, {}, Raw(body))

    client_.meta.events.register_first(f"before-send.{service.service_id.hyphenize()}.{operation}", respond)


def replica() -> Rds:
    client("rds", PRIMARY).create_db_instance(
        DBInstanceIdentifier=f"app-{PRIMARY}",
        DBInstanceClass="db.t4g.medium",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="app",
        MasterUserPassword="not-shown",
        BackupRetentionPeriod=7,
    )
    rds = client("rds")
    rds.create_db_instance_read_replica(
        DBInstanceIdentifier=f"app-{STANDBY}",
        SourceDBInstanceIdentifier=f"arn:aws:rds:{PRIMARY}:{ACCOUNT}:db:app-{PRIMARY}",
        SourceRegion=PRIMARY,
    )
    return Rds(rds)


def test_a_replica_in_another_region_names_its_source_by_arn() -> None:
    found = replica().describe(f"app-{STANDBY}")
    assert found is not None
    assert found.source == f"arn:aws:rds:{PRIMARY}:{ACCOUNT}:db:app-{PRIMARY}"
    assert (found.status, found.port) == ("available", 5432)
    assert found.host


def test_an_instance_that_does_not_exist_is_none() -> None:
    assert Rds(client("rds")).describe("app-nowhere") is None


def test_promotion_is_asked_for_with_backups() -> None:
    rds = replica()
    asked: list[dict[str, Any]] = []
    rds.client.meta.events.register(
        "before-parameter-build.rds.PromoteReadReplica", lambda params, **_: asked.append(dict(params))
    )
    assert rds.promote(f"app-{STANDBY}", 3) is None
    assert asked == [{"DBInstanceIdentifier": f"app-{STANDBY}", "BackupRetentionPeriod": 3}]


@pytest.mark.parametrize("code", ["InvalidDBInstanceState", "InvalidDBInstanceStateFault"])
def test_a_state_in_which_aws_does_not_promote_is_a_refusal_and_not_a_failure(code: str) -> None:
    rds = replica()
    refuse(rds.client, "PromoteReadReplica", 400, code)
    assert isinstance(rds.promote(f"app-{STANDBY}", 1), Refusal)


NO_ROOM = ["InsufficientDBInstanceCapacity", "InsufficientDBInstanceCapacityFault"]


@pytest.mark.parametrize("code", NO_ROOM)
@pytest.mark.parametrize(
    ("operation", "point"),
    [
        ("RestoreDBInstanceFromDBSnapshot", RecoveryPoint(SNAPSHOT, "nightly", NOW)),
        ("RestoreDBInstanceToPointInTime", RecoveryPoint(AUTOMATED, "db-ABC", NOW, newest=True)),
    ],
)
def test_no_room_for_a_restored_instance_says_nothing_of_the_backup(
    code: str, operation: str, point: RecoveryPoint
) -> None:
    rds = client("rds")

    def full(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no room"}}, operation)

    rds.meta.events.register(f"provide-client-params.rds.{operation}", full)
    with pytest.raises(NoCapacity, match=f"no room for app now: {code}"):
        RdsBackups(rds).restore(point, "app", Placement("db.t4g.small", "isolated", "drlab", ("sg-1",)), {})


@pytest.mark.parametrize("code", ["InvalidParameterCombination", "InvalidDBSnapshotState", "KMSKeyNotAccessibleFault"])
def test_a_point_of_which_aws_makes_nothing_gives_way_to_the_next_and_says_why(code: str) -> None:
    """The replica's own backup may be the newest: whatever is wrong with it must not keep the leader's from being tried."""
    rds = client("rds")

    def refused(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no\n luck"}}, "RestoreDBInstanceToPointInTime")

    rds.meta.events.register("provide-client-params.rds.RestoreDBInstanceToPointInTime", refused)
    point = RecoveryPoint(AUTOMATED, "db-ABC", NOW, newest=True)
    refusal = RdsBackups(rds).restore(point, "app", Placement("db.t4g.small", "isolated", "drlab", ("sg-1",)), {})
    assert refusal == Refusal(f"AWS refused with {code}: no luck")


@pytest.mark.parametrize("code", NO_ROOM)
def test_no_room_for_a_replica_is_a_refusal_for_now(code: str) -> None:
    rds = replica()
    refuse(rds.client, "CreateDBInstanceReadReplica", 400, code)
    arn = f"arn:aws:rds:{PRIMARY}:{ACCOUNT}:db:app-{PRIMARY}"
    refusal = rds.create_replica("another", arn, like=f"app-{STANDBY}")
    assert refusal == Refusal(f"AWS does not make another now: {code}.")


def test_backups_that_were_made_here_are_restored_by_their_instance_and_brought_ones_by_their_arn() -> None:
    """RDS tells an ARN of both. https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReplicateBackups.html"""
    rds = client("rds")
    arn = f"arn:aws:rds:{STANDBY}:{ACCOUNT}:auto-backup:ab-"
    window = {"RestoreWindow": {"EarliestTime": NOW, "LatestTime": NOW}, "Status": "active"}
    listed = [
        {
            "DBInstanceIdentifier": f"app-{region}",
            "DbiResourceId": f"db-{region}",
            "Region": region,
            "DBInstanceAutomatedBackupsArn": f"{arn}{region}",
            **window,
        }
        for region in (PRIMARY, STANDBY)
    ]
    with Stubber(rds) as stub:
        stub.add_response("describe_db_instance_automated_backups", {"DBInstanceAutomatedBackups": listed})
        for region in (PRIMARY, STANDBY):
            stub.add_response("describe_db_snapshots", {"DBSnapshots": []}, {"DBInstanceIdentifier": f"app-{region}"})
        found = choose(RdsBackups(rds).find((f"app-{PRIMARY}", f"app-{STANDBY}")), None)
    assert not isinstance(found, Refusal)
    assert {(one.kind, one.source) for one in found} == {(REPLICATED, f"{arn}{PRIMARY}"), (AUTOMATED, f"db-{STANDBY}")}


def test_a_replica_of_postgresql_is_given_its_parameter_group_after_it_was_made_and_not_with_the_request() -> None:
    """RDS refuses the request otherwise: https://github.com/hashicorp/terraform-provider-aws/issues/38056"""
    rds = replica()
    rds.client.create_db_parameter_group(
        DBParameterGroupName="drlab", DBParameterGroupFamily="postgres16", Description="drlab"
    )
    assert rds.go_by(f"app-{STANDBY}", "drlab") is None
    found = rds.describe(f"app-{STANDBY}")
    assert found is not None
    assert found.parameter_group == "drlab"
    asked: list[dict[str, Any]] = []
    rds.client.meta.events.register(
        "before-parameter-build.rds.CreateDBInstanceReadReplica", lambda params, **_: asked.append(dict(params))
    )
    rds.create_replica("another", f"arn:aws:rds:{PRIMARY}:{ACCOUNT}:db:app-{PRIMARY}", like=f"app-{STANDBY}")
    assert asked[0]["DBInstanceClass"] == "db.t4g.medium"
    assert "DBParameterGroupName" not in asked[0]
    refuse(rds.client, "ModifyDBInstance", 400, "InvalidDBInstanceState")
    assert isinstance(rds.go_by(f"app-{STANDBY}", "drlab"), Refusal)


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        pytest.param(400, "Throttling", TransientFailure, marks=pytest.mark.scenario("F32")),
        pytest.param(400, "PriorRequestNotComplete", TransientFailure, marks=pytest.mark.scenario("F33")),
        (409, "OperationAborted", TransientFailure),
        (503, "ServiceUnavailable", TransientFailure),
        (500, "Whatever", TransientFailure),
        (403, "AccessDenied", RunRefused),
        (400, "InvalidParameterValue", RunRefused),
    ],
)
def test_an_error_of_aws_is_told_in_one_line_and_says_whether_to_try_again(
    status: int, code: str, error: type[Exception]
) -> None:
    rds = replica()
    refuse(rds.client, "PromoteReadReplica", status, code)
    with pytest.raises(error, match=code) as caught:
        rds.promote(f"app-{STANDBY}", 1)
    assert "\n" not in str(caught.value)
    refuse(rds.client, "DescribeDBInstances", status, code)
    with pytest.raises(error, match="Describing database instance"):
        rds.describe(f"app-{STANDBY}")


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (ReadTimeoutError(endpoint_url="https://aws"), TransientFailure),
        (ConnectTimeoutError(endpoint_url="https://aws"), TransientFailure),
        (NoCredentialsError(), RunRefused),
        (ParamValidationError(report="x"), RunRefused),
        (ClientError({"Error": {}}, "Operation"), RunRefused),
    ],
)
def test_what_never_reached_aws_is_tried_again_unless_it_never_could(raised: Exception, error: type[Exception]) -> None:
    with pytest.raises(error, match="Doing it"), told_in_a_sentence("Doing it"):
        raise raised


def test_a_person_whose_session_has_run_out_is_told_how_to_renew_it() -> None:
    """At three in the morning `UnauthorizedSSOTokenError` is not what to do."""
    with pytest.raises(RunRefused) as caught, told_in_a_sentence("Reading it"):
        raise UnauthorizedSSOTokenError
    assert str(caught.value).startswith("Reading it: The SSO session associated with this profile has expired")
    assert "run aws sso login" in str(caught.value)


def test_credentials_that_expire_meanwhile_are_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person's, exported an hour ago: botocore has a bare RuntimeError for that. Whatever else is one stays what it is."""
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", "2026-01-01T00:00:00Z")
    own = boto3.session.Session().client("ssm", region_name=STANDBY)
    with pytest.raises(RunRefused) as caught:
        ParameterStore(own).read("/drlab/app/plan")
    assert str(caught.value) == "Reading parameter /drlab/app/plan: the AWS credentials have expired. Sign in again."
    with pytest.raises(RuntimeError, match="no new thread"), told_in_a_sentence("Reading it"):
        raise RuntimeError("no new thread")


def test_a_service_is_sized_and_resized() -> None:
    ecs = client("ecs")
    ecs.create_cluster(clusterName="app")
    ecs.register_task_definition(family="app", containerDefinitions=[{"name": "app", "image": "app", "memory": 128}])
    ecs.create_service(cluster="app", serviceName="app", taskDefinition="app", desiredCount=1)
    service = Ecs(ecs)
    size = service.size("app", "app")
    assert size is not None
    assert size.desired == 1
    service.resize("app", "app", 2)
    size = service.size("app", "app")
    assert size is not None
    assert size.desired == 2
    assert service.size("app", "other") is None
    with pytest.raises(RunRefused):
        service.size("nowhere", "app")


def test_only_healthy_targets_count() -> None:
    class Answering:
        def describe_target_health(self, TargetGroupArn: str) -> dict[str, Any]:
            states = ["healthy", "initial", "unhealthy", "draining", "unused", "healthy"]
            return {"TargetHealthDescriptions": [{"TargetHealth": {"State": state}} for state in states]}

    assert ElasticLoadBalancer(Answering()).healthy_targets("arn") == 2
    with pytest.raises(RunRefused):
        ElasticLoadBalancer(client("elbv2")).healthy_targets(
            f"arn:aws:elasticloadbalancing:{STANDBY}:{ACCOUNT}:targetgroup/none/0123456789abcdef"
        )


def test_a_secret_is_read_and_written_once_a_token() -> None:
    manager = client("secretsmanager")
    manager.create_secret(Name="drlab/app/database", SecretString='{"host": "a"}')
    secrets = SecretsManager(manager)
    secret = secrets.read("drlab/app/database")
    assert secret.value == {"host": "a"}
    assert secret.arn.startswith(f"arn:aws:secretsmanager:{STANDBY}:")
    token = "6f1c2b0e-2d1a-5c36-9f0b-6d1f3c1c7a11"
    for _ in range(2):
        secrets.write("drlab/app/database", {"host": "b"}, token)
    assert secrets.read("drlab/app/database").value == {"host": "b"}
    assert len(manager.list_secret_version_ids(SecretId="drlab/app/database")["Versions"]) == 2


@pytest.mark.parametrize("text", ["plain", "[1]"])
def test_a_secret_that_is_no_object_is_refused_without_being_quoted(text: str) -> None:
    manager = client("secretsmanager")
    manager.create_secret(Name="drlab/app/database", SecretString=text)
    with pytest.raises(RunRefused) as caught:
        SecretsManager(manager).read("drlab/app/database")
    assert text not in str(caught.value)
    with pytest.raises(RunRefused, match="ResourceNotFoundException"):
        SecretsManager(manager).read("other")


def test_a_parameter_is_absent_then_written_then_replaced() -> None:
    store = ParameterStore(client("ssm"))
    assert store.read("/drlab/app/database") is None
    store.write("/drlab/app/database", "1")
    store.write("/drlab/app/database", "2")
    assert store.read("/drlab/app/database") == "2"
    refuse(store.client, "GetParameter", 400, "AccessDeniedException")
    with pytest.raises(RunRefused, match="AccessDeniedException"):
        store.read("/drlab/app/database")


def test_an_answer_without_a_parameter_is_not_one_of_aws() -> None:
    """Another server at the endpoint's address answers 200 as well."""
    store = ParameterStore(client("ssm"))
    refuse(store.client, "GetParameter", 200, "Unimportant")
    with pytest.raises(RunRefused) as caught:
        store.read("/drlab/app/plan")
    assert str(caught.value) == (
        f"Reading parameter /drlab/app/plan: {store.client.meta.endpoint_url} answered with no parameter: what listens there"
        " is no AWS. Look at AWS_ENDPOINT_URL."
    )


@pytest.mark.parametrize(
    ("state", "health"),
    [("OK", Health.HEALTHY), ("ALARM", Health.UNHEALTHY), ("INSUFFICIENT_DATA", Health.INSUFFICIENT)],
)
def test_an_alarm_says_what_it_says(state: str, health: Health) -> None:
    alarm = plan_with().alarms[0]
    cloudwatch = client("cloudwatch", WITNESS)
    looks = CloudWatch({WITNESS: cloudwatch})
    assert looks.look(alarm) == AlarmState(
        Health.INSUFFICIENT, f"{alarm.name} is no alarm in {WITNESS} that may be looked at"
    )
    cloudwatch.put_metric_alarm(
        AlarmName=alarm.name, EvaluationPeriods=1, ComparisonOperator="LessThanThreshold", Threshold=1
    )
    cloudwatch.set_alarm_state(AlarmName=alarm.name, StateValue=state, StateReason="test")
    state = looks.look(alarm)
    assert state.health is health
    assert state.since is not None


def test_an_alarm_api_that_fails_is_unreachable_and_raises_nothing() -> None:
    cloudwatch = client("cloudwatch", WITNESS)

    def time_out(**_: Any) -> None:
        raise ReadTimeoutError(endpoint_url="https://aws")

    cloudwatch.meta.events.register_first("before-send.cloudwatch.DescribeAlarms", time_out)
    silent = CloudWatch({WITNESS: cloudwatch}).look(plan_with().alarms[0])
    assert silent.health is Health.UNREACHABLE
    assert "no answer" in silent.detail


def test_a_boto3_that_knows_no_mute_rules_silences_nobody_and_ends_no_probe() -> None:
    """Lambda's own may be older. It is first asked when an incident is to be opened, and only then would it show."""
    alarm, cloudwatch = plan_with().alarms[0], client("cloudwatch", WITNESS)

    class Older:
        describe_alarms = cloudwatch.describe_alarms

    assert CloudWatch({WITNESS: Older()}).silenced(alarm) is None


def test_an_alarm_is_silenced_by_an_active_mute_rule_or_by_another_alarm() -> None:
    """And by nobody when CloudWatch does not say: its Region may be the dark one."""
    alarm_mute_rules.install()
    alarm, cloudwatch = plan_with().alarms[0], client("cloudwatch", WITNESS)
    looks = CloudWatch({WITNESS: cloudwatch})
    assert looks.silenced(alarm) is None
    now = datetime.now(UTC)
    for name, start in (("later", now + timedelta(hours=1)), ("over", now - timedelta(hours=3))):
        mute(cloudwatch, name, alarm.name, start)
    mute(cloudwatch, "other", "another-alarm", now)
    assert looks.silenced(alarm) is None
    mute(cloudwatch, "maintenance", alarm.name, now)
    assert looks.silenced(alarm) == f"{alarm.name} is muted by the rule maintenance."
    refuse(cloudwatch, "ListAlarmMuteRules", 403, "AccessDenied")
    assert looks.silenced(alarm) is None

    def suppressed(AlarmNames: list[str], AlarmTypes: list[str]) -> dict[str, Any]:
        one = {"StateValue": "ALARM", "ActionsSuppressedBy": "WaitPeriod"}
        return {"MetricAlarms": [], "CompositeAlarms": [one] if AlarmTypes == ["CompositeAlarm"] else []}

    cloudwatch.describe_alarms = suppressed
    assert looks.silenced(alarm) == f"{alarm.name} is suppressed (WaitPeriod)."


def test_who_may_not_describe_composite_alarms_is_still_told_of_a_metric_alarm() -> None:
    """A role that is scoped to two alarms is told of no composite one; a refusal of that must hide neither."""
    alarm, cloudwatch = plan_with().alarms[0], client("cloudwatch", WITNESS)

    def scoped(params: Mapping[str, Any], **_: Any) -> None:
        if "CompositeAlarm" in params["AlarmTypes"]:
            denied = {"Error": {"Code": "AccessDenied", "Message": "not scoped to *"}}
            raise ClientError(denied, "DescribeAlarms")

    cloudwatch.meta.events.register("provide-client-params.cloudwatch.DescribeAlarms", scoped)
    looks = CloudWatch({WITNESS: cloudwatch})
    assert looks.look(alarm).health is Health.INSUFFICIENT
    cloudwatch.put_metric_alarm(
        AlarmName=alarm.name, EvaluationPeriods=1, ComparisonOperator="LessThanThreshold", Threshold=1
    )
    cloudwatch.set_alarm_state(AlarmName=alarm.name, StateValue="ALARM", StateReason="test")
    assert looks.look(alarm).health is Health.UNHEALTHY


def mute(cloudwatch: Any, name: str, alarm: str, start: datetime) -> None:
    schedule = {"Expression": f"at({start:%Y-%m-%dT%H:%M})", "Duration": "PT2H"}
    cloudwatch.put_alarm_mute_rule(Name=name, Rule={"Schedule": schedule}, MuteTargets={"AlarmNames": [alarm]})


def test_people_are_told_through_the_topic() -> None:
    sns, sqs = client("sns"), client("sqs")
    topic = sns.create_topic(Name="drlab-app-notifications")["TopicArn"]
    queue = sqs.create_queue(QueueName="people")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    assert SnsTopic(sns, topic).publish("app failed over", "Read this.")
    message = json.loads(sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"])
    assert (message["Subject"], message["Message"]) == ("app failed over", "Read this.")
    with pytest.raises(RunRefused):
        SnsTopic(sns, f"{topic}-gone").publish("s", "t")


def test_an_outcome_is_written_once() -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="control", CreateBucketConfiguration={"LocationConstraint": STANDBY})
    outcomes = S3Outcomes(s3, "control")
    assert outcomes.put_once("runs/x/outcome.json", "first") == "first"
    assert outcomes.put_once("runs/x/outcome.json", "second") == "first"
    with pytest.raises(RunRefused, match="NoSuchBucket"):
        S3Outcomes(s3, "nowhere").put_once("runs/x/outcome.json", "x")


def state_machine() -> StepFunctions:
    role = client("iam").create_role(RoleName="states", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    sfn = client("stepfunctions")
    definition = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}}
    made = sfn.create_state_machine(name="drlab-app-failover", definition=json.dumps(definition), roleArn=role)
    return StepFunctions(sfn, made["stateMachineArn"])


@pytest.mark.parametrize(("conflicts", "stored"), [(2, "mine"), (3, None)])
def test_a_conflict_of_two_writers_is_tried_again_and_is_no_object_that_is_there(
    conflicts: int, stored: str | None
) -> None:
    """S3 says 409 of a key that may still be free; taken for a 412 the run's outcome would be looked for in vain."""
    s3 = client("s3")
    s3.create_bucket(Bucket="control", CreateBucketConfiguration={"LocationConstraint": STANDBY})
    left = iter(range(conflicts))

    def conflict(**_: Any) -> None:
        if next(left, None) is not None:
            raise ClientError({"Error": {"Code": "ConditionalRequestConflict"}}, "PutObject")

    s3.meta.events.register("provide-client-params.s3.PutObject", conflict)
    if stored is None:
        with pytest.raises(TransientFailure, match="ConditionalRequestConflict"):
            S3Outcomes(s3, "control").put_once("runs/r/outcome.json", "mine")
    else:
        assert S3Outcomes(s3, "control").put_once("runs/r/outcome.json", "mine") == stored
    assert S3Outcomes(s3, "control").read("runs/r/outcome.json") == stored


def test_a_run_is_started_once_and_seen_while_it_is_in_progress() -> None:
    executions = state_machine()
    assert executions.running() == ()
    started = executions.start("failover-e1-0123abcd", {"a": 1})
    assert started.new is True
    assert started.arn == executions.arn_of("failover-e1-0123abcd")
    assert executions.running() == ("failover-e1-0123abcd",)
    assert executions.start("failover-e1-0123abcd", {"a": 1}).arn == started.arn
    assert executions.start("failover-e1-0123abcd", {"a": 2}).new is False


def test_a_name_that_was_used_is_not_started_again() -> None:
    executions = state_machine()
    started = executions.start("failover-e1-0123abcd", {"a": 1})
    executions.client.stop_execution(executionArn=started.arn)
    again = executions.start("failover-e1-0123abcd", {"a": 1})
    assert (again.new, again.arn) == (False, started.arn)
    with pytest.raises(RunRefused):
        StepFunctions(executions.client, f"{executions.state_machine_arn}-gone").start("x", {})
