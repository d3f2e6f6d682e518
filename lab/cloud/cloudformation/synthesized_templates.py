"""Which stacks does the data plane have, with which option, and what do they take from each other? As the CDK synthesized it.

Kept is the default installation, and what each option changes in it: that is enough to deploy or to price any one option.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

SYNTHESIZED = Path(__file__).resolve().parents[3] / "dataplane_cdk" / "synthesized"
DIFFERENCES = SYNTHESIZED / "options" / "differences.json"

Changed = Mapping[str, Mapping[str, Any]]  # stack -> its Region, and the resources that differ
Outputs = Mapping[tuple[str, str], Mapping[str, str]]  # (Region, stack) -> its outputs


class SynthesizedError(Exception):
    """The synthesized templates cannot be used; the text says why."""


@dataclass(frozen=True)
class SynthesizedStack:
    """One stack, to be deployed after those before it."""

    name: str
    region: str
    template: Mapping[str, Any]


def stacks(folder: Path = SYNTHESIZED) -> tuple[SynthesizedStack, ...]:
    """All stacks, each after what it depends on. Raises SynthesizedError."""
    try:
        listed = json.loads((folder / "deployment.json").read_text(encoding="utf-8"))["stacks"]
        return tuple(
            SynthesizedStack(
                one["name"], one["region"], json.loads((folder / one["template"]).read_text(encoding="utf-8"))
            )
            for one in listed
        )
    except (OSError, ValueError, KeyError) as error:
        raise SynthesizedError(f"{folder.name} holds no synthesized stacks ({error}); run `make synth`.") from error


def options(path: Path = DIFFERENCES) -> Mapping[str, Changed]:
    """What each option that `make synth-options` wrote down changes, by its name. Raises SynthesizedError."""
    try:
        found: Mapping[str, Changed] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SynthesizedError(f"{path.name} cannot be read ({error}); run `make synth-options`.") from error
    return found


def with_changes(stacks: Iterable[SynthesizedStack], changed: Changed) -> tuple[SynthesizedStack, ...]:
    """The stacks with the option's resources: one that is null is gone, a stack without any as well.

    In the order in which they were, and after them those that the option adds. Outputs stay: `tests/dataplane` holds that.
    """
    known = {one.name: one for one in stacks}
    for name, stack in changed.items():
        before = known.get(name) or SynthesizedStack(name, str(stack["region"]), {"Resources": {}})
        resources = {**before.template["Resources"], **stack["resources"]}
        held = {logical_id: one for logical_id, one in resources.items() if one is not None}
        known[name] = replace(before, template={**before.template, "Resources": held})
    return tuple(one for one in known.values() if one.template["Resources"])


def with_outputs(value: Any, outputs: Outputs) -> Any:
    """`value` with each Fn::GetStackOutput replaced by what that stack gave. Raises SynthesizedError.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getstackoutput.html
    """
    if isinstance(value, Mapping):
        if "Fn::GetStackOutput" in value:
            wanted = value["Fn::GetStackOutput"]
            try:
                return outputs[wanted["Region"], wanted["StackName"]][wanted["OutputName"]]
            except KeyError as error:
                raise SynthesizedError(f"No stack before it has the output {wanted}.") from error
        return {key: with_outputs(item, outputs) for key, item in value.items()}
    return [with_outputs(item, outputs) for item in value] if isinstance(value, list) else value
