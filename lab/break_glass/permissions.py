"""What must a person be allowed to do who takes every step of a failover from their own machine?

What the functions' roles allow together, for one person: the Region that is to lead, and the three copies of the leader
record. No more than that, so it can lie ready on a role that people take on in an emergency. Sources: the table in
lab/cloud/iam/requests.py.
"""

from __future__ import annotations

from typing import Any

from failover.application.restore_from_latest_snapshot import RUN_TAG
from failover.domain.plan import DatabaseMode, Plan
from failover.wiring.operators import state_machine_of, topic_of

Statements = dict[str, tuple[list[str], list[str]]]
COPIES = ("leader-record.json", "heartbeat.json")


def policy(plan: Plan, region: str) -> dict[str, Any]:
    """The IAM policy for a run of `region`."""
    ways = _global_database if plan.db_mode is DatabaseMode.AURORA else _instance
    statements = {**_record(plan, region), **ways(plan, region), **_service(plan, region), **_runs(plan, region)}
    conditional = (
        [] if plan.db_mode is DatabaseMode.AURORA else [_restored_alone(plan, region), _backups_key(plan, region)]
    )
    return {
        "Version": "2012-10-17",
        "Statement": [
            *(
                {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
                for sid, (actions, resources) in statements.items()
            ),
            _secrets_key(plan, region),
            *conditional,
        ],
    }


def _record(plan: Plan, region: str) -> Statements:
    buckets = [f"arn:aws:s3:::{bucket}" for bucket in plan.record_copies.values()]
    own = f"arn:aws:s3:::{plan.record_copies[region]}"
    return {
        "LeaderRecord": (["s3:GetObject"], [f"{bucket}/{copy}" for bucket in buckets for copy in COPIES]),
        "LeaderRecordChange": (["s3:PutObject"], [f"{bucket}/{COPIES[0]}" for bucket in buckets]),
        "ToBeToldOfAbsence": (["s3:ListBucket"], buckets),
        "Run": (["s3:GetObject", "s3:PutObject"], [f"{own}/runs/*"]),
        # How long a restore took in its newest rehearsal.
        "RehearsalSeen": (["s3:GetObject"], [f"{own}/rehearsal.json"]),
        "Journal": (["s3:GetObject", "s3:PutObject", "s3:PutObjectRetention"], [f"{own}/journal/*"]),
        "Alarms": (["cloudwatch:DescribeAlarms"], [alarm.arn for alarm in plan.alarms]),
    }


def _instance(plan: Plan, region: str) -> Statements:
    """Promotion, and the restore where there is none to promote, each as the function of that name is allowed it."""
    rds = f"arn:aws:rds:{region}:{plan.account_id}"
    mine = f"{rds}:db:{plan.region(region).database_instance}"
    either = [f"{rds}:db:{one.database_instance}" for one in plan.regions.values()]
    stacks = [f"{rds}:{kind}:drlab-{plan.service}-*" for kind in ("subgrp", "pg")]
    made_of = [f"{rds}:auto-backup:*", f"{rds}:snapshot:*", *stacks, f"{rds}:og:default*"]
    return {
        "DatabaseSeen": (["rds:DescribeDBInstances"], [mine, f"{mine}-aside-*"]),
        "DatabasePromoted": (["rds:PromoteReadReplica"], [mine]),
        # Backups of an instance that is gone are found in the list of all of them alone.
        "BackupsSeen": (["rds:DescribeDBInstanceAutomatedBackups"], [f"{rds}:auto-backup:*", f"{rds}:db:*"]),
        "SnapshotsSeen": (["rds:DescribeDBSnapshots"], [*either, f"{rds}:snapshot:*"]),
        "DatabaseRestored": (
            ["rds:RestoreDBInstanceToPointInTime", "rds:RestoreDBInstanceFromDBSnapshot"],
            [mine, *made_of],
        ),
        # The source of backups that were made here, once it is set aside.
        "RestoredFromItself": (["rds:RestoreDBInstanceToPointInTime"], [f"{mine}-aside-*"]),
        "RestoredNamed": (["rds:AddTagsToResource", "rds:ModifyDBInstance"], [mine]),
        # Of whichever key: what is read is a key's state, not what it opens.
        "KeysSeen": (["kms:DescribeKey"], [f"arn:aws:kms:{region}:{plan.account_id}:key/*"]),
    }


def _global_database(plan: Plan, region: str) -> Statements:
    """An unplanned failover of it alone: nobody breaks the glass for a switchover."""
    whole = f"arn:aws:rds::{plan.account_id}:global-cluster:{plan.global_cluster}"
    clusters = {
        one.region: f"arn:aws:rds:{one.region}:{plan.account_id}:cluster:{one.database_instance}"
        for one in plan.regions.values()
    }
    return {
        "GlobalDatabaseSeen": (["rds:DescribeGlobalClusters"], [whole]),
        "ClusterSeen": (["rds:DescribeDBClusters"], [clusters[region]]),
        # https://docs.aws.amazon.com/r53recovery/latest/dg/security_iam_region_switch_aurora.html
        "WriterMade": (["rds:FailoverGlobalCluster"], [whole, *clusters.values()]),
    }


def _service(plan: Plan, region: str) -> Statements:
    here, place = plan.region(region), f"{region}:{plan.account_id}"
    restores = plan.db_mode is not DatabaseMode.AURORA
    placement = [f"{here.database_parameter}-placement"] if restores else []
    parameters = [f"/drlab/{plan.service}/plan", here.database_parameter, *placement]
    return {
        "Secret": (
            ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"],
            [f"arn:aws:secretsmanager:{place}:secret:{here.database_secret}-??????"],
        ),
        "Parameters": (["ssm:GetParameter"], [f"arn:aws:ssm:{place}:parameter{name}" for name in parameters]),
        "ParameterWritten": (["ssm:PutParameter"], [f"arn:aws:ssm:{place}:parameter{here.database_parameter}"]),
        "Service": (
            ["ecs:DescribeServices", "ecs:UpdateService"],
            [f"arn:aws:ecs:{place}:service/{here.ecs_cluster}/{here.ecs_service}"],
        ),
        # Knows no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html
        # Nor do metrics: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
        "ObjectsThatWait": (["cloudwatch:GetMetricData"], ["*"]),
        "LoadBalancer": (["elasticloadbalancing:DescribeTargetHealth"], ["*"]),
    }


def _runs(plan: Plan, region: str) -> Statements:
    machine = state_machine_of(region, plan)
    return {
        "People": (["sns:Publish"], [topic_of(region, plan)]),
        "OtherRuns": (["states:ListExecutions"], [machine]),
        "DeadRuns": (
            ["states:DescribeExecution", "states:GetExecutionHistory"],
            [f"{machine.replace(':stateMachine:', ':execution:', 1)}:*"],
        ),
    }


def _restored_alone(plan: Plan, region: str) -> dict[str, Any]:
    """What a run itself restored, which has this tag, and nothing else.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/security_iam_id-based-policy-examples.html
    """
    return {
        "Sid": "DamagedRestoreDeleted",
        "Effect": "Allow",
        "Action": ["rds:DeleteDBInstance"],
        "Resource": [f"arn:aws:rds:{region}:{plan.account_id}:db:{plan.region(region).database_instance}"],
        "Condition": {"Null": {f"aws:ResourceTag/{RUN_TAG}": "false"}},
    }


def _backups_key(plan: Plan, region: str) -> dict[str, Any]:
    """RDS reaches the backup's key for whoever restores, and through RDS alone.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html
    """
    return {
        "Sid": "BackupsKey",
        "Effect": "Allow",
        "Action": ["kms:CreateGrant", "kms:DescribeKey"],
        "Resource": [f"arn:aws:kms:{region}:{plan.account_id}:key/*"],
        "Condition": {
            "ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/drlab-{plan.service}"},
            "StringEquals": {"kms:ViaService": f"rds.{region}.amazonaws.com"},
        },
    }


def _secrets_key(plan: Plan, region: str) -> dict[str, Any]:
    """Secrets Manager uses the secret's key in the caller's name. A key's id cannot be told beforehand, its alias can.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html#security-encryption-authz
    """
    return {
        "Sid": "SecretsKey",
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": [f"arn:aws:kms:{region}:{plan.account_id}:key/*"],
        "Condition": {
            "ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/drlab-{plan.service}"},
            "StringEquals": {"kms:ViaService": f"secretsmanager.{region}.amazonaws.com"},
        },
    }
