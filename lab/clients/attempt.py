"""What became of one write that a client tried: acknowledged, definitely not written, or unknown?

Only an acknowledgement is *ok*. Only what cannot have been written is *fail*: it was never sent, or whoever answered
says that nothing was written. All else is *unknown*: a timeout, a connection that broke after the write was sent, any
other answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass
from typing import Literal, cast

import httptools

Outcome = Literal["ok", "fail", "unknown"]

NOTHING_WRITTEN = ("/problems/not-leader", "/problems/database-unavailable")
# A load balancer's own 503: it had nowhere to send the request to. Its 502 and 504 may come after it sent it.
BALANCER = "awselb/"


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Verdict:
    """The outcome with what is known of who gave it; `problem` is None for a write that was acknowledged."""

    outcome: Outcome
    region: str | None = None
    epoch: int | None = None
    status: int | None = None
    problem: str | None = None


class ConnectionEnded(OSError):
    """The connection ended before the answer was complete."""


def verdict(answer: Answer) -> Verdict:
    """What an answer to `POST /writes` says."""
    region = answer.headers.get("x-region")
    document = _document(answer.body)
    if answer.status == 201:
        epoch = document.get("epoch")
        if isinstance(epoch, int) and "number" in document:
            return Verdict("ok", str(document.get("region", region)), epoch, 201)
        return Verdict("unknown", region, None, 201, "an acknowledgement that cannot be read")
    problem = str(document.get("type", f"HTTP {answer.status}"))
    by_balancer = answer.headers.get("server", "").startswith(BALANCER)
    refused = answer.status == 503 and (by_balancer or problem in NOTHING_WRITTEN)
    return Verdict("fail" if refused else "unknown", region, None, answer.status, problem)


class Exchange(asyncio.Protocol):
    """A keep-alive connection for one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._start_answer()

    @property
    def usable(self) -> bool:
        """Whether another request can be sent."""
        return self._transport is not None and not self._transport.is_closing() and self._waiting is None

    async def post(self, request: bytes) -> Answer:
        """Send a whole request and await the answer. Raises ConnectionEnded."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionEnded("the connection was closed")
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._waiting
        finally:
            self._waiting = None

    def drop(self) -> None:
        """End the connection at once; an answer that is still to come is not heard."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(f"the answer cannot be read: {error}")
            self.drop()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._fail("the connection was reset" if error else "the connection was closed")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        answer = Answer(self._parser.get_status_code(), self._headers, self._body)
        keep = self._parser.should_keep_alive()
        self._start_answer()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(answer)
        if not keep and self._transport is not None:
            self._transport.close()

    def _start_answer(self) -> None:
        self._headers: dict[str, str] = {}
        self._body = b""
        self._parser = httptools.HttpResponseParser(self)

    def _fail(self, why: str) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionEnded(why))


def write_request(host: str, writer: str, number: int, body: str) -> bytes:
    """`POST /writes` as it goes over the wire."""
    content = json.dumps({"writer": writer, "number": number, "body": body}).encode()
    head = f"POST /writes HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content


def _document(body: bytes) -> dict[str, object]:
    with contextlib.suppress(ValueError):
        document = json.loads(body)
        if isinstance(document, dict):
            return document
    return {}
