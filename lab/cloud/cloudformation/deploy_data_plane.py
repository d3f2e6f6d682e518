"""Does the lab's data plane come from the very templates that the CDK synthesizes, all of them, and as written?"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.cloud.cloudformation import coverage, stack_creation
from lab.cloud.cloudformation.stack_creation import DeploymentError
from lab.cloud.cloudformation.synthesized_templates import (
    SYNTHESIZED,
    SynthesizedError,
    options,
    stacks,
    with_changes,
    with_outputs,
)

MadeStack = Callable[[str, Mapping[str, str]], None]  # a stack's name, its outputs


@dataclass(frozen=True)
class DataPlaneStacks:
    """By (Region, stack): its outputs; and what the lab knowingly left out, with reasons."""

    outputs: Mapping[tuple[str, str], Mapping[str, str]]
    inert: tuple[str, ...]

    def output(self, region: str, stack: str, name: str) -> str:
        return self.outputs[region, stack][name]


def deploy(
    endpoint_url: str, made: MadeStack = lambda *_: None, folder: Path = SYNTHESIZED, option: str | None = None
) -> DataPlaneStacks:
    """Deploy every stack in its Region, each after what it depends on; `made` is told of each.

    `option` is one of those that `make synth-options` wrote down, such as dbMode=aurora-global.

    The process behind `endpoint_url` must have called `resource_types.install`. Raises DeploymentError when a
    template holds what the lab does not know, or a resource reads back otherwise.
    """
    outputs: dict[tuple[str, str], dict[str, str]] = {}
    inert: set[str] = set()
    clients = {}
    try:
        for stack in stacks(folder) if option is None else with_changes(stacks(folder), options()[option]):
            if stack.region not in clients:
                clients[stack.region] = stack_creation.client("cloudformation", stack.region, endpoint_url)
            template = with_outputs(stack.template, outputs)
            body = {"TemplateBody": json.dumps(template)}
            outputs[stack.region, stack.name] = stack_creation.create(
                clients[stack.region], stack.name, template, body, {}
            )
            made(stack.name, outputs[stack.region, stack.name])
            inert |= set(coverage.inert(template))
    except SynthesizedError as error:
        raise DeploymentError(str(error)) from error
    return DataPlaneStacks(outputs, tuple(sorted(inert)))
