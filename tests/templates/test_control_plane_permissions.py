"""May each function do what it does, and nothing else?"""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from lab.documentation.workflow import DEFINITION, REBUILD, REHEARSAL, load, states
from tests.templates.expanded import CONTROL_PLANE, WITNESS, listed, of_type, text

ROLES = of_type(CONTROL_PLANE, "AWS::IAM::Role")
MANAGED = of_type(CONTROL_PLANE, "AWS::IAM::ManagedPolicy")

MACHINES = {
    "FailoverStateMachineRole": DEFINITION,
    "RebuildStateMachineRole": REBUILD,
    "RehearsalStateMachineRole": REHEARSAL,
}

PLAN = "ssm:GetParameter /drlab/app/plan"
RECORD_READ = "s3:GetObject leader-record.json"
RECORD_WRITE = "s3:PutObject leader-record.json"
HEARTBEAT = "s3:GetObject heartbeat.json"
EXISTS = "s3:ListBucket control buckets"
DATABASE_SEEN = "rds:DescribeDBInstances app-ap-southeast-2"
KEPT_SEEN = f"{DATABASE_SEEN}-diverged-*"
REBUILT_SEEN = f"{DATABASE_SEEN}-rebuilt-*"
REHEARSED = "app-ap-southeast-2-rehearsal"
SECRET_READ = "secretsmanager:GetSecretValue drlab/app/database-??????"
SECRET_OPENED = "kms:Decrypt key/*"
SERVICE_SEEN = "ecs:DescribeServices app/app"
SERVICE_SCALED = "ecs:UpdateService app/app"

# What every function may do.
EVERY = {
    PLAN,
    "logs:CreateLogStream FunctionLogGroup.Arn",
    "logs:PutLogEvents FunctionLogGroup.Arn",
    "xray:PutTraceSegments *",
    "xray:PutTelemetryRecords *",
}

JOURNAL = {f"s3:{action} ControlBucket journal/*" for action in ("GetObject", "PutObject", "PutObjectRetention")}

BACKUPS_SEEN = {
    "rds:DescribeDBInstanceAutomatedBackups arn:aws:rds:ap-southeast-2:123456789012:auto-backup:*",
    "rds:DescribeDBInstanceAutomatedBackups *",
    "rds:DescribeDBSnapshots app-ap-southeast-2",
    "rds:DescribeDBSnapshots app-us-west-2",
    "rds:DescribeDBSnapshots arn:aws:rds:ap-southeast-2:123456789012:snapshot:*",
}
BACKUP_RESTORED = {
    *(
        f"rds:{action} arn:aws:rds:ap-southeast-2:123456789012:{resource}"
        for action in ("RestoreDBInstanceToPointInTime", "RestoreDBInstanceFromDBSnapshot")
        for resource in ("auto-backup:*", "snapshot:*", "subgrp:drlab-app-*", "pg:drlab-app-*", "og:default*")
    ),
    # The source, where the backups were made here.
    "rds:RestoreDBInstanceToPointInTime app-ap-southeast-2",
    "rds:RestoreDBInstanceToPointInTime app-ap-southeast-2-aside-*",
    "kms:CreateGrant key/*",
    "kms:DescribeKey key/*",
}

