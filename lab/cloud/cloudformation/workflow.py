"""How does a state machine of the templates come into the lab, in the engine that really runs it?

moto's own type for AWS::StepFunctions::StateMachine writes to a store that does not execute; the API does.
"""

from __future__ import annotations

from collections.abc import Callable

from lab.cloud.cloudformation.resource import Created, Made, Properties, ResourceType, Wanted


def _definition(properties: Properties) -> str:
    text: str = properties["DefinitionString"]
    for name, value in properties.get("DefinitionSubstitutions", {}).items():
        text = text.replace("${" + name + "}", str(value))
    return text


def _create_state_machine(wanted: Wanted) -> Created:
    machine = wanted.properties.get("StateMachineName", wanted.name)
    arn = wanted.client("stepfunctions").create_state_machine(
        name=machine,
        definition=_definition(wanted.properties),
        roleArn=wanted.properties["RoleArn"],
        type=wanted.properties.get("StateMachineType", "STANDARD"),
        tracingConfiguration=_lower_camel(wanted.properties.get("TracingConfiguration", {"Enabled": False})),
        loggingConfiguration=_lower_camel(wanted.properties.get("LoggingConfiguration", {"Level": "OFF"})),
        tags=[{"key": tag["Key"], "value": tag["Value"]} for tag in wanted.properties.get("Tags", [])],
    )["stateMachineArn"]
    return Created(arn, {"Arn": arn, "Name": machine})


def _read_state_machine(made: Made) -> Properties:
    client = made.client("stepfunctions")
    found = client.describe_state_machine(stateMachineArn=made.ref)
    tags = client.list_tags_for_resource(resourceArn=made.ref)["tags"]
    unchanged = found["definition"] == _definition(made.properties) and "${" not in found["definition"]
    return {
        "DefinitionString": made.properties["DefinitionString"] if unchanged else found["definition"],
        "DefinitionSubstitutions": made.properties.get("DefinitionSubstitutions") if unchanged else None,
        "StateMachineName": found["name"],
        "StateMachineType": found["type"],
        "RoleArn": found["roleArn"],
        "LoggingConfiguration": _upper_camel(found.get("loggingConfiguration", {})),
        "TracingConfiguration": _upper_camel(found.get("tracingConfiguration", {})),
        "Tags": [{"Key": tag["key"], "Value": tag["value"]} for tag in tags],
    }


def _lower_camel(value: object) -> object:
    """CloudFormation writes LogGroupArn where the API writes logGroupArn."""
    return _rename(value, lambda key: key[0].lower() + key[1:])


def _upper_camel(value: object) -> object:
    return _rename(value, lambda key: key[0].upper() + key[1:])


def _rename(value: object, rename: Callable[[str], str]) -> object:
    if isinstance(value, dict):
        return {rename(key): _rename(item, rename) for key, item in value.items()}
    if isinstance(value, list):
        return [_rename(item, rename) for item in value]
    return value


TYPES = (
    ResourceType(
        "AWS::StepFunctions::StateMachine",
        frozenset(
            {
                "DefinitionString",
                "DefinitionSubstitutions",
                "LoggingConfiguration",
                "RoleArn",
                "StateMachineName",
                "StateMachineType",
                "Tags",
                "TracingConfiguration",
            }
        ),
        _create_state_machine,
        _read_state_machine,
        attributes=frozenset({"Arn", "Name"}),
    ),
)
