"""Where does a Region's database belong? As the data plane's stack there wrote it down."""

from __future__ import annotations

import json

from failover.application.errors import RunRefused
from failover.application.ports import Parameters
from failover.application.restore_ports import Placement
from failover.domain.plan import RegionPlan


def placement_of(here: RegionPlan, parameters: Parameters) -> Placement:
    """Raises RunRefused when it is missing or wrong: an instance in the default network could not be reached."""
    name = f"{here.database_parameter}-placement"
    text = parameters.read(name)
    if text is None:
        raise RunRefused(f"{here.region} has no parameter {name}: deploy the data plane's database stack anew.")
    try:
        told = json.loads(text)
        return Placement(
            str(told["instance_class"]),
            str(told["subnet_group"]),
            str(told["parameter_group"]),
            tuple(str(one) for one in told["security_groups"]),
            tuple(str(one) for one in told.get("rehearsal_security_groups", ())),
            float(told["hourly_usd"]) if "hourly_usd" in told else None,
            told.get("price_listed"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RunRefused(f"The parameter {name} does not say where the database belongs.") from error