# The whole of what a function may do besides.
PERMITTED: dict[str, set[str]] = {
    "ReceiveAlarm": {
        *JOURNAL,
        RECORD_READ,
        EXISTS,
        "states:StartExecution FailoverStateMachine",
        "states:ListExecutions FailoverStateMachine",
        "sqs:SendMessage UndecidedAlarmsQueue.Arn",
        "cloudwatch:DescribeAlarms drlab-app-primary-health-check",
        "cloudwatch:DescribeAlarms drlab-app-secondary-health-check",
        "s3:GetObject ControlBucket alarms/*",
        "s3:PutObject ControlBucket alarms/*",
        "sns:Publish NotificationTopic",
    },
    "ProbeLeader": {
        RECORD_WRITE,
        "states:DescribeExecution drlab-app-failover:*",
        "states:GetExecutionHistory drlab-app-failover:*",
        "s3:GetObject ControlBucket runs/*",
        "s3:PutObject ControlBucket runs/*",
        "sns:Publish NotificationTopic",
        *JOURNAL,
        HEARTBEAT,
        RECORD_READ,
        EXISTS,
        "cloudwatch:DescribeAlarms drlab-app-primary-health-check",
        "cloudwatch:DescribeAlarms drlab-app-secondary-health-check",
        "cloudwatch:ListAlarmMuteRules arn:aws:cloudwatch:us-east-1:123456789012:alarm-mute-rule:*",
        "states:StartExecution FailoverStateMachine",
        "states:ListExecutions FailoverStateMachine",
    },
    "EvaluateReadiness": {
        *JOURNAL,
        RECORD_READ,
        EXISTS,
        *(
            f"{action} {what}{elsewhere}"
            for region, elsewhere in (("ap-southeast-2", ""), ("us-west-2", " in us-west-2"))
            for action, what in (
                ("rds:DescribeDBInstances", f"app-{region}"),
                ("ecs:DescribeServices", "app/app"),
                ("ecr:DescribeImages", f"cdk-hnb659fds-container-assets-123456789012-{region}"),
                ("ssm:GetParameter", "/drlab/app/plan"),
                ("states:DescribeExecution", "drlab-app-failover:*"),
            )
        ),
        *(
            f"{action} {what} in {region}"
            for region in ("ap-southeast-2", "us-west-2")
            for action, what in (("states:ListExecutions", "drlab-app-failover"),)
        ),
        *(
            f"sns:ListSubscriptionsByTopic arn:aws:sns:{region}:123456789012:drlab-app-notifications"
            for region in ("ap-southeast-2", "us-west-2")
        ),
        *(
            f"{action} arn:aws:s3:::drlab-app-app-data-123456789012-{region}"
            for region in ("ap-southeast-2", "us-west-2")
            for action in ("s3:GetBucketVersioning", "s3:GetReplicationConfiguration")
        ),
        "ecs:DescribeTaskDefinition *",
        "kms:DescribeKey key/*",
        "secretsmanager:DescribeSecret drlab/app/database-??????",
        "servicequotas:GetServiceQuota arn:aws:servicequotas:ap-southeast-2:123456789012:fargate/L-3032A538",
        "cloudwatch:GetMetricData *",
        "route53:ListHostedZonesByName *",
        "route53:ListResourceRecordSets arn:aws:route53:::hostedzone/*",
        "route53:GetHealthCheck arn:aws:route53:::healthcheck/*",
        "s3:GetObject readiness.json",
        "s3:GetObject rehearsal.json",
        "s3:PutObject ControlBucket readiness.json",
        "sns:Publish NotificationTopic",
    },
    "OperatorApi": {
        *JOURNAL,
        RECORD_READ,
        RECORD_WRITE,
        EXISTS,
        "states:StartExecution FailoverStateMachine",
        "states:DescribeStateMachine FailoverStateMachine",
        *(
            f"states:ListExecutions drlab-app-{workflow} in {region}"
            for workflow in ("failover", "rebuild-standby", "restore-rehearsal")
            for region in ("ap-southeast-2", "us-west-2")
        ),
        "states:DescribeExecution drlab-app-failover:*",
        *(
            f"states:GetExecutionHistory drlab-app-{workflow}:*{region}"
            for workflow in ("failover", "rebuild-standby", "restore-rehearsal")
            for region in ("", " in us-west-2")
        ),
        "rds:DescribeDBInstances app-ap-southeast-2-isolated",
        "rds:DescribeDBInstances app-us-west-2-isolated in us-west-2",
        "states:SendTaskSuccess *",
        "s3:GetObject journal/*",
        "s3:ListBucketVersions ControlBucket.Arn",
        "s3:GetObject ControlBucket runs/*",
        "s3:GetObject ControlBucket requests/*",
        "s3:GetObject runs/break-glass-*",
        "s3:PutObject ControlBucket runs/*/approvals/*",
        "s3:PutObject ControlBucket requests/*",
        "lambda:InvokeFunction CheckPrimaryHealthFunction.Arn",
        "lambda:InvokeFunction CheckSecondaryReadinessFunction.Arn",
        "lambda:InvokeFunction BoundDataLossFunction.Arn",
        "lambda:InvokeFunction drlab-app-evaluate-readiness",
        "lambda:InvokeFunction drlab-app-evaluate-readiness in us-west-2",
    },
    "CheckPrimaryHealth": {
        HEARTBEAT,
        RECORD_READ,
        EXISTS,
        "cloudwatch:DescribeAlarms drlab-app-primary-health-check",
        "cloudwatch:DescribeAlarms drlab-app-secondary-health-check",
    },
    "CheckSecondaryReadiness": {
        DATABASE_SEEN,
        "kms:DescribeKey key/*",
        SERVICE_SEEN,
        *BACKUPS_SEEN,
        "s3:GetObject ControlBucket rehearsal.json",
        "s3:ListBucket ControlBucket.Arn",
    },
    "FencePrimary": {RECORD_READ, RECORD_WRITE, EXISTS},
    "WarmSecondary": {
        HEARTBEAT,
        EXISTS,
        DATABASE_SEEN,
        SECRET_READ,
        SECRET_OPENED,
        SERVICE_SEEN,
        SERVICE_SCALED,
        "elasticloadbalancing:DescribeTargetHealth *",
    },
    "BoundDataLoss": {HEARTBEAT, EXISTS, DATABASE_SEEN, SECRET_READ, SECRET_OPENED, "cloudwatch:GetMetricData *"},
    "AwaitApproval": {
        "s3:GetObject ControlBucket runs/*",
        "s3:PutObject ControlBucket runs/*",
        "s3:ListBucket ControlBucket.Arn",
        "sns:Publish NotificationTopic",
    },
    "ScaleSecondaryECS": {
        SERVICE_SEEN,
        SERVICE_SCALED,
        "elasticloadbalancing:DescribeTargetHealth *",
    },
    "PromoteReplica": {
        RECORD_READ,
        EXISTS,
        DATABASE_SEEN,
        "rds:PromoteReadReplica app-ap-southeast-2",
        SECRET_READ,
        SECRET_OPENED,
    },
    "RestoreFromLatestSnapshot": {
        RECORD_READ,
        EXISTS,
        DATABASE_SEEN,
        SECRET_READ,
        SECRET_OPENED,
        "ssm:GetParameter /drlab/app/database-placement",
        *BACKUP_RESTORED,
        "rds:DescribeDBInstances app-ap-southeast-2-aside-*",
        "rds:RestoreDBInstanceFromDBSnapshot app-ap-southeast-2",
        "rds:AddTagsToResource app-ap-southeast-2",
        "rds:ModifyDBInstance app-ap-southeast-2",
        "rds:DeleteDBInstance app-ap-southeast-2",
        "s3:GetObject ControlBucket runs/*/restore/*",
        "s3:PutObject ControlBucket runs/*/restore/*",
        "s3:ListBucket ControlBucket.Arn",
    },
    "UpdateSecretsAndRotateAppConfig": {
        DATABASE_SEEN,
        SECRET_READ,
        SECRET_OPENED,
        "secretsmanager:PutSecretValue drlab/app/database-??????",
        "kms:GenerateDataKey key/*",
        "ssm:GetParameter /drlab/app/database",
        "ssm:PutParameter /drlab/app/database",
    },
    "VerifyWrites": set(),
    "OpenSecondary": {RECORD_READ, RECORD_WRITE, EXISTS},
    "FlipRoute53": set(),
    "PostChecks": set(),
    "StandDown": {RECORD_READ, RECORD_WRITE, EXISTS, SERVICE_SEEN, SERVICE_SCALED},
    "RecordOutcome": {
        *JOURNAL,
        RECORD_READ,
        EXISTS,
        "s3:GetObject ControlBucket runs/*",
        "s3:PutObject ControlBucket runs/*",
        "s3:ListBucket ControlBucket.Arn",
    },
    "Notify": {"sns:Publish NotificationTopic"},
    "CheckRebuild": {RECORD_READ, EXISTS, DATABASE_SEEN, KEPT_SEEN, SECRET_READ, SECRET_OPENED},
    "CreateReplica": {
        RECORD_READ,
        EXISTS,
        DATABASE_SEEN,
        KEPT_SEEN,
        REBUILT_SEEN,
        "rds:CreateDBInstanceReadReplica app-ap-southeast-2",
        "rds:CreateDBInstanceReadReplica app-us-west-2 in us-west-2",
        "rds:CreateDBInstanceReadReplica app-ap-southeast-2-rebuilt-*",
        "rds:CreateDBInstanceReadReplica arn:aws:rds:ap-southeast-2:123456789012:subgrp:drlab-app-*",
        "rds:ModifyDBInstance app-ap-southeast-2-rebuilt-*",
        "rds:ModifyDBInstance arn:aws:rds:ap-southeast-2:123456789012:pg:drlab-app-*",
        "rds:CreateDBInstanceReadReplica arn:aws:rds:ap-southeast-2:123456789012:og:default:postgres-*",
        "rds:CreateDBInstanceReadReplica arn:aws:rds:ap-southeast-2:123456789012:pg:default.postgres*",
        "kms:CreateGrant key/*",
        "kms:DescribeKey key/*",
    },
    "ExportDivergence": {
        DATABASE_SEEN,
        KEPT_SEEN,
        REBUILT_SEEN,
        SECRET_READ,
        SECRET_OPENED,
        "s3:GetObject ControlBucket divergence/*",
        "s3:PutObject ControlBucket divergence/*",
    },
    "KeepOldPrimary": {RECORD_READ, EXISTS, KEPT_SEEN, "rds:ModifyDBInstance app-ap-southeast-2"},
    "InstallReplica": {
        RECORD_READ,
        EXISTS,
        DATABASE_SEEN,
        "rds:ModifyDBInstance app-ap-southeast-2-rebuilt-*",
    },
    "ReverseObjectReplication": {
        RECORD_READ,
        EXISTS,
        *(
            f"s3:{action} arn:aws:s3:::drlab-app-app-data-123456789012-{region}"
            for action in ("GetReplicationConfiguration", "PutReplicationConfiguration")
            for region in ("ap-southeast-2", "us-west-2")
        ),
        *(
            f"iam:PassRole arn:aws:iam::123456789012:role/drlab-app-replicate-{region}"
            for region in ("ap-southeast-2", "us-west-2")
        ),
    },
    "VerifyStandby": {RECORD_READ, HEARTBEAT, EXISTS, DATABASE_SEEN, SECRET_READ, SECRET_OPENED},
    "CheckRehearsal": {
        *BACKUPS_SEEN,
        RECORD_READ,
        HEARTBEAT,
        EXISTS,
        DATABASE_SEEN,
        SECRET_READ,
        SECRET_OPENED,
        *(
            f"states:ListExecutions drlab-app-{workflow} in ap-southeast-2"
            for workflow in ("failover", "rebuild-standby", "restore-rehearsal")
        ),
    },
    "RehearseRestore": {
        *BACKUP_RESTORED,
        RECORD_READ,
        HEARTBEAT,
        EXISTS,
        SECRET_READ,
        SECRET_OPENED,
        "ssm:GetParameter /drlab/app/database-placement",
        f"rds:DescribeDBInstances {REHEARSED}",
        f"rds:RestoreDBInstanceToPointInTime {REHEARSED}",
        f"rds:RestoreDBInstanceFromDBSnapshot {REHEARSED}",
        f"rds:AddTagsToResource {REHEARSED}",
        f"rds:DeleteDBInstance {REHEARSED}",
        "s3:GetObject ControlBucket runs/*/restore/*",
        "s3:PutObject ControlBucket runs/*/restore/*",
    },
    "DeleteRehearsedInstance": {f"rds:DescribeDBInstances {REHEARSED}", f"rds:DeleteDBInstance {REHEARSED}"},
    "KeepRehearsal": {
        HEARTBEAT,
        EXISTS,
        DATABASE_SEEN,
        SECRET_READ,
        SECRET_OPENED,
        "ssm:GetParameter /drlab/app/database-placement",
        "s3:PutObject ControlBucket rehearsal.json",
    },
    # The other kind of database.
    "FailoverGlobalCluster": set(),
    "SwitchoverGlobalCluster": set(),
}
GLOBAL_DATABASE_SEEN = {
    "rds:DescribeDBClusters app-ap-southeast-2",
    "rds:DescribeGlobalClusters drlab-app",
}
WRITER_MADE = {
    RECORD_READ,
    EXISTS,
    SECRET_READ,
    SECRET_OPENED,
    *GLOBAL_DATABASE_SEEN,
}
# What a function may do besides where the database is an Aurora global database.
PERMITTED_WITH_GLOBAL_DATABASE: dict[str, set[str]] = {
    "EvaluateReadiness": {
        *GLOBAL_DATABASE_SEEN,
        "rds:DescribeDBClusters app-us-west-2 in us-west-2",
        "rds:DescribeDBInstances app-ap-southeast-2-*",
        "rds:DescribeDBInstances app-us-west-2-* in us-west-2",
    },
    **dict.fromkeys(
        (
            *("CheckSecondaryReadiness", "WarmSecondary", "BoundDataLoss", "UpdateSecretsAndRotateAppConfig"),
            *("CheckRebuild", "VerifyStandby"),
        ),
        GLOBAL_DATABASE_SEEN,
    ),
    **{
        operation: {
            *WRITER_MADE,
            f"rds:{operation} drlab-app",
            f"rds:{operation} app-ap-southeast-2",
            f"rds:{operation} app-us-west-2 in us-west-2",
        }
        for operation in ("FailoverGlobalCluster", "SwitchoverGlobalCluster")
    },
}


