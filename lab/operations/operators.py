"""As whom, and by which plan, does a command act?"""

from __future__ import annotations

from dataclasses import dataclass

from failover.application.errors import RunRefused, TransientFailure
from failover.domain.plan import Plan
from failover.wiring.operators import caller
from failover.wiring.this_region import load_plan
from lab.operations.target import Target
from lab.settings import PRIMARY_REGION, SECONDARY_REGION, SettingsError


@dataclass(frozen=True)
class SignedIn:
    """`region` is one whose plan could be read: what is done is remembered there."""

    plan: Plan
    region: str
    by: str

    def require(self, region: str, option: str = "--region") -> None:
        """Raises SettingsError for what is none of the plan's two Regions."""
        if region not in self.plan.regions:
            raise SettingsError(f"{option} {region!r} is not one of {', '.join(self.plan.regions)}")


def sign_in(target: Target, regions: tuple[str, ...] = (SECONDARY_REGION, PRIMARY_REGION)) -> SignedIn:
    """In the first of `regions` that answers. Raises RunRefused when none does, with what each said;
    SettingsError where there is nothing to ask."""
    silent = []
    for region in regions:
        target.enter(region)
        try:
            return SignedIn(load_plan(), region, caller())
        except (RunRefused, TransientFailure) as error:
            silent.append(f"{region}: {error}")
    raise RunRefused(f"No Region has a plan to go by. {' '.join(silent)}")
