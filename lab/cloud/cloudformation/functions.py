"""Which functions, and which permissions to invoke them, do the templates create in the lab?"""

from __future__ import annotations

import json

from lab.cloud.cloudformation.resource import Created, Made, Properties, ResourceType, Wanted

# create_function takes these under CloudFormation's own names.
_CONFIGURATION = (
    "Architectures",
    "DeadLetterConfig",
    "Description",
    "Environment",
    "Handler",
    "LoggingConfig",
    "Role",
    "Runtime",
    "TracingConfig",
    "VpcConfig",
)
_NUMBERS = ("MemorySize", "Timeout")


def _create_function(wanted: Wanted) -> Created:
    client, function = wanted.client("lambda"), wanted.properties.get("FunctionName", wanted.name)
    settings = {key: wanted.properties[key] for key in _CONFIGURATION if key in wanted.properties}
    numbers = {key: int(wanted.properties[key]) for key in _NUMBERS if key in wanted.properties}
    arn = client.create_function(
        FunctionName=function,
        Code=wanted.properties["Code"],
        Tags=_tags(wanted.properties),
        **settings,
        **numbers,
    )["FunctionArn"]
    if "ReservedConcurrentExecutions" in wanted.properties:
        client.put_function_concurrency(
            FunctionName=function,
            ReservedConcurrentExecutions=int(wanted.properties["ReservedConcurrentExecutions"]),
        )
    return Created(function, {"Arn": arn})


def _read_function(made: Made) -> Properties:
    client = made.client("lambda")
    answer = client.get_function(FunctionName=made.ref)
    found = dict(answer["Configuration"])
    found["Tags"] = [{"Key": key, "Value": value} for key, value in answer.get("Tags", {}).items()]
    found["ReservedConcurrentExecutions"] = answer.get("Concurrency", {}).get("ReservedConcurrentExecutions")
    if found.get("VpcConfig"):
        found["VpcConfig"] = {key: found["VpcConfig"].get(key) for key in ("SubnetIds", "SecurityGroupIds")}
    if found.get("CodeSize"):
        # The archive itself is proven by its size: moto does not tell where it came from.
        found["Code"] = made.properties["Code"]
    return found


def _tags(properties: Properties) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}


def _create_permission(wanted: Wanted) -> Created:
    arguments = {
        key: wanted.properties[key] for key in ("Action", "Principal", "SourceArn") if key in wanted.properties
    }
    wanted.client("lambda").add_permission(
        FunctionName=wanted.properties["FunctionName"], StatementId=wanted.name, **arguments
    )
    return Created(wanted.name)


def _read_permission(made: Made) -> Properties:
    policy = made.client("lambda").get_policy(FunctionName=made.properties["FunctionName"])["Policy"]
    statement: Properties = next((item for item in json.loads(policy)["Statement"] if item["Sid"] == made.ref), {})
    principal = statement.get("Principal")
    return {
        "Action": statement.get("Action"),
        "FunctionName": made.properties["FunctionName"] if statement else None,
        "Principal": principal.get("Service") if isinstance(principal, dict) else principal,
        "SourceArn": statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn"),
    }


def _create_invoke_config(wanted: Wanted) -> Created:
    wanted.client("lambda").put_function_event_invoke_config(
        FunctionName=wanted.properties["FunctionName"],
        MaximumRetryAttempts=int(wanted.properties["MaximumRetryAttempts"]),
        MaximumEventAgeInSeconds=int(wanted.properties["MaximumEventAgeInSeconds"]),
        DestinationConfig=wanted.properties.get("DestinationConfig", {}),
    )
    return Created(wanted.name)


def _read_invoke_config(made: Made) -> Properties:
    found = made.client("lambda").get_function_event_invoke_config(FunctionName=made.properties["FunctionName"])
    function = found["FunctionArn"].split(":")
    return {
        "FunctionName": function[6],
        "MaximumRetryAttempts": found.get("MaximumRetryAttempts"),
        "MaximumEventAgeInSeconds": found.get("MaximumEventAgeInSeconds"),
        "DestinationConfig": found.get("DestinationConfig", {}),
    }


TYPES = (
    ResourceType(
        "AWS::Lambda::Function",
        frozenset({*_CONFIGURATION, *_NUMBERS, "Code", "FunctionName", "ReservedConcurrentExecutions", "Tags"}),
        _create_function,
        _read_function,
        inert={"Layers": "dependencies come from the lab's own environment, which pins the same versions"},
        attributes=frozenset({"Arn"}),
    ),
    ResourceType(
        "AWS::Lambda::LayerVersion",
        inert={"*": "dependencies come from the lab's own environment, which pins the same versions"},
    ),
    ResourceType(
        "AWS::Lambda::Permission",
        frozenset({"Action", "FunctionName", "Principal", "SourceArn"}),
        _create_permission,
        _read_permission,
    ),
    ResourceType(
        "AWS::Lambda::EventInvokeConfig",
        frozenset({"DestinationConfig", "FunctionName", "MaximumEventAgeInSeconds", "MaximumRetryAttempts"}),
        _create_invoke_config,
        _read_invoke_config,
        inert={"Qualifier": "the lab has no versions or aliases: every call goes to $LATEST"},
    ),
)
