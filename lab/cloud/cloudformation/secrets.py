"""Which secrets and parameters do the templates create in the lab?"""

from __future__ import annotations

import json
from typing import Any

from lab.cloud.cloudformation.resource import Created, Made, Properties, ResourceType, Wanted

_LENGTH = 32  # GetRandomPassword's default


def _create_secret(wanted: Wanted) -> Created:
    manager, given = wanted.client("secretsmanager"), wanted.properties
    text = given["SecretString"] if "SecretString" in given else _generated(manager, given["GenerateSecretString"])
    more: dict[str, Any] = {"AddReplicaRegions": given["ReplicaRegions"]} if "ReplicaRegions" in given else {}
    arn = manager.create_secret(
        Name=given["Name"], Description=given["Description"], KmsKeyId=given["KmsKeyId"], SecretString=text, **more
    )["ARN"]
    return Created(arn)


def _generated(manager: Any, rules: Properties) -> str:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-secretsmanager-secret-generatesecretstring.html"""
    password = manager.get_random_password(
        PasswordLength=int(rules.get("PasswordLength", _LENGTH)),
        ExcludePunctuation=str(rules.get("ExcludePunctuation", False)).lower() == "true",
    )["RandomPassword"]
    return json.dumps({**json.loads(rules["SecretStringTemplate"]), rules["GenerateStringKey"]: password})


def _read_secret(made: Made) -> Properties:
    manager = made.client("secretsmanager")
    found = manager.describe_secret(SecretId=made.ref)
    value = manager.get_secret_value(SecretId=made.ref)["SecretString"]
    there = {one["Region"] for one in found.get("ReplicationStatus", [])}
    # moto names the same key for every copy, so only where the copies are is compared.
    copies = [one for one in made.properties.get("ReplicaRegions", []) if one["Region"] in there]
    return {**found, "SecretString": value, "ReplicaRegions": copies}


def _create_parameter(wanted: Wanted) -> Created:
    name = wanted.properties["Name"]
    wanted.client("ssm").put_parameter(
        Name=name,
        Value=wanted.properties["Value"],
        Type=wanted.properties["Type"],
        Description=wanted.properties["Description"],
    )
    return Created(name)


def _read_parameter(made: Made) -> Properties:
    ssm = made.client("ssm")
    found = ssm.get_parameter(Name=made.ref)["Parameter"]
    filters = [{"Key": "Name", "Values": [made.ref]}]
    described = ssm.describe_parameters(ParameterFilters=filters)["Parameters"][0]
    return {**found, "Description": described.get("Description")}


TYPES = (
    ResourceType(
        "AWS::SecretsManager::Secret",
        frozenset({"Description", "KmsKeyId", "Name", "ReplicaRegions", "SecretString"}),
        _create_secret,
        _read_secret,
        inert={"GenerateSecretString": "a rule for making the value, which shows in no answer"},
    ),
    ResourceType(
        "AWS::SSM::Parameter",
        frozenset({"Description", "Name", "Type", "Value"}),
        _create_parameter,
        _read_parameter,
    ),
)
