"""By how much does each option change the month's price?"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from lab.cloud.synthesized_templates import SynthesizedStack
from lab.cost.errors import CostError
from lab.cost.estimate import estimate
from lab.cost.installation import installation
from lab.cost.price_table import PriceTable
from lab.cost.usage import Usage

DIFFERENCES = Path(__file__).resolve().parents[2] / "dataplane_cdk" / "synthesized" / "options" / "differences.json"
Changed = Mapping[str, Mapping[str, Any]]  # stack -> its Region, and the resources that differ


@dataclass(frozen=True)
class PricedOption:
    """`name` as it would be set in cdk.json, and the month's price with it alone."""

    name: str
    total: Decimal


def priced_options(
    data_plane: Iterable[SynthesizedStack], prices: PriceTable, usage: Usage, path: Path = DIFFERENCES
) -> tuple[PricedOption, ...]:
    """Every option that `make synth-options` wrote down, the dearest first. Raises CostError."""
    try:
        found: Mapping[str, Changed] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CostError(f"{path.name} cannot be read ({error}); run `make synth-options`.") from error
    stacks = tuple(data_plane)
    options = (
        PricedOption(name, estimate(installation(with_changes(stacks, changed)), prices, usage).total)
        for name, changed in found.items()
    )
    return tuple(sorted(options, key=lambda one: -one.total))


def with_changes(data_plane: Iterable[SynthesizedStack], changed: Changed) -> tuple[SynthesizedStack, ...]:
    """The stacks with the option's resources: one that is null is gone, a stack without any as well."""
    resources = {one.name: dict(one.template["Resources"]) for one in data_plane}
    regions = {one.name: one.region for one in data_plane}
    for name, stack in changed.items():
        regions[name] = str(stack["region"])
        held = resources.setdefault(name, {})
        for logical_id, resource in stack["resources"].items():
            if resource is None:
                held.pop(logical_id, None)
            else:
                held[logical_id] = resource
    return tuple(SynthesizedStack(name, regions[name], {"Resources": held}) for name, held in resources.items() if held)