def statements(role: dict[str, Any], holds: str | None = None) -> list[dict[str, Any]]:
    """Every statement that a role carries, of its own and of the shared policies; `holds` is a condition that holds."""
    found = [policy["PolicyDocument"] for policy in role.get("Policies", [])]
    for attached in role.get("ManagedPolicyArns", []):
        if "Ref" in attached:
            found.append(MANAGED[attached["Ref"]]["PolicyDocument"])
        elif (conditional := attached["Fn::If"])[0] == holds:
            found.append(MANAGED[conditional[1]["Ref"]]["PolicyDocument"])
    return [statement for document in found for statement in listed(document["Statement"])]


def short(resource: str) -> str:
    """The part of an ARN that tells resources apart here."""
    if resource.startswith("arn:aws:s3:::drlab-app-control-123456789012-"):
        _, _, key = resource.partition("/")
        return key or "control buckets"
    if resource.startswith("${ControlBucket.Arn}/"):
        return resource.replace("${ControlBucket.Arn}/", "ControlBucket ")
    if ":stateMachine:" in resource:
        return f"{resource.partition(':stateMachine:')[2]} in {resource.split(':')[3]}"
    if ":kms:" in resource:
        return resource.rpartition(":")[2]
    for prefix in (
        ":parameter",
        ":secret:",
        ":db:",
        ":global-cluster:",
        ":cluster:",
        ":service/",
        ":alarm:",
        ":execution:",
        ":repository/",
        ":function:",
    ):
        if prefix in resource:
            return resource.partition(prefix)[2] + _elsewhere(resource)
    return resource


