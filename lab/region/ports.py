"""Which port can be given to a server that has to be told its port?"""

from __future__ import annotations

import random
import socket
import threading

# Below what systems hand out to outgoing connections, so that none takes the port while its server is down.
LOWEST, HIGHEST = 15_000, 29_999
TRIES = 200

_given: set[int] = set()
_lock = threading.Lock()


class NoFreePort(RuntimeError):
    """No port could be found; the text says where was looked."""


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port on which nothing listens, and that this process has not given away. Raises NoFreePort."""
    source = random.SystemRandom()
    with _lock:
        for _ in range(TRIES):
            port = source.randint(LOWEST, HIGHEST)
            if port not in _given and _can_bind(host, port):
                _given.add(port)
                return port
    raise NoFreePort(f"No free TCP port was found on {host} between {LOWEST} and {HIGHEST}.")


def _can_bind(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
