"""Does a call get through, from where it is made to the Region that it is for?

The caller's place is in its access key id (`LAB-<Region>`; anything else is the internet), the target in the
credential scope of its signature, which names the Region that the call is for:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

from lab.cloud.journal import Journal

INTERNET = "internet"
CALLER_PREFIX = "LAB-"
LONGEST_HANG_SECONDS = 10.0
CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d+/([^/]+)/([^/]+)/aws4_request")

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Network:
    """Which Regions are dark, and which links are cut; links have a direction. Safe from any thread."""

    def __init__(self) -> None:
        self._dark: set[str] = set()
        self._cut: set[tuple[str, str]] = set()
        self._changed = threading.Condition()

    def set_dark(self, region: str, dark: bool) -> None:
        """A dark Region answers nothing, and nothing in it is evaluated, delivered or published."""
        with self._changed:
            (self._dark.add if dark else self._dark.discard)(region)
            self._changed.notify_all()

    def set_cut(self, source: str, target: str, cut: bool) -> None:
        with self._changed:
            (self._cut.add if cut else self._cut.discard)((source, target))
            self._changed.notify_all()

    def is_dark(self, region: str) -> bool:
        with self._changed:
            return region in self._dark

    def passes(self, source: str, target: str) -> bool:
        """Whether a call from `source` (a Region or the internet) reaches `target`."""
        with self._changed:
            return self._passes(source, target)

    def wait_until_passes(self, source: str, target: str, timeout_seconds: float) -> bool:
        """True as soon as such a call gets through; False after the timeout."""
        with self._changed:
            return self._changed.wait_for(lambda: self._passes(source, target), timeout_seconds)

    def _passes(self, source: str, target: str) -> bool:
        return not {source, target} & self._dark and (source, target) not in self._cut


class Borders:
    """In front of the emulated AWS: a call that does not get through hangs, and its connection then just ends."""

    def __init__(self, app: WSGI, network: Network, journal: Journal) -> None:
        self._app = app
        self._network = network
        self._journal = journal

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        found = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        if found:
            key, target, service = found.groups()
            source = key.removeprefix(CALLER_PREFIX) if key.startswith(CALLER_PREFIX) else INTERNET
            if not self._network.passes(source, target):
                self._journal.add("refused-call", caller=source, region=target, service=service)
                if not self._network.wait_until_passes(source, target, LONGEST_HANG_SECONDS):
                    _hang_up(environ)
        return self._app(environ, start_response)


def _hang_up(environ: dict[str, Any]) -> None:
    connection: socket.socket | None = environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("the Region does not answer")
