"""What does the throwaway instance of a drill cost on AWS?

RDS bills by the second, and ten minutes at least: https://aws.amazon.com/rds/postgresql/pricing/
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from lab.cost.errors import CostError
from lab.cost.price_table import read_prices

LEAST = timedelta(minutes=10)
HOUR = timedelta(hours=1)


def rehearsal_price(instance_class: str, region: str, lasted: timedelta | None) -> tuple[float | None, str]:
    """USD by list price, and a sentence; None where there is no price. Storage and its tenth of a cent are left out."""
    try:
        price = read_prices().price(f"rds.postgres.{instance_class}.single", region)
    except CostError as error:
        return None, str(error)
    hours = Decimal(str(max(lasted or LEAST, LEAST) / HOUR))
    usd = price.usd[region] * hours
    sure = "" if region in price.confirmed else ", unconfirmed"
    return float(
        round(usd, 4)
    ), f"{instance_class} for {max(lasted or LEAST, LEAST)}, list price of {price.listed}{sure}"
