"""What is a resource charged for? So many units of a price."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from lab.cost.load import Load
from lab.cost.resources import Resource


@dataclass(frozen=True)
class Charge:
    """`quantity` units of the price `key` in one month, in the resource's own Region unless `region` is another."""

    key: str
    quantity: Decimal
    region: str | None = None


Rule = Callable[[Resource, Load], list[Charge]]
Rules = Mapping[str, Rule]  # by the resource's type
ONE = Decimal(1)
THOUSAND, TEN_THOUSAND, MILLION = Decimal(1000), Decimal(10_000), Decimal(1_000_000)
