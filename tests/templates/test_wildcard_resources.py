"""Is "*" the resource of those actions only that know none? By AWS's own reference, as cfn-lint carries it."""

from __future__ import annotations

import json
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from lab.cloud.iam import requests
from tests.templates.expanded import CONTROL_PLANE, WITNESS, expanded, listed

# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
# Found as a file, without loading cfn-lint.
REFERENCE = json.loads(
    (distribution("cfn-lint").locate_file("cfnlint/data/AdditionalSpecs") / "Policies.json").read_text()
)
INTERFACES = (
    "AssignPrivateIpAddresses",
    "CreateNetworkInterface",
    "DeleteNetworkInterface",
    "UnassignPrivateIpAddresses",
)
REASONS = {
    "cloudwatch:GetMetricData": "its one resource, a dataset, is none of the metrics that AWS's services publish",
    **{f"ec2:{name}": "Lambda's interfaces have names that nobody knows before" for name in INTERFACES},
}


def resources(action: str) -> list[str]:
    """The kinds of resource that an action may be allowed on."""
    service, _, name = action.lower().partition(":")
    found: list[str] = REFERENCE[service]["Actions"][name].get("Resources", [])
    return found


def allowed_on_everything(part: Any) -> set[str]:
    """The actions that any statement in `part` of a template allows on "*"."""
    if isinstance(part, list):
        return set().union(*(allowed_on_everything(one) for one in part))
    if not isinstance(part, dict):
        return set()
    if part.get("Effect") == "Allow" and "Principal" not in part:
        return set(listed(part["Action"])) if "*" in listed(part["Resource"]) else set()
    return set().union(*(allowed_on_everything(one) for one in part.values()))


@pytest.mark.parametrize("template", [CONTROL_PLANE, WITNESS], ids=["control plane", "witness"])
def test_what_is_allowed_on_everything_knows_no_resource_or_has_a_reason(template: Path) -> None:
    narrower = {action: resources(action) for action in allowed_on_everything(expanded(template)) if resources(action)}
    assert narrower.keys() <= REASONS.keys(), narrower


def test_the_lab_asks_for_everything_only_where_aws_does() -> None:
    on_everything = {
        action for needs in requests.NEEDS.values() for action, of in needs({}).items() if of is requests.on_everything
    }
    assert on_everything
    assert {action: resources(action) for action in on_everything if resources(action)}.keys() <= REASONS.keys()
