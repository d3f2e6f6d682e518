"""Is the instance of a rehearsal gone? Each has the same name, so that what an earlier one left is found."""

from __future__ import annotations

from dataclasses import dataclass

from failover.application.errors import SomebodyElses
from failover.application.polling import Waiting
from failover.application.ports import DatabaseInstance, Databases
from failover.application.restore_from_latest_snapshot import RUN_TAG
from failover.application.restore_ports import Restores


@dataclass(frozen=True)
class RehearsedInstance:
    """`name` in this Region. Nothing is deleted but what carries a run's tag, which only a run's restore gives."""

    name: str
    databases: Databases
    restores: Restores

    def find(self) -> DatabaseInstance | None:
        """Raises SomebodyElses for one that no run made; TransientFailure."""
        found = self.databases.describe(self.name)
        if found is not None and RUN_TAG not in found.tags:
            raise SomebodyElses(
                f"{self.name} was made by no rehearsal: look at it, delete or rename it, and rehearse again."
            )
        return found

    def discard(self, found: DatabaseInstance) -> Waiting:
        """Ask for its end. Raises TransientFailure or RunRefused."""
        told = f"{self.name}, made for {found.tags[RUN_TAG]}, is being deleted."
        if found.status != "deleting":
            refusal = self.restores.delete(self.name)
            if refusal is not None:
                return Waiting(refusal.reason)
        return Waiting(told)
