"""What does AWS charge for one unit of a thing, in which Region, and how sure is that?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from lab.cost.errors import CostError

# The CDK reads the same file, to refuse a Region without a price before anything is synthesized.
TABLE = Path(__file__).resolve().parents[2] / "dataplane_cdk" / "prices" / "prices.yaml"


@dataclass(frozen=True)
class Price:
    """One list price. `confirmed` are the Regions whose figure was read in a copy of AWS's price list, on `listed`."""

    key: str
    service: str
    what: str
    unit: str
    usd: Mapping[str, Decimal]
    confirmed: frozenset[str]
    listed: date
    source: str


@dataclass(frozen=True)
class PriceTable:
    """All of them, by key."""

    prices: Mapping[str, Price]
    regions: Mapping[str, str]

    def price(self, key: str, region: str) -> Price:
        """The price `key`, which has a figure for `region`. Raises CostError."""
        self.known(region)
        if key not in self.prices:
            raise CostError(f"No price {key!r} is in {TABLE.name}; add it with its date and its source.")
        price = self.prices[key]
        if region not in price.usd:
            raise CostError(f"The price {key!r} in {TABLE.name} has no figure for {region}.")
        return price

    def known(self, region: str) -> None:
        """Raises CostError when `region` has no prices."""
        if region not in self.regions:
            raise CostError(f"The Region {region!r} has no price; known are {', '.join(sorted(self.regions))}.")


def read_prices(path: Path = TABLE) -> PriceTable:
    """Raises CostError naming the price that cannot be used."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        regions = {str(name): str(title) for name, title in content["regions"].items()}
        return PriceTable({key: _price(key, one) for key, one in content["prices"].items()}, regions)
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise CostError(f"{path.name} is no price table: {error}.") from error


def _price(key: str, one: Mapping[str, Any]) -> Price:
    usd = {region: Decimal(str(figure)) for region, figure in one["usd"].items()}
    listed, source = one["date"], str(one["source"])
    if not isinstance(listed, date):
        raise CostError(f"The price {key!r} has no date.")
    if not source.startswith("https://"):
        raise CostError(f"The price {key!r} has no source: {source!r}.")
    return Price(
        key, str(one["service"]), str(one["what"]), str(one["unit"]), usd, frozenset(one["confirmed"]), listed, source
    )
