"""What is told of an installation's price: the month, what the options change, one drill, and how sure that is?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from lab.cost.estimate import Estimate, Item, estimate, total
from lab.cost.installation import committed_stacks, installation
from lab.cost.options import PricedOption, priced_options
from lab.cost.price_table import read_prices
from lab.cost.usage import Usage, read_usage


@dataclass(frozen=True)
class Quote:
    """The default plan's."""

    month: Estimate
    options: tuple[PricedOption, ...]
    usage: Usage

    @property
    def used(self) -> tuple[Item, ...]:
        """One item for each price and Region that the month or a drill needs."""
        found = {(one.price.key, one.region): one for one in (*self.month.items, *self.month.drill)}
        return tuple(found[key] for key in sorted(found))

    @property
    def unconfirmed(self) -> tuple[Item, ...]:
        return tuple(one for one in self.used if not one.confirmed)

    @property
    def unconfirmed_usd(self) -> Decimal:
        """The part of the month that rests on them."""
        return total(one for one in self.month.items if not one.confirmed)


def quote(own_usage: Path | None = None) -> Quote:
    """From the committed templates. Raises CostError."""
    prices, usage, stacks = read_prices(), read_usage(own_usage), committed_stacks()
    month = estimate(installation(stacks), prices, usage)
    return Quote(month, priced_options(stacks, prices, usage), usage)


def as_json(of: Quote) -> dict[str, Any]:
    """The same for programs; USD as numbers with four decimals."""
    month = of.month
    return {
        "currency": "USD",
        "monthly_total": _usd(month.total),
        "monthly_budget": _usd(month.budget_usd),
        "within_budget": month.within_budget,
        "by_service": {
            service: {region: _usd(usd) for region, usd in regions.items()}
            for service, regions in month.by_service().items()
        },
        "items": _items(sorted(month.items, key=lambda one: -one.usd)),
        "options": [
            {"option": one.name, "monthly_total": _usd(one.total), "difference": _usd(one.total - month.total)}
            for one in of.options
        ],
        "drill": {"total": _usd(total(month.drill)), "items": _items(month.drill)},
        "prices": [
            {
                "price": one.price.key,
                "region": one.region,
                "usd": float(one.price.usd[one.region]),
                "unit": one.price.unit,
                "listed": one.price.listed.isoformat(),
                "confirmed": one.confirmed,
                "source": one.price.source,
            }
            for one in of.used
        ],
        "usage": {
            name: {"value": float(one.value), "reason": one.reason} for name, one in of.usage.assumptions.items()
        },
    }


def _items(items: Iterable[Item]) -> list[dict[str, Any]]:
    return [
        {
            "region": one.region,
            "service": one.service,
            "what": one.price.what,
            "quantity": round(float(one.quantity), 6),
            "unit": one.price.unit,
            "usd": _usd(one.usd),
            "resource": one.resource,
        }
        for one in items
    ]


def _usd(amount: Decimal) -> float:
    return round(float(amount), 4)
