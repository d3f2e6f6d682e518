"""Where do a drill's notifications arrive? A webhook receiver on loopback, and the mailbox file."""

from __future__ import annotations

import json
import mailbox
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

LONGEST_BODY_BYTES = 1 << 20


def mailed(path: Path) -> Iterator[str]:
    """The text of every message in the mbox file at `path`, which need not exist."""
    if not path.exists():
        return
    for message in mailbox.mbox(path, create=False):
        payload = message.get_payload(decode=True)
        yield payload.decode(errors="replace") if isinstance(payload, bytes) else ""


class WebhookReceiver:
    """Listens on a free loopback port and keeps every SNS notification that is posted to it."""

    def __init__(self) -> None:
        self._arrived: list[dict[str, Any]] = []
        self._condition = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = min(int(self.headers.get("content-length") or 0), LONGEST_BODY_BYTES)
                body = self.rfile.read(length)
                self.send_response(200)
                self.end_headers()
                receiver._receive(body)

            def log_message(self, format: str, *args: object) -> None:
                """Quiet: what arrives is shown by the drill itself."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="webhook", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/notifications"

    def __enter__(self) -> WebhookReceiver:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def received(self) -> list[dict[str, Any]]:
        """Every notification so far, oldest first; subscription confirmations are left out."""
        with self._condition:
            return list(self._arrived)

    def wait_for(self, count: int, timeout_seconds: float) -> bool:
        """True once `count` notifications have arrived."""
        with self._condition:
            return self._condition.wait_for(lambda: len(self._arrived) >= count, timeout_seconds)

    def _receive(self, body: bytes) -> None:
        try:
            message = json.loads(body)
        except ValueError:
            return
        if isinstance(message, dict) and message.get("Type") == "Notification":
            with self._condition:
                self._arrived.append(message)
                self._condition.notify_all()