def _elsewhere(resource: str) -> str:
    """The template is expanded for the primary's Region."""
    return " in us-west-2" if resource.split(":")[3] == "us-west-2" else ""


def allowed(role: dict[str, Any], holds: str | None = None) -> set[str]:
    return {
        f"{action} {short(text(resource))}"
        for statement in statements(role, holds)
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


@pytest.mark.parametrize("function", PERMITTED)
def test_a_function_may_do_exactly_what_it_does(function: str) -> None:
    role = ROLES[f"{function}FunctionRole"]
    assert allowed(role) == EVERY | PERMITTED[function]


@pytest.mark.parametrize("function", PERMITTED)
def test_only_with_a_global_database_may_a_function_see_or_change_one(function: str) -> None:
    """The workflow names the functions of each kind of database; those of the other kind may do nothing."""
    role = ROLES[f"{function}FunctionRole"]
    besides = PERMITTED_WITH_GLOBAL_DATABASE.get(function, set())
    assert allowed(role, "HasGlobalDatabase") == EVERY | PERMITTED[function] | besides


def test_every_function_has_a_role_of_its_own_and_nothing_that_aws_manages() -> None:
    """SAM attaches AWSLambdaBasicExecutionRole to a role that it makes: writing to every log group of the account."""
    functions = of_type(CONTROL_PLANE, "AWS::Lambda::Function")
    assert {name: text(one["Role"]) for name, one in functions.items()} == {
        name: f"{name}Role.Arn" for name in functions
    }
    attached = chain.from_iterable(role.get("ManagedPolicyArns", []) for role in ROLES.values())
    assert [arn for arn in attached if isinstance(arn, str) or "Fn::Join" in arn] == []


def test_a_role_is_taken_by_its_own_service_only() -> None:
    for name, role in ROLES.items():
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        service = "states" if name in MACHINES else "scheduler" if name == "RehearsalScheduleRole" else "lambda"
        assert trust["Principal"] == {"Service": f"{service}.amazonaws.com"}
        assert trust["Action"] == "sts:AssumeRole"


@pytest.mark.parametrize("function", ["RestoreFromLatestSnapshot", "RehearseRestore", "DeleteRehearsedInstance"])
def test_a_restore_deletes_only_what_it_has_made_itself(function: str) -> None:
    """A broken replica may hold what no backup has: it is renamed. What a restore made is a copy of a backup that stays."""
    (deleting,) = [
        one for one in statements(ROLES[f"{function}FunctionRole"]) if "rds:DeleteDBInstance" in listed(one["Action"])
    ]
    assert deleting["Condition"] == {"Null": {"aws:ResourceTag/drlab:restored-by": "false"}}


def test_the_key_of_the_backups_is_reached_through_rds_alone() -> None:
    (keys,) = [
        one
        for one in statements(ROLES["RestoreFromLatestSnapshotFunctionRole"])
        if "kms:CreateGrant" in listed(one["Action"])
    ]
    assert text(keys["Condition"]["StringEquals"]["kms:ViaService"]).startswith("rds.ap-southeast-2.")
    assert text(keys["Condition"]["ForAnyValue:StringEquals"]["kms:ResourceAliases"]) == "alias/drlab-app"


@pytest.mark.parametrize(
    "function",
    [
        "WarmSecondary",
        "BoundDataLoss",
        "PromoteReplica",
        "RestoreFromLatestSnapshot",
        "CheckRebuild",
        "ExportDivergence",
        "VerifyStandby",
        "FailoverGlobalCluster",
        "SwitchoverGlobalCluster",
    ],
)
def test_the_network_interfaces_are_lambda_s_and_not_the_code_s(function: str) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html"""
    role = ROLES[f"{function}FunctionRole"]
    within = [one for one in statements(role, "RunsInVpc") if one not in statements(role)]
    allow, deny = sorted(within, key=lambda statement: str(statement["Effect"]))
    assert (allow["Effect"], deny["Effect"]) == ("Allow", "Deny")
    assert allow["Action"] == deny["Action"]
    assert list(deny["Condition"]) == ["ArnLike"]
    assert text(deny["Condition"]["ArnLike"]["lambda:SourceFunctionArn"]) == (
        "arn:aws:lambda:ap-southeast-2:123456789012:function:drlab-app-*"
    )


def test_the_table_names_every_function() -> None:
    functions = of_type(CONTROL_PLANE, "AWS::Lambda::Function")
    assert {name.removesuffix("Function") for name in functions} == set(PERMITTED)


@pytest.mark.parametrize("function", [name for name, may in PERMITTED.items() if {RECORD_READ, HEARTBEAT} & may])
def test_a_function_that_reads_a_copy_reads_all_three(function: str) -> None:
    """A majority of copies is what decides; one that may not be read counts as lost."""
    regions = ("ap-southeast-2", "us-west-2", "us-east-1")
    wanted = {f"arn:aws:s3:::drlab-app-control-123456789012-{region}" for region in regions}
    for statement in statements(ROLES[f"{function}FunctionRole"]):
        resources = [text(resource) for resource in listed(statement["Resource"])]
        of_one_region = resources[0].endswith(
            ("/journal/*", "/readiness.json", "/rehearsal.json", "/runs/break-glass-*")
        )
        if resources[0].startswith("arn:aws:s3:::drlab-app-control") and not of_one_region:
            assert {resource.partition("/")[0] for resource in resources} == wanted


@pytest.mark.parametrize("path", [CONTROL_PLANE, WITNESS], ids=["control plane", "witness"])
def test_what_is_allowed_on_every_resource_has_a_reason_and_a_source(path: Path) -> None:
    lines = path.read_text().splitlines()
    wide = [number for number, line in enumerate(lines) if line.strip() == 'Resource: "*"']
    for number in wide:
        start = max(i for i in range(number) if lines[i].strip() == "- Effect: Allow")
        between = "\n".join(lines[start:number])
        assert "AWS requires" in between, f"line {number + 1}"
        assert "# https://docs.aws.amazon.com/" in between, f"line {number + 1}"


def test_whoever_may_read_the_secret_may_have_it_decrypted_and_may_decrypt_nothing_else() -> None:
    """It is encrypted with a key of the account: without this AWS refuses the reading itself.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html#security-encryption-authz
    """
    readers = {name for name, may in PERMITTED.items() if SECRET_READ in may}
    assert readers == {name for name, may in PERMITTED.items() if SECRET_OPENED in may}
    for name in readers:
        using = [one for one in statements(ROLES[f"{name}FunctionRole"]) if listed(one["Action"]) == ["kms:Decrypt"]]
        for statement in using:
            (via,) = statement["Condition"]["StringEquals"].values()
            (alias,) = statement["Condition"]["ForAnyValue:StringEquals"].values()
            assert (text(via), text(alias)) == ("secretsmanager.ap-southeast-2.amazonaws.com", "alias/drlab-app")


def test_no_action_is_a_pattern() -> None:
    for name, role in ROLES.items():
        for statement in statements(role):
            assert not [action for action in listed(statement["Action"]) if "*" in action], name


@pytest.mark.scenario("F40")
def test_nothing_may_redrive_a_run_but_a_person() -> None:
    """To go on with what was decided hours or days ago is not a program's to choose."""
    asked = {action for role in ROLES.values() for one in statements(role) for action in listed(one["Action"])}
    assert "states:StartExecution" in asked
    assert "states:RedriveExecution" not in asked


@pytest.mark.scenario("F46")
def test_no_function_may_remove_an_object_or_a_version_of_one() -> None:
    """What brings everything back is not the control plane's to lose, whoever has got hold of it."""
    asked = {action for role in ROLES.values() for one in statements(role) for action in listed(one["Action"])}
    assert "s3:PutObject" in asked
    assert not [action for action in asked if action.startswith("s3:Delete")]


@pytest.mark.scenario("F32", "F33", "F34")
def test_no_function_may_change_a_record_of_route_53() -> None:
    """Its control plane is in one Region, throttles and queues changes; the records answer by their health checks."""
    asked = {
        (name, action)
        for name, role in ROLES.items()
        for one in statements(role)
        for action in listed(one["Action"])
        if action.startswith("route53")
    }
    assert {name for name, _ in asked} == {"EvaluateReadinessFunctionRole"}, "no function of a run asks anything of it"
    assert {action.partition(":")[2][:3] for _, action in asked} <= {"Get", "Lis"}, "and readiness only reads"


@pytest.mark.parametrize("role", MACHINES)
def test_a_workflow_may_invoke_its_own_functions_and_no_others(role: str) -> None:
    invoked = {
        text(resource)
        for statement in statements({**ROLES[role], "ManagedPolicyArns": []})
        if "lambda:InvokeFunction" in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }
    tasks = {placed.name for placed in states(load(MACHINES[role])) if placed.state["Type"] == "Task"}
    assert invoked == {f"{name}Function.Arn" for name in tasks}


def test_every_function_is_a_workflow_s_or_has_a_trigger_of_its_own() -> None:
    tasks = {placed.name for path in MACHINES.values() for placed in states(load(path))}
    assert set(PERMITTED) - tasks == {"ReceiveAlarm", "ProbeLeader", "EvaluateReadiness", "OperatorApi"}


def test_nobody_but_their_rules_and_the_gateway_may_invoke_a_function_from_outside() -> None:
    permissions = of_type(CONTROL_PLANE, "AWS::Lambda::Permission").values()
    assert {(text(one["FunctionName"]), one["Principal"], text(one["SourceArn"])) for one in permissions} == {
        ("ReceiveAlarmFunction", "events.amazonaws.com", "ReceiveAlarmFunctionAlarmChange.Arn"),
        ("ProbeLeaderFunction", "events.amazonaws.com", "ProbeLeaderFunctionEveryMinute.Arn"),
        (
            "EvaluateReadinessFunction",
            "events.amazonaws.com",
            "EvaluateReadinessFunctionEveryQuarterOfAnHour.Arn",
        ),
        (
            "OperatorApiFunction",
            "apigateway.amazonaws.com",
            "arn:aws:execute-api:ap-southeast-2:123456789012:OperatorHttpApi/*/*",
        ),
    }


def test_the_witness_may_put_events_on_the_two_default_buses_only() -> None:
    (role,) = of_type(WITNESS, "AWS::IAM::Role").values()
    (policy,) = role["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "events:PutEvents"
    assert [text(resource) for resource in statement["Resource"]] == [
        "arn:aws:events:ap-southeast-2:123456789012:event-bus/default",
        "arn:aws:events:us-west-2:123456789012:event-bus/default",
    ]
