"""What does an hour of a database cost, by list price?"""

from __future__ import annotations

from typing import Any

import yaml

from dataplane_cdk.config import PRICES


def hourly_price(instance_class: str, region: str) -> dict[str, Any]:
    """`hourly_usd` and `price_listed` of one that serves in one zone alone, nothing where there is none."""
    found = yaml.safe_load((PRICES / "prices.yaml").read_text())["prices"].get(f"rds.postgres.{instance_class}.single")
    if found is None or region not in found["usd"]:
        return {}
    sure = "" if region in found["confirmed"] else ", unconfirmed"
    return {"hourly_usd": found["usd"][region], "price_listed": f"of {found['date']}{sure}"}
