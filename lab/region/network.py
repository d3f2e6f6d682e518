"""How does the lab lay, delay, cut and restore the ways between its Regions and their clients?"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from lab.host.processes import Processes, ProcessFailed

ANSWER_WITHIN = timedelta(seconds=10)  # covers the process's start
NO_DELAY = timedelta(0)

Address = tuple[str, int]


class NetworkError(RuntimeError):
    """The network cannot do what was asked; the text says why."""


@dataclass(frozen=True)
class Traffic:
    """What went through a route: bytes in both directions, and the connections of this moment."""

    connections: int
    forwarded_bytes: int
    lost_bytes: int


class Network:
    """All TCP routes of a lab, in one process. Every method is safe from any thread and raises NetworkError.

    A *link* leads to one address. A *balancer* leads to its targets in turn, and answers HTTP 503 itself when it has
    none. An *edge* leads where the public name points: it stands for the client's side of DNS. All of them listen on
    loopback and can be cut, reset and restored.
    """

    def __init__(self, processes: Processes) -> None:
        """Start the process. Raises NetworkError."""
        self._lock = threading.Lock()
        self._processes = processes
        try:
            self._process = processes.start(
                [sys.executable, "-m", "lab.region.network_process"],
                name="the network",
                log=processes.state_directory / "network.log",
                piped=True,
            )
        except ProcessFailed as error:
            raise NetworkError(str(error)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process and with it every connection."""
        self._processes.kill_tree(self._process)

    def add_link(self, name: str, target: Address, delay: timedelta = NO_DELAY, listen_port: int = 0) -> Address:
        """Lay a link to `target`, `delay` long in each direction; returns where it listens."""
        seconds = delay.total_seconds()
        return self._add("add_link", name, listen_port, target=target, delay_seconds=seconds)

    def add_balancer(self, name: str, listen_port: int = 0) -> Address:
        """Set up a load balancer without targets; returns where it listens."""
        return self._add("add_balancer", name, listen_port)

    def add_edge(self, name: str, resolver_url: str, listen_port: int = 0) -> Address:
        """Set up the clients' side of a public name; returns where it listens.

        `GET resolver_url` answers with answer, port and ttl_seconds (see `lab.clients.edge`).
        """
        return self._add("add_edge", name, listen_port, resolver_url=resolver_url)

    def set_delay(self, name: str, delay: timedelta) -> None:
        """Make a route `delay` long in each direction, for what is sent from now on."""
        self._ask("set_delay", name, delay_seconds=delay.total_seconds())

    def set_targets(self, name: str, targets: Sequence[Address]) -> None:
        """Say where a balancer's new connections go, in turn."""
        self._ask("set_targets", name, targets=list(targets))

    def cut(self, name: str) -> None:
        """Lose everything without a word, what is under way too: sockets stay open, new connections hang."""
        self._ask("cut", name)

    def reset(self, name: str) -> None:
        """Reset every connection and refuse new ones."""
        self._ask("reset", name)

    def restore(self, name: str) -> None:
        """Carry again after `cut` or `reset`. Connections that lost something are reset."""
        self._ask("restore", name)

    def traffic(self, name: str) -> Traffic:
        """What went through a route so far."""
        return Traffic(**self._ask("traffic", name))

    def _add(self, action: str, name: str, listen_port: int, **arguments: Any) -> Address:
        answer = self._ask(action, name, listen_port=listen_port, **arguments)
        return answer["host"], answer["port"]

    def _ask(self, action: str, name: str, **arguments: Any) -> dict[str, Any]:
        with self._lock:
            try:
                self._process.send_line(json.dumps({"do": action, "name": name, **arguments}))
                answer: dict[str, Any] = json.loads(self._process.read_line(ANSWER_WITHIN))
            except ProcessFailed as error:
                raise NetworkError(str(error)) from error
        if "error" in answer:
            raise NetworkError(answer["error"])
        return answer
