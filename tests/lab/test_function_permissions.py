"""Is a function denied on the emulated AWS what its role does not allow, and is what it used told?"""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest

from lab.cloud.iam.requests import NEEDS, UnknownCall, needed
from tests.lab.emulated_cloud import EmulatedCloud, unique

REGION, ACCOUNT = "us-west-2", "123456789012"
SOURCE = """
import boto3
def handler(event, context):
    client = boto3.client(event["service"])
    try:
        getattr(client, event["call"])(**event["with"])
    except client.exceptions.ClientError as error:
        return error.response["Error"]
    return {"Code": None}
"""


@pytest.fixture(scope="module")
def bucket(cloud: EmulatedCloud) -> str:
    name = unique("bucket")
    cloud.client("s3", REGION).create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    cloud.client("s3", REGION).put_object(Bucket=name, Key="there", Body=b"1")
    return name


Statement = tuple[str, str] | tuple[str, str, dict[str, dict[str, str]]]


def function(cloud: EmulatedCloud, *statements: Statement) -> str:
    """A function whose role allows each (action, resource, condition), one by an attached policy, others by its own."""
    arn = cloud.function(REGION, SOURCE, Timeout=10)
    iam = cloud.client("iam", REGION)
    configuration = cloud.client("lambda", REGION).get_function_configuration(FunctionName=arn)
    role = configuration["Role"].rpartition("/")[2]
    for place, (action, resource, *condition) in enumerate(statements):
        statement = {"Effect": "Allow", "Action": action, "Resource": resource}
        statement |= {"Condition": condition[0]} if condition else {}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        if place == 0:
            made = iam.create_policy(PolicyName=unique("policy"), PolicyDocument=document)
            iam.attach_role_policy(RoleName=role, PolicyArn=made["Policy"]["Arn"])
        else:
            iam.put_role_policy(RoleName=role, PolicyName=f"own-{place}", PolicyDocument=document)
    return arn


