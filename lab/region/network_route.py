"""Where does a connection to one of the lab's addresses go: over a link, to a balancer's target, where DNS says?"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Sequence

from lab.clients.edge import ResolutionFailed, Resolver
from lab.region.network_wire import Condition, Connection, ConnectionOwner, End, Mode

HOST = "127.0.0.1"
BACKLOG = 512
CONNECT_WITHIN_SECONDS = 5.0
PORT_FREE_WITHIN_SECONDS = 1.0
LINGER_SECONDS = 1.0

Address = tuple[str, int]


class Route(ConnectionOwner):
    """An address of the lab that connections go through. Subclasses say where to."""

    def __init__(self) -> None:
        self.condition = Condition()
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None
        self._reserved: socket.socket | None = None
        self._port = 0

    async def listen(self, port: int) -> Address:
        """Take connections on loopback; port 0 takes a free one. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(
            lambda: Connection(self.condition, self).client, HOST, port, backlog=BACKLOG
        )
        self._port = self._listener.sockets[0].getsockname()[1]
        return HOST, self._port

    @property
    def connection_count(self) -> int:
        return len(self._connections)

    async def targets(self) -> Sequence[Address]:
        """Where a new connection may go, in the order to try. Raises ResolutionFailed."""
        raise NotImplementedError

    def unreachable(self, connection: Connection, tried: int) -> None:  # noqa: ARG002 - a balancer needs it
        """None of the `tried` targets took the connection."""
        connection.reset()

    def cut(self) -> None:
        """From now on everything is lost without a word, what is under way too; new connections hang."""
        self.condition.mode = Mode.CUT
        for connection in self._connections:
            connection.drop_what_is_under_way()

    async def refuse(self) -> None:
        """Reset every connection and refuse new ones; the port stays taken."""
        self.condition.mode = Mode.REFUSING
        self._reset(self._connections)
        if self._listener is not None:
            self._listener.close()
            self._listener = None
            self._reserved = await _reserve(self._port)

    async def restore(self) -> None:
        """Carry again. A connection that lost something meanwhile is reset: its stream has a hole."""
        if self.condition.mode is Mode.CUT:
            self._reset({connection for connection in self._connections if connection.has_hole})
        self.condition.mode = Mode.OPEN
        if self._reserved is not None:
            self._reserved.close()
            self._reserved = None
            await self.listen(self._port)

    def opened(self, connection: Connection) -> None:
        self._connections.add(connection)
        if self.condition.mode is not Mode.OPEN:
            connection.has_hole = True
            return
        task = asyncio.get_running_loop().create_task(self._connect(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def closed(self, connection: Connection) -> None:
        self._connections.discard(connection)

    async def _connect(self, connection: Connection) -> None:
        tried = 0
        try:
            for host, port in await self.targets():
                tried += 1
                if await _reach(connection.server, host, port):
                    if self.condition.mode is Mode.REFUSING:
                        connection.reset()
                    return
        except ResolutionFailed:
            connection.reset()
            return
        self.unreachable(connection, tried)

    @staticmethod
    def _reset(connections: set[Connection]) -> None:
        for connection in list(connections):
            connection.reset()


class Link(Route):
    """A line to one address."""

    def __init__(self, target: Address) -> None:
        super().__init__()
        self._target = target

    async def targets(self) -> Sequence[Address]:
        return [self._target]


class Balancer(Route):
    """A Region's load balancer: each connection goes to the next target.

    An Application Load Balancer balances requests; here it is connections. Like it, this answers 503 itself when it
    has no target, and 502 when no target takes the connection:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
    """

    def __init__(self) -> None:
        super().__init__()
        self._targets: list[Address] = []
        self._next = 0

    def set_targets(self, targets: Sequence[Address]) -> None:
        """Connections that exist stay where they are."""
        self._targets = list(targets)

    async def targets(self) -> Sequence[Address]:
        if not self._targets:
            return []
        self._next = (self._next + 1) % len(self._targets)
        return self._targets[self._next :] + self._targets[: self._next]

    def unreachable(self, connection: Connection, tried: int) -> None:
        status = "502 Bad Gateway" if tried else "503 Service Temporarily Unavailable"
        connection.answer(http_error(status), LINGER_SECONDS)


class Edge(Route):
    """The client's side of DNS: each new connection goes where the public name points now."""

    def __init__(self, resolver: Resolver) -> None:
        super().__init__()
        self._resolver = resolver

    async def targets(self) -> Sequence[Address]:
        return [await self._resolver.address()]


def http_error(status: str) -> bytes:
    """What an Application Load Balancer answers by itself."""
    body = f"<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center></body></html>\r\n"
    head = f"HTTP/1.1 {status}\r\nServer: awselb/2.0\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n{body}".encode()


async def _reach(end: End, host: str, port: int) -> bool:
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(CONNECT_WITHIN_SECONDS):
            await loop.create_connection(lambda: end, host, port)
        return True
    return False


async def _reserve(port: int) -> socket.socket:
    """Hold a port without listening on it: whoever connects is refused, and nobody else gets it.

    The listener that had it closes a moment after it was told to. Raises OSError when it does not.
    """
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    deadline = asyncio.get_running_loop().time() + PORT_FREE_WITHIN_SECONDS
    while True:
        try:
            holder.bind((HOST, port))
        except OSError:
            if asyncio.get_running_loop().time() > deadline:
                holder.close()
                raise
            await asyncio.sleep(0.002)
        else:
            return holder
