"""What does the throwaway instance of a drill cost on AWS?"""

from __future__ import annotations

from datetime import timedelta

from failover.domain.rehearsal import billed, price_usd
from lab.cost.errors import CostError
from lab.cost.price_table import read_prices


def rehearsal_price(instance_class: str, region: str, lasted: timedelta | None) -> tuple[float | None, str]:
    """USD by list price, and a sentence; None where there is no price. Storage and its tenth of a cent are left out."""
    try:
        price = read_prices().price(f"rds.postgres.{instance_class}.single", region)
    except CostError as error:
        return None, str(error)
    sure = "" if region in price.confirmed else ", unconfirmed"
    told = f"{instance_class} for {billed(lasted)}, list price of {price.listed}{sure}"
    return price_usd(float(price.usd[region]), lasted), told
