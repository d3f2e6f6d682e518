"""Which stacks does the data plane have, and what do they take from each other? Read from what the CDK synthesized."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SYNTHESIZED = Path(__file__).resolve().parents[2] / "dataplane_cdk" / "synthesized"

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
