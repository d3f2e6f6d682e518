"""Where does a client of the public name connect now? What DNS answered last, for as long as the answer may be kept.

The client's side of Route 53: an answer is kept for its TTL, new connections go where the kept answer points, and
connections that exist stay where they are.
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-basic.html (TTL)
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

LOOPBACK = "127.0.0.1"
LOOK_UP_WITHIN = timedelta(seconds=1)


class ResolutionFailed(RuntimeError):
    """The public name could not be resolved; the text says why."""


@dataclass(frozen=True)
class Answer:
    """One answer of DNS: where to connect, and how long that may be kept (already in lab time)."""

    host: str
    port: int
    time_to_live: timedelta


LookUp = Callable[[], Awaitable[Answer]]


def parse_answer(document: bytes) -> Answer:
    """Read `{"answer": "...", "port": 80, "ttl_seconds": 1}`. Raises ResolutionFailed.

    An answer that is a load balancer's name is on loopback, as every name of the lab: its port tells which.
    """
    try:
        found = json.loads(document)
        name, port, ttl_seconds = found["answer"], found["port"], float(found["ttl_seconds"])
    except (ValueError, TypeError, KeyError) as error:
        raise ResolutionFailed(f"the resolver's answer cannot be read: {document[:120]!r}") from error
    if not isinstance(name, str) or not isinstance(port, int) or not 0 < port < 65_536 or ttl_seconds < 0:
        raise ResolutionFailed(f"the resolver answered with nowhere to connect: {document[:120]!r}")
    with contextlib.suppress(ValueError):
        return Answer(str(ipaddress.ip_address(name)), port, timedelta(seconds=ttl_seconds))
    return Answer(LOOPBACK, port, timedelta(seconds=ttl_seconds))


class Resolver:
    """Keeps the last answer for its time to live; those who ask meanwhile share one look-up."""

    def __init__(self, look_up: LookUp, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` is in seconds and never goes back."""
        self._look_up = look_up
        self._clock = clock
        self._kept: Answer | None = None
        self._kept_until = 0.0
        self._asking: asyncio.Task[Answer] | None = None

    async def address(self) -> tuple[str, int]:
        """Where to connect now. Raises ResolutionFailed: an answer is never used beyond its time to live."""
        if self._kept is None or self._clock() >= self._kept_until:
            self._kept = None
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self._ask())
            self._kept = await asyncio.shield(self._asking)
        return self._kept.host, self._kept.port

    async def _ask(self) -> Answer:
        answer = await self._look_up()
        self._kept_until = self._clock() + answer.time_to_live.total_seconds()
        return answer


def http_look_up(url: str, within: timedelta = LOOK_UP_WITHIN) -> LookUp:
    """Look-ups by `GET url`, each bounded by `within`."""
    parts = urlsplit(url)
    host, port, path = parts.hostname or LOOPBACK, parts.port or 80, parts.path or "/"
    request = f"GET {path} HTTP/1.0\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode()

    async def exchange() -> bytes:
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(request)
            return await reader.read(-1)
        finally:
            writer.close()

    async def look_up() -> Answer:
        try:
            async with asyncio.timeout(within.total_seconds()):
                head, _, body = (await exchange()).partition(b"\r\n\r\n")
        except TimeoutError as error:
            raise ResolutionFailed(f"the resolver did not answer within {within.total_seconds():g} s") from error
        except OSError as error:
            raise ResolutionFailed(f"the resolver could not be reached: {error}") from error
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise ResolutionFailed(f"the resolver answered {head[:60]!r}")
        return parse_answer(body)

    return look_up
