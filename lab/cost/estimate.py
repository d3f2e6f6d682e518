"""What does one month cost: every item, and the sums by service and Region?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from lab.cost import charges_of_compute, charges_of_data, charges_of_network, charges_of_watching
from lab.cost.charge import Charge, Rules
from lab.cost.drill import drill_charges
from lab.cost.errors import CostError
from lab.cost.free_types import FREE
from lab.cost.installation import Installation
from lab.cost.load import Load
from lab.cost.price_table import Price, PriceTable
from lab.cost.resources import Resource
from lab.cost.usage import Usage

RULES: Rules = {
    **charges_of_network.RULES,
    **charges_of_compute.RULES,
    **charges_of_data.RULES,
    **charges_of_watching.RULES,
}
DRILLS = "Drills"


@dataclass(frozen=True)
class Item:
    """So many units of one price in one Region, in a month. `resource` is what they are for."""

    region: str
    service: str
    price: Price
    quantity: Decimal
    resource: str

    @property
    def usd(self) -> Decimal:
        return self.price.usd[self.region] * self.quantity

    @property
    def confirmed(self) -> bool:
        """Whether its price was read in a copy of AWS's price list."""
        return self.region in self.price.confirmed


@dataclass(frozen=True)
class Estimate:
    """One month of an installation. `drill` is the price of a single drill, in items."""

    items: tuple[Item, ...]
    drill: tuple[Item, ...]
    budget_usd: Decimal
    regions: tuple[str, ...]

    @property
    def total(self) -> Decimal:
        return total(self.items)

    @property
    def within_budget(self) -> bool:
        return self.total <= self.budget_usd

    def by_service(self) -> dict[str, dict[str, Decimal]]:
        """Service -> Region -> USD; the dearest service first."""
        sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for one in self.items:
            sums[one.service][one.region] += one.usd
        ordered = sorted(sums, key=lambda name: -sum(sums[name].values()))
        return {name: dict(sums[name]) for name in ordered}

    def biggest(self, count: int) -> tuple[Item, ...]:
        return tuple(sorted(self.items, key=lambda one: -one.usd)[:count])


def total(items: Iterable[Item]) -> Decimal:
    return sum((one.usd for one in items), Decimal(0))


def estimate(installation: Installation, prices: PriceTable, usage: Usage) -> Estimate:
    """Raises CostError for a type, a Region or a setting that has no price."""
    load = Load(installation, usage)
    for region in installation.plan.regions:
        prices.known(region)
    items = [
        _item(charge, resource.region, prices, str(resource))
        for resource in installation.resources
        for charge in _charges(resource, load)
    ]
    drill = tuple(_item(charge, "", prices, DRILLS) for charge in drill_charges(load))
    drills = usage["drills_per_month"]
    items += [Item(one.region, DRILLS, one.price, one.quantity * drills, DRILLS) for one in drill]
    priced = tuple(one for one in items if one.quantity)
    return Estimate(priced, drill, installation.budget_usd, installation.plan.regions)


def _charges(resource: Resource, load: Load) -> list[Charge]:
    if resource.kind in RULES:
        return RULES[resource.kind](resource, load)
    if resource.kind in FREE:
        return []
    raise CostError(f"{resource} has no price and is not known to be free.")


def _item(charge: Charge, region: str, prices: PriceTable, resource: str) -> Item:
    where = charge.region or region
    price = prices.price(charge.key, where)
    return Item(where, price.service, price, charge.quantity, resource)
