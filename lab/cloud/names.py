"""Where does a host name of the emulated AWS really listen?"""

from __future__ import annotations

import threading


class Names:
    """Host name -> loopback address. Names are case-insensitive and a final dot does not count, as in DNS."""

    def __init__(self) -> None:
        self._addresses: dict[str, tuple[str, int]] = {}
        self._lock = threading.Lock()

    def register(self, name: str, host: str, port: int) -> None:
        with self._lock:
            self._addresses[_folded(name)] = (host, port)

    def address(self, name: str) -> tuple[str, int] | None:
        """None when nothing was registered under that name."""
        with self._lock:
            return self._addresses.get(_folded(name))


def _folded(name: str) -> str:
    return name.rstrip(".").lower().removeprefix("dualstack.")
