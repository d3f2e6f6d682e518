"""What does a new writer of an Aurora global database need of the world? As in ports.py: TransientFailure, RunRefused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from failover.application.ports import Databases

if TYPE_CHECKING:
    from failover.domain.leader_record import Refusal


class GlobalClusters(Databases, Protocol):
    """The Aurora global database, as this Region sees it. A Refusal: its state does not allow it now, or it is under way."""

    def fail_over(self, identifier: str) -> Refusal | None:
        """Ask that this Region's cluster become the writer, whatever the old one has not replicated."""
        ...

    def switch_over(self, identifier: str) -> Refusal | None:
        """Ask the writer's Region that this Region's cluster become the writer once it holds everything."""
        ...
