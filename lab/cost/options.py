"""By how much does each option change the month's price?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from lab.cloud.cloudformation.synthesized_templates import (
    DIFFERENCES,
    SynthesizedError,
    SynthesizedStack,
    options,
    with_changes,
)
from lab.cost.errors import CostError
from lab.cost.estimate import estimate
from lab.cost.installation import installation
from lab.cost.price_table import PriceTable
from lab.cost.usage import Usage


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
        found = options(path)
    except SynthesizedError as error:
        raise CostError(str(error)) from error
    stacks = tuple(data_plane)
    priced = (
        PricedOption(name, estimate(installation(with_changes(stacks, changed)), prices, usage).total)
        for name, changed in found.items()
    )
    return tuple(sorted(priced, key=lambda one: -one.total))
