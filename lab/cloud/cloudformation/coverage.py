"""What of a template does the lab make, and what does it knowingly leave out?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.cloud.cloudformation import (
    aurora,
    database,
    functions,
    http_api,
    identity,
    keys,
    messages,
    network,
    parameter_groups,
    routing,
    secrets,
    service,
    storage,
    watched,
    workflow,
)
from lab.cloud.cloudformation.resource import ResourceType

TYPES: Mapping[str, ResourceType] = {
    kind.name: kind
    for module in (
        aurora,
        database,
        functions,
        http_api,
        identity,
        keys,
        messages,
        network,
        parameter_groups,
        routing,
        secrets,
        service,
        storage,
        watched,
        workflow,
    )
    for kind in module.TYPES
}


def unsupported(template: Mapping[str, Any]) -> list[str]:
    """Every type and property of an expanded template that the lab neither makes nor lists as inert."""
    problems: list[str] = []
    for logical_id, resource in template["Resources"].items():
        kind = TYPES.get(resource["Type"])
        if kind is None:
            problems.append(f"{logical_id}: the lab does not know the type {resource['Type']}")
            continue
        problems += [
            f"{logical_id} ({kind.name}): the lab does not know the property {name}"
            for name in kind.unknown_properties(resource.get("Properties", {}))
        ]
    return problems


def inert(template: Mapping[str, Any]) -> list[str]:
    """What of a template the lab leaves out, each with its reason. Every type must be known."""
    lines = set()
    for resource in template["Resources"].values():
        kind = TYPES[resource["Type"]]
        if reason := kind.left_out(resource.get("Properties", {})):
            lines.add(f"{kind.name}: {reason}")
            continue
        for name, reason in kind.inert.items():
            if name == "*":
                lines.add(f"{kind.name}: {reason}")
            elif name in resource.get("Properties", {}):
                lines.add(f"{kind.name}.{name}: {reason}")
    return sorted(lines)