def call(cloud: EmulatedCloud, arn: str, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
    event = {"service": service, "call": operation, "with": parameters}
    answer = cloud.client("lambda", REGION).invoke(FunctionName=arn, Payload=json.dumps(event))
    found: dict[str, Any] = json.loads(answer["Payload"].read())
    return found


def test_a_call_that_no_policy_allows_is_denied_and_never_made(cloud: EmulatedCloud, bucket: str) -> None:
    arn = function(cloud, ("s3:GetObject", f"arn:aws:s3:::{bucket}/*"))
    error = call(cloud, arn, "s3", "put_object", Bucket=bucket, Key="there", Body="2")
    assert error["Code"] == "AccessDenied"
    assert f"s3:PutObject on arn:aws:s3:::{bucket}/there" in error["Message"]
    assert cloud.client("s3", REGION).get_object(Bucket=bucket, Key="there")["Body"].read() == b"1"


def test_what_was_used_unused_and_denied_is_told(cloud: EmulatedCloud, bucket: str) -> None:
    objects, itself = f"arn:aws:s3:::{bucket}/*", f"arn:aws:s3:::{bucket}"
    arn = function(cloud, ("s3:GetObject", objects), ("s3:ListBucket", itself))
    assert call(cloud, arn, "s3", "get_object", Bucket=bucket, Key="there") == {"Code": None}
    assert call(cloud, arn, "sns", "publish", TopicArn="arn:aws:sns:us-west-2:1:t", Message="m")["Code"]
    assert cloud.control.permissions()[arn] == {
        "used": [["s3:GetObject", objects]],
        "unused": [["s3:ListBucket", itself]],
        "denied": ["no policy allows sns:Publish on arn:aws:sns:us-west-2:1:t"],
    }


def test_absence_is_told_only_to_those_who_may_list(cloud: EmulatedCloud, bucket: str) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html (Permissions)"""
    objects = ("s3:GetObject", f"arn:aws:s3:::{bucket}/*")
    blind, seeing = function(cloud, objects), function(cloud, objects, ("s3:ListBucket", f"arn:aws:s3:::{bucket}"))
    assert call(cloud, blind, "s3", "get_object", Bucket=bucket, Key="not there")["Code"] == "AccessDenied"
    assert call(cloud, seeing, "s3", "get_object", Bucket=bucket, Key="not there")["Code"] == "NoSuchKey"


def test_an_invocation_that_outlives_its_function_keeps_its_role(cloud: EmulatedCloud, bucket: str) -> None:
    """Nobody takes its credentials away; one that never ran has none."""
    objects = ("s3:GetObject", f"arn:aws:s3:::{bucket}/*")
    arn, never_ran = function(cloud, objects), function(cloud, objects)
    assert call(cloud, arn, "s3", "get_object", Bucket=bucket, Key="there") == {"Code": None}
    for one in (arn, never_ran):
        cloud.client("lambda", REGION).delete_function(FunctionName=one)
    read = {
        "service": "s3",
        "operation": "GetObject",
        "parameters": {"Bucket": bucket, "Key": "there"},
        "region": REGION,
    }
    assert cloud.control.authorize({"caller": arn, **read}) is None
    assert "no policy allows" in str(cloud.control.authorize({"caller": arn, **read, "operation": "PutObject"}))
    assert "nobody knows with which role" in str(cloud.control.authorize({"caller": never_ran, **read}))


def via(service: str, alias: str) -> dict[str, dict[str, str]]:
    return {
        "StringEquals": {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"},
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": alias},
    }


def test_a_secret_is_read_only_by_who_may_use_its_key_by_way_of_secrets_manager(cloud: EmulatedCloud) -> None:
    """https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html#security-encryption-authz"""
    kms, name, alias = cloud.client("kms", REGION), unique("secret"), f"alias/{unique('key')}"
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    cloud.client("secretsmanager", REGION).create_secret(Name=name, KmsKeyId=key["Arn"], SecretString="s")
    read = ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-??????")
    keys = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*"

    def refusal(*granted: Statement) -> str:
        arn = function(cloud, read, *granted)
        error = call(cloud, arn, "secretsmanager", "get_secret_value", SecretId=name)
        return str(error.get("Message")) if error["Code"] else "none"

    assert f"no policy allows kms:Decrypt on {key['Arn']}" in refusal()
    assert "kms:viaservice secretsmanager" in refusal(("kms:Decrypt", keys, via("rds", alias)))
    assert alias in refusal(("kms:Decrypt", keys, via("secretsmanager", "alias/another")))
    assert refusal(("kms:Decrypt", keys, via("secretsmanager", alias))) == "none"


def test_a_role_is_handed_on_only_to_the_service_that_the_policy_names(cloud: EmulatedCloud, bucket: str) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"""
    role, target = f"arn:aws:iam::{ACCOUNT}:role/replicate", unique("bucket")
    s3 = cloud.client("s3", REGION)
    s3.create_bucket(Bucket=target, CreateBucketConfiguration={"LocationConstraint": REGION})
    for one in (bucket, target):
        s3.put_bucket_versioning(Bucket=one, VersioningConfiguration={"Status": "Enabled"})
    rule = {"Status": "Enabled", "Prefix": "a/", "Destination": {"Bucket": f"arn:aws:s3:::{target}"}}
    wanted = {"Bucket": bucket, "ReplicationConfiguration": {"Role": role, "Rules": [rule]}}
    change = ("s3:PutReplicationConfiguration", f"arn:aws:s3:::{bucket}")
    passed = "iam:PassRole", role
    elsewhere = function(cloud, change, (*passed, {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}))
    assert "iam:PassRole on" in call(cloud, elsewhere, "s3", "put_bucket_replication", **wanted)["Message"]
    there = function(cloud, change, (*passed, {"StringEquals": {"iam:PassedToService": "s3.amazonaws.com"}}))
    assert call(cloud, there, "s3", "put_bucket_replication", **wanted)["Code"] is None


def test_only_an_instance_with_the_tag_is_deleted(cloud: EmulatedCloud) -> None:
    rds = cloud.client("rds", REGION)
    ours, other = unique("restored"), unique("of-somebody-else")
    for name, tags in ((ours, [{"Key": "restored-by", "Value": "run"}]), (other, [])):
        rds.create_db_instance(
            DBInstanceIdentifier=name, Engine="postgres", DBInstanceClass="db.t4g.micro", AllocatedStorage=20,
            MasterUsername="u", MasterUserPassword="password", Tags=tags,
        )  # fmt: skip
    tagged = {"Null": {"aws:ResourceTag/restored-by": "false"}}
    arn = function(cloud, ("rds:DeleteDBInstance", f"arn:aws:rds:{REGION}:{ACCOUNT}:db:*", tagged))
    delete = {"SkipFinalSnapshot": True}
    refused = call(cloud, arn, "rds", "delete_db_instance", DBInstanceIdentifier=other, **delete)
    assert "rds:DeleteDBInstance on" in refused["Message"]
    assert call(cloud, arn, "rds", "delete_db_instance", DBInstanceIdentifier=ours, **delete)["Code"] is None


def test_a_call_that_nobody_has_thought_of_is_denied(cloud: EmulatedCloud, bucket: str) -> None:
    arn = function(cloud, ("*", "*"))
    error = call(cloud, arn, "s3", "delete_object", Bucket=bucket, Key="there")
    assert error["Code"] == "AccessDenied"
    assert "no permission is known for DeleteObject of s3" in error["Message"]


def test_the_table_names_calls_that_exist() -> None:
    session = botocore.session.get_session()
    for service, operation in NEEDS:
        assert operation in session.get_service_model(service).operation_names


def test_an_object_that_is_locked_as_it_is_written_needs_both_permissions() -> None:
    parameters = {"Bucket": "b", "Key": "k", "ObjectLockMode": "GOVERNANCE"}
    wanted = needed("s3", "PutObject", parameters, REGION, ACCOUNT)
    assert [str(one) for one in wanted] == [
        "s3:PutObject on arn:aws:s3:::b/k",
        "s3:PutObjectRetention on arn:aws:s3:::b/k",
    ]


def test_a_description_of_every_alarm_is_no_description_of_one() -> None:
    (wanted,) = needed("cloudwatch", "DescribeAlarms", {}, REGION, ACCOUNT)
    assert wanted.resource == f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:*"


def test_composite_alarms_are_described_only_to_who_may_describe_every_alarm() -> None:
    asked = {"AlarmNames": ["one"], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
    (wanted,) = needed("cloudwatch", "DescribeAlarms", asked, REGION, ACCOUNT)
    assert wanted.resource == "*"


def test_a_call_without_an_entry_is_refused_by_name() -> None:
    with pytest.raises(UnknownCall, match="DeleteDBCluster of rds"):
        needed("rds", "DeleteDBCluster", {}, REGION, ACCOUNT)
