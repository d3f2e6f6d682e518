"""What must a person be allowed to do who takes every step of a failover from their own machine?

What the functions' roles allow together, for one person: the Region that is to lead, and the three copies of the leader
record. No more than that, so it can lie ready on a role that people take on in an emergency. Sources: the table in
lab/cloud/iam_requests.py.
"""

from __future__ import annotations

from typing import Any

from failover.domain.plan import Plan
from failover.wiring.operators import state_machine_of, topic_of

COPIES = ("leader-record.json", "heartbeat.json")


def policy(plan: Plan, region: str) -> dict[str, Any]:
    """The IAM policy for a run of `region`."""
    here, place = plan.region(region), f"{region}:{plan.account_id}"
    buckets = [f"arn:aws:s3:::{bucket}" for bucket in plan.record_copies.values()]
    own = f"arn:aws:s3:::{plan.record_copies[region]}"
    machine = state_machine_of(region, plan)
    parameters = [f"/drlab/{plan.service}/plan", here.database_parameter]
    statements: dict[str, tuple[list[str], list[str]]] = {
        "LeaderRecord": (["s3:GetObject"], [f"{bucket}/{copy}" for bucket in buckets for copy in COPIES]),
        "LeaderRecordChange": (["s3:PutObject"], [f"{bucket}/{COPIES[0]}" for bucket in buckets]),
        "ToBeToldOfAbsence": (["s3:ListBucket"], buckets),
        "Run": (["s3:GetObject", "s3:PutObject"], [f"{own}/runs/*"]),
        "Journal": (["s3:GetObject", "s3:PutObject", "s3:PutObjectRetention"], [f"{own}/journal/*"]),
        "Alarms": (["cloudwatch:DescribeAlarms"], [alarm.arn for alarm in plan.alarms]),
        "DatabaseSeen": (["rds:DescribeDBInstances"], [f"arn:aws:rds:{place}:db:{here.database_instance}"]),
        "DatabasePromoted": (["rds:PromoteReadReplica"], [f"arn:aws:rds:{place}:db:{here.database_instance}"]),
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
        "People": (["sns:Publish"], [topic_of(region, plan)]),
        "OtherRuns": (["states:ListExecutions"], [machine]),
        "DeadRuns": (
            ["states:DescribeExecution", "states:GetExecutionHistory"],
            [f"{machine.replace(':stateMachine:', ':execution:', 1)}:*"],
        ),
    }
    return {
        "Version": "2012-10-17",
        "Statement": [
            *(
                {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
                for sid, (actions, resources) in statements.items()
            ),
            _secrets_key(plan, region),
        ],
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
