"""What would be deployed: every resource of every template, in its Region, with the names in it told?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.cost.errors import CostError

ROOT = Path(__file__).resolve().parents[2]
CONTROL_PLANE, WITNESS = "template.yaml", "controlplane_sam/witness.yaml"
NAMED = re.compile(r"\$\{([A-Za-z0-9:]+)\}")


@dataclass(frozen=True)
class Resource:
    """One resource in one Region. `properties` have no reference to a parameter left."""

    kind: str
    logical_id: str
    template: str
    region: str
    properties: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.kind} {self.logical_id} in {self.template}"

    def __getitem__(self, name: str) -> Any:
        """A property that must be there. Raises CostError."""
        if name not in self.properties:
            raise CostError(f"{self} has no {name}, which its price depends on.")
        return self.properties[name]


def of_template(template: Mapping[str, Any], name: str, region: str, parameters: Mapping[str, Any]) -> list[Resource]:
    """Its resources, with `parameters` (which may be the pseudo ones as well) put in."""
    declared = {key: one["Default"] for key, one in template.get("Parameters", {}).items() if "Default" in one}
    values = {**declared, "AWS::Region": region, **parameters}
    return [
        Resource(one["Type"], logical_id, name, region, _told(one.get("Properties", {}), values))
        for logical_id, one in template["Resources"].items()
    ]


def control_plane(service: str, account: str, primary: str, secondary: str, witness: str) -> list[Resource]:
    """What the SAM templates become in their Regions: template.yaml in both, witness.yaml in the third."""
    # Imported late: SAM's translator takes most of this command's time.
    from lab.cloud.cloudformation import sam_templates

    parameters = {
        "ServiceName": service,
        "PrimaryRegion": primary,
        "SecondaryRegion": secondary,
        "WitnessRegion": witness,
        "AWS::AccountId": account,
    }
    found: list[Resource] = []
    for name, regions in ((CONTROL_PLANE, (primary, secondary)), (WITNESS, (witness,))):
        path = ROOT / name
        template = sam_templates.load(path)
        # Where the code lies costs nothing, so any address will do.
        packages = dict.fromkeys(sam_templates.code_directories(template), "s3://code/code.zip")
        for region in regions:
            expanded = sam_templates.expand(template, path.parent, region, packages)
            found += of_template(expanded, name, region, parameters)
    return found


def _told(value: Any, values: Mapping[str, Any]) -> Any:
    """`value` with Ref and Fn::Sub of known names replaced; what refers to a resource stays as it is."""
    if isinstance(value, list):
        return [_told(item, values) for item in value]
    if not isinstance(value, Mapping):
        return value
    if set(value) == {"Ref"} and value["Ref"] in values:
        return values[value["Ref"]]
    if set(value) == {"Fn::Sub"} and isinstance(value["Fn::Sub"], str):
        return NAMED.sub(lambda found: str(values.get(found[1], found[0])), value["Fn::Sub"])
    return {key: _told(item, values) for key, item in value.items()}
