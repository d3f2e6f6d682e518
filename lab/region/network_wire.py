"""What happens to the bytes of one connection on their way: late by the link's delay, in order, or lost?"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import socket
import struct
from collections import deque
from collections.abc import Callable
from typing import cast

# A timer may fire this much early; what is due by then is due.
TIMER_SLACK_SECONDS = 0.0005
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Mode(enum.Enum):
    """Of a whole route: it carries, it loses everything without a word, or it refuses."""

    OPEN = "open"
    CUT = "cut"
    REFUSING = "refusing"


class Ending(enum.Enum):
    """How a sender ended its stream."""

    HALF = "half"
    CLOSED = "closed"
    RESET = "reset"


class Condition:
    """What a route does at the moment to all of its connections; shared with them."""

    def __init__(self) -> None:
        self.mode = Mode.OPEN
        self.delay_seconds = 0.0
        self.forwarded_bytes = 0
        self.lost_bytes = 0


class Way:
    """One direction of a connection. No limit of throughput: every piece is released `delay` after it came."""

    def __init__(self, condition: Condition, connection: Connection) -> None:
        self.out: End | None = None
        self._condition = condition
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._queue: deque[tuple[float, bytes | Ending]] = deque()
        self._early: list[bytes | Ending] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def send(self, piece: bytes | Ending) -> None:
        """Take what the sender sent."""
        if self._condition.mode is not Mode.OPEN:
            self._lose(piece)
        elif not self._queue and not self._condition.delay_seconds:
            self._release(piece)
        else:
            due = self._loop.time() + self._condition.delay_seconds
            self._queue.append((max(due, self._queue[-1][0]) if self._queue else due, piece))
            if self._timer is None:
                self._timer = self._loop.call_at(due, self._release_due)

    def hold_back(self) -> None:
        """Keep what arrives, until `let_go`: there is nobody yet to give it to."""
        self._early = []

    @property
    def is_holding_something(self) -> bool:
        return bool(self._early)

    def let_go(self) -> None:
        """Give out what was held back, and from now on what arrives."""
        early, self._early = self._early or [], None
        for piece in early:
            if self._condition.mode is Mode.OPEN:
                self._release(piece)
            else:
                self._lose(piece)

    def drop(self) -> None:
        """Lose all that is under way."""
        while self._queue:
            self._lose(self._queue.popleft()[1])
        while self._early:
            self._lose(self._early.pop())
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _lose(self, piece: bytes | Ending) -> None:
        # A stream with a hole cannot go on: real TCP would send again until it gave the connection up.
        self._connection.has_hole = True
        if isinstance(piece, bytes):
            self._condition.lost_bytes += len(piece)

    def _release_due(self) -> None:
        self._timer = None
        due = self._loop.time() + TIMER_SLACK_SECONDS
        while self._queue and self._queue[0][0] <= due:
            self._release(self._queue.popleft()[1])
        if self._queue:
            self._timer = self._loop.call_at(self._queue[0][0], self._release_due)

    def _release(self, piece: bytes | Ending) -> None:
        if self._early is not None:
            self._early.append(piece)
        elif self.out is None:
            return
        elif isinstance(piece, bytes):
            self._condition.forwarded_bytes += len(piece)
            self.out.write(piece)
        else:
            self.out.end(piece)


class End(asyncio.Protocol):
    """One socket of a connection: hands on what it receives, writes what it is given."""

    def __init__(self, connection: Connection, to_other: Way, from_other: Way) -> None:
        self.other: End | None = None
        self._connection = connection
        self._to_other = to_other
        self._transport: asyncio.Transport | None = None
        self._ended_by_peer = False
        self._ended_by_us = False
        self._instead: Callable[[], None] | None = None
        from_other.out = self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        wire = transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection.arrived(self)

    def data_received(self, data: bytes) -> None:
        if self._instead is not None:
            self._instead()
        else:
            self._to_other.send(data)

    def eof_received(self) -> bool:
        self._ended_by_peer = True
        self._to_other.send(Ending.HALF)
        # Over a hole nothing comes back, so whoever has said that it is through is not kept waiting: each end that stays
        # takes a file of the process, and in an outage thousands of clients give up.
        return not self._ended_by_us and not self._connection.has_hole

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._to_other.send(Ending.CLOSED if error is None else Ending.RESET)
        self._connection.departed(self)

    def pause_writing(self) -> None:
        if self.other is not None:
            self.other.hold()

    def resume_writing(self) -> None:
        if self.other is not None:
            self.other.go_on()

    def hold(self) -> None:
        """Read no more for now."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def go_on(self) -> None:
        """Read again."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def instead_of_handing_on(self, action: Callable[[], None]) -> None:
        """From now on do this whenever something is received, and throw that away."""
        self._instead = action

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def end(self, how: Ending) -> None:
        """End this side as the other side ended."""
        if self._transport is None or self._transport.is_closing():
            return
        if how is Ending.RESET:
            self.reset()
        elif how is Ending.CLOSED or self._ended_by_peer:
            self._transport.close()
        else:
            self._ended_by_us = True
            with contextlib.suppress(OSError):
                self._transport.write_eof()

    def reset(self) -> None:
        """Drop the connection with a TCP reset."""
        if self._transport is None:
            return
        wire = self._transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self._transport.abort()


class Connection:
    """A client's connection through a route: its two ends and the two ways between them."""

    def __init__(self, condition: Condition, owner: ConnectionOwner) -> None:
        self.has_hole = False
        self._owner = owner
        self._there = Way(condition, self)
        self._back = Way(condition, self)
        self._there.hold_back()
        self._present: set[End] = set()
        self.client = End(self, self._there, self._back)
        self.server = End(self, self._back, self._there)
        self.client.other, self.server.other = self.server, self.client

    def arrived(self, end: End) -> None:
        self._present.add(end)
        if end is self.client:
            self._owner.opened(self)
        else:
            self._there.let_go()

    def departed(self, end: End) -> None:
        self._present.discard(end)
        if not self._present:
            self._owner.closed(self)

    def answer(self, reply: bytes, linger_seconds: float) -> None:
        """Answer the client's first words with `reply`, and end the connection soon after."""
        loop = asyncio.get_running_loop()

        def once() -> None:
            self.client.instead_of_handing_on(lambda: None)
            self._back.send(reply)
            self._back.send(Ending.HALF)
            # Closing at once, with more of the request unread, would reset the connection and lose the answer.
            loop.call_later(linger_seconds, self.client.end, Ending.CLOSED)

        if self._there.is_holding_something:
            once()
        else:
            self.client.instead_of_handing_on(once)

    def drop_what_is_under_way(self) -> None:
        self._there.drop()
        self._back.drop()

    def reset(self) -> None:
        """Lose what is under way, and reset both ends."""
        self.drop_what_is_under_way()
        self.client.reset()
        self.server.reset()


class ConnectionOwner:
    """Who is told about a connection's beginning and end."""

    def opened(self, connection: Connection) -> None:
        """The client has connected."""
        raise NotImplementedError

    def closed(self, connection: Connection) -> None:
        """Both ends are gone."""
        raise NotImplementedError
