"""The project's templates as AWS would deploy them, read once for all tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from lab.cloud.cloudformation import sam_templates

ROOT = Path(__file__).parents[2]
CONTROL_PLANE = ROOT / "template.yaml"
WITNESS = ROOT / "controlplane_sam" / "witness.yaml"
REGION = "ap-southeast-2"

# What the template's parameters and pseudo parameters stand for in these tests.
VALUES = {
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::AccountId": "123456789012",
    "ServiceName": "app",
    "PrimaryRegion": "ap-southeast-2",
    "SecondaryRegion": "us-west-2",
    "WitnessRegion": "us-east-1",
    "Architecture": "arm64",
}


@cache
def source(path: Path) -> dict[str, Any]:
    return sam_templates.load(path)


@cache
def expanded(path: Path) -> dict[str, Any]:
    template = source(path)
    addresses = {name: f"s3://artifacts/{index}.zip" for index, name in enumerate(code(path))}
    return sam_templates.expand(template, path.parent, REGION, addresses)


def code(path: Path) -> list[str]:
    return sam_templates.code_directories(source(path))


def of_type(path: Path, kind: str) -> dict[str, Any]:
    """The resources of one type in the expanded template: properties by logical id."""
    return {
        name: resource.get("Properties", {})
        for name, resource in expanded(path)["Resources"].items()
        if resource["Type"] == kind
    }


def text(value: Any, path: Path = CONTROL_PLANE) -> str:
    """An intrinsic function as the string that it becomes; a resource's attribute as Logical.Attribute."""
    if isinstance(value, str):
        return value
    if "Ref" in value:
        return VALUES.get(value["Ref"], value["Ref"])
    if "Fn::GetAtt" in value:
        return ".".join(value["Fn::GetAtt"])
    if "Fn::Sub" in value:
        given = value["Fn::Sub"]
        result: str = given[0] if isinstance(given, list) else given
        own = {name: text(one, path) for name, one in given[1].items()} if isinstance(given, list) else {}
        for name, replacement in {**VALUES, **own}.items():
            result = result.replace("${" + name + "}", replacement)
        return result
    raise AssertionError(f"not a string: {value}")


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
