"""The emulated AWS of all cases: made once, and put back to its first state before each."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import boto3
from moto.cloudwatch.models import cloudwatch_backends
from moto.ecs.models import ecs_backends
from moto.route53.models import route53_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sns.models import sns_backends
from moto.ssm.models import ssm_backends

from chaos.case import Case
from chaos.clock import CaseClock
from chaos.installation import (
    ACCOUNT,
    ALARM,
    CLUSTER,
    COPIES,
    GLOBAL_CLUSTER,
    KEY_ALIAS,
    MACHINES,
    PARAMETER,
    PLAN_PARAMETER,
    PRIMARY,
    REGIONS,
    SECRET,
    STANDBY,
    STANDBY_TASKS,
    TOPIC,
    WITNESS,
    database_of,
    objects_of,
    plan_text,
)
from chaos.interpreter import WORKFLOWS
from chaos.rds import Rds
from failover.adapters.s3_leader_record import KEY as RECORD_KEY
from failover.adapters.s3_leader_record import _dump, _parse
from failover.domain.leader_record import LeaderRecord
from failover.domain.register_protocol import Ballot, Copy, Versioned, agreed

# From the Region that is rebuilt to the other: as the data plane has it before any failover.
RULES = {
    "Role": f"arn:aws:iam::{ACCOUNT}:role/replicates-{STANDBY}",
    "Rules": [
        {
            "ID": "all",
            "Priority": 1,
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "DeleteMarkerReplication": {"Status": "Disabled"},
            "Destination": {"Bucket": f"arn:aws:s3:::{objects_of(PRIMARY)}"},
        }
    ],
}


class Cloud:
    """Talks to moto's own objects where a request would only take time."""

    def __init__(self, clock: CaseClock) -> None:
        self._make()
        self.rds = Rds(clock)
        self._first = {name: copy.deepcopy(value) for name, value in self._changeable().items()}

    def reset(self, case: Case, first: LeaderRecord) -> None:
        """As before the fault: `first` on every copy, and the databases as the case has them."""
        for bucket in self._buckets().values():
            bucket.keys.clear()
        for region in REGIONS:
            self.put(region, RECORD_KEY, json.dumps(_dump(Copy(Ballot(1, "first"), Ballot(1, "first"), first))))
        for target, name in self._changeable():
            setattr(target, name, copy.deepcopy(self._first[target, name]))
        self.rds.begin(case.situation)
        self._set_plan(case.plan)
        for workflow in WORKFLOWS:
            workflow.machine.executions.clear()
        self.topic.sent_notifications.clear()
        self.set_alarm(case.situation.well)
        self.alarm.state_transitioned_timestamp = self.alarm.state_updated_timestamp = datetime.now(UTC)
        self.objects(PRIMARY).replication = None

    def put(self, region: str, key: str, text: str) -> None:
        s3_backends[ACCOUNT]["aws"].put_object(COPIES[region], key, text.encode())

    def text(self, region: str, key: str) -> str | None:
        found = self._buckets()[region].keys.get(key)
        return found.value.decode() if found is not None else None

    def keys(self, region: str) -> list[str]:
        return sorted(self._buckets()[region].keys)

    def record(self) -> LeaderRecord | None:
        """What a majority of the copies holds at this moment."""
        held: dict[str, Versioned] = {}
        for region in REGIONS:
            text = self.text(region, RECORD_KEY)
            if text is not None:
                held[region] = Versioned(_copy(text), "v")
        return agreed(held, len(REGIONS))

    def set_alarm(self, well: bool) -> None:
        """What the witness's alarm says; since when is not changed."""
        self.alarm.state_value = "OK" if well else "ALARM"

    @property
    def alarm(self) -> Any:
        return next(iter(cloudwatch_backends[ACCOUNT][WITNESS].alarms.values()))

    @property
    def service(self) -> Any:
        return ecs_backends[ACCOUNT][STANDBY].services[f"{CLUSTER}:{CLUSTER}"]

    @property
    def topic(self) -> Any:
        return next(iter(sns_backends[ACCOUNT][STANDBY].topics.values()))

    @property
    def zone(self) -> Any:
        """The failover records are in it."""
        return next(iter(route53_backends[ACCOUNT]["aws"].zones.values()))

    def objects(self, region: str) -> Any:
        """The bucket of the service's objects."""
        return s3_backends[ACCOUNT]["aws"].buckets[objects_of(region)]

    def settings(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the secret and the parameter of the standby say of its database."""
        secret = secretsmanager_backends[ACCOUNT][STANDBY].secrets[SECRET]
        value = secret.versions[secret.default_version_id]["secret_string"]
        parameter = ssm_backends[ACCOUNT][STANDBY]._parameters[PARAMETER][-1].value
        return json.loads(value), json.loads(parameter)

    def _buckets(self) -> dict[str, Any]:
        backend = s3_backends[ACCOUNT]["aws"]
        return {region: backend.buckets[COPIES[region]] for region in REGIONS}

    def _changeable(self) -> dict[tuple[Any, str], Any]:
        """Every attribute that a run may change."""
        secret = secretsmanager_backends[ACCOUNT][STANDBY].secrets[SECRET]
        targets = (
            (self.service, ("desired_count",)),
            (secret, ("versions", "default_version_id", "secret_string")),
            (self.objects(STANDBY), ("replication",)),
            (self.zone, ("rrsets",)),
        )
        return {(target, name): getattr(target, name) for target, names in targets for name in names}

    def _set_plan(self, text: str) -> None:
        for region in (PRIMARY, STANDBY):
            parameters = ssm_backends[ACCOUNT][region]._parameters
            del parameters[PLAN_PARAMETER][1:]
            parameters[PLAN_PARAMETER][0].value = text
        stored = ssm_backends[ACCOUNT][STANDBY]._parameters[PARAMETER]
        del stored[1:]
        stored[0].value = json.dumps({"host": "replica.example", "port": 5432})

    def _make(self) -> None:
        for region in REGIONS:
            boto3.client("s3", "us-east-1").create_bucket(Bucket=COPIES[region], ObjectLockEnabledForBucket=True)
        for region in (PRIMARY, STANDBY):
            boto3.client("ssm", region).put_parameter(Name=PLAN_PARAMETER, Value=plan_text(), Type="String")
        boto3.client("ssm", STANDBY).put_parameter(Name=PARAMETER, Value="{}", Type="String")
        secret = {"host": "replica.example", "port": 5432, "username": "app", "password": "not-shown", "dbname": "app"}
        boto3.client("secretsmanager", STANDBY).create_secret(Name=SECRET, SecretString=json.dumps(secret))
        boto3.client("sns", STANDBY).create_topic(Name=TOPIC)
        self._make_databases()
        self._make_service()
        self._make_global_database()
        self._make_objects()
        self._make_alarm()
        self._make_names()
        key = boto3.client("kms", STANDBY).create_key()["KeyMetadata"]["KeyId"]
        boto3.client("kms", STANDBY).create_alias(AliasName=KEY_ALIAS, TargetKeyId=key)
        placement = {
            "instance_class": "db.t4g.medium",
            "subnet_group": "s",
            "parameter_group": "p",
            "security_groups": ["g"],
            "rehearsal_security_groups": ["nobody"],
        }
        boto3.client("ssm", STANDBY).put_parameter(
            Name=f"{PARAMETER}-placement", Value=json.dumps(placement), Type="String"
        )
        role = boto3.client("iam", STANDBY).create_role(RoleName="states", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        for name, workflow in zip(MACHINES, WORKFLOWS, strict=True):
            boto3.client("stepfunctions", STANDBY).create_state_machine(
                name=name, definition=workflow.definition(), roleArn=role
            )

    def _make_databases(self) -> None:
        boto3.client("rds", PRIMARY).create_db_instance(
            DBInstanceIdentifier=database_of(PRIMARY),
            DBInstanceClass="db.t4g.medium",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername="app",
            MasterUserPassword="not-shown",
            BackupRetentionPeriod=7,
        )
        standby = boto3.client("rds", STANDBY)
        standby.create_db_instance_read_replica(
            DBInstanceIdentifier=database_of(STANDBY),
            SourceDBInstanceIdentifier=f"arn:aws:rds:{PRIMARY}:{ACCOUNT}:db:{database_of(PRIMARY)}",
            SourceRegion=PRIMARY,
        )
        group = {"DBParameterGroupName": "drlab", "DBParameterGroupFamily": "postgres16", "Description": "ours"}
        standby.create_db_parameter_group(**group)
        standby.modify_db_instance(DBInstanceIdentifier=database_of(STANDBY), DBParameterGroupName="drlab")

    def _make_global_database(self) -> None:
        engine = {"Engine": "aurora-postgresql", "EngineVersion": "16.6"}
        boto3.client("rds", PRIMARY).create_global_cluster(GlobalClusterIdentifier=GLOBAL_CLUSTER, **engine)
        for region in (PRIMARY, STANDBY):
            rds, name = boto3.client("rds", region), database_of(region)
            login = {"MasterUsername": "app", "MasterUserPassword": "not-shown"} if region == PRIMARY else {}
            rds.create_db_cluster(
                DBClusterIdentifier=name, GlobalClusterIdentifier=GLOBAL_CLUSTER, Port=5432, **engine, **login
            )
            rds.create_db_instance(
                DBInstanceIdentifier=f"{name}-1",
                DBClusterIdentifier=name,
                DBInstanceClass="db.r6g.large",
                Engine=engine["Engine"],
            )

    def _make_objects(self) -> None:
        client = boto3.client("s3", "us-east-1")
        for region in (PRIMARY, STANDBY):
            client.create_bucket(Bucket=objects_of(region))
            client.put_bucket_versioning(Bucket=objects_of(region), VersioningConfiguration={"Status": "Enabled"})
        client.put_bucket_replication(Bucket=objects_of(STANDBY), ReplicationConfiguration=RULES)

    def _make_service(self) -> None:
        """As many healthy targets as a leader needs: capacity is not what these cases are about."""
        ecs, elbv2, ec2 = (boto3.client(name, STANDBY) for name in ("ecs", "elbv2", "ec2"))
        ecs.create_cluster(clusterName=CLUSTER)
        container = {"name": CLUSTER, "image": "app", "memory": 128}
        ecs.register_task_definition(family=CLUSTER, containerDefinitions=[container])
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        group = elbv2.create_target_group(Name=CLUSTER, Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")
        arn = group["TargetGroups"][0]["TargetGroupArn"]
        elbv2.register_targets(TargetGroupArn=arn, Targets=[{"Id": f"10.0.0.{number}"} for number in (4, 5, 6)])
        ecs.create_service(
            cluster=CLUSTER,
            serviceName=CLUSTER,
            taskDefinition=CLUSTER,
            desiredCount=STANDBY_TASKS,
            loadBalancers=[{"targetGroupArn": arn, "containerName": CLUSTER, "containerPort": 80}],
        )

    def _make_names(self) -> None:
        """The failover records, which health checks answer for."""
        client = boto3.client("route53", "us-east-1")
        zone = client.create_hosted_zone(Name="example.com", CallerReference="one")["HostedZone"]["Id"]
        for role, region in (("PRIMARY", PRIMARY), ("SECONDARY", STANDBY)):
            record = {
                "Name": "app.example.com",
                "Type": "CNAME",
                "SetIdentifier": region,
                "Failover": role,
                "TTL": 60,
                "ResourceRecords": [{"Value": f"{region}.app.example.com"}],
            }
            changes = [{"Action": "CREATE", "ResourceRecordSet": record}]
            client.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})

    def _make_alarm(self) -> None:
        client = boto3.client("cloudwatch", WITNESS)
        client.put_metric_alarm(
            AlarmName=ALARM, EvaluationPeriods=1, ComparisonOperator="LessThanThreshold", Threshold=1
        )
        client.set_alarm_state(AlarmName=ALARM, StateValue="ALARM", StateReason="Threshold Crossed")


@lru_cache(maxsize=64)
def _copy(text: str) -> Copy:
    """The model looks at the copies far more often than they change."""
    return _parse(text.encode(), "a bucket")
