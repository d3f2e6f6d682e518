"""Over which links do the Regions' databases replicate, and which of them does a Region's loss cut?"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from lab.region.network import Address, Network

NO_DELAY = timedelta(0)


class ReplicationLinks:
    """One link for each standby. Safe from any thread; every method raises NetworkError."""

    def __init__(self, network: Network, delay: timedelta) -> None:
        """`delay` is each link's, in each direction, once `delayed` was called for it."""
        self._network = network
        self._delay = delay
        self._lock = threading.Lock()
        self._ends: dict[str, frozenset[str]] = {}
        # Regions that nothing gets out of: their backups are not replicated either.
        self.lost: set[str] = set()

    @property
    def ends(self) -> Mapping[str, frozenset[str]]:
        """The Regions at both ends of each link, by its name."""
        return MappingProxyType(self._ends)

    def lay(self, target: Address, ends: frozenset[str]) -> tuple[str, Address]:
        """A link to the primary at `target`, without its delay yet: its name, and where it listens."""
        with self._lock:
            name = f"replication-{len(self._ends) + 1}"
            self._ends[name] = ends
        return name, self._network.add_link(name, target=target, delay=NO_DELAY)

    def delayed(self, name: str) -> None:
        """From now on the link is as long as it is to be: a copy of the primary has come over it."""
        self._network.set_delay(name, self._delay)

    def cut(self, region: str) -> None:
        """Nothing goes over a link that begins or ends there."""
        self.lost.add(region)
        for name in self._of(region):
            self._network.cut(name)

    def restore(self, region: str) -> None:
        self.lost.discard(region)
        for name in self._of(region):
            self._network.restore(name)

    def _of(self, region: str) -> list[str]:
        with self._lock:
            return [name for name, ends in self._ends.items() if region in ends]
