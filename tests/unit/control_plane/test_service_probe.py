"""Is every kind of answer, and every kind of silence, told apart within its time? Against real sockets."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from control_plane_world import STANDBY

from failover.adapters.service_probe import HttpProbe
from failover.application.ports import Answer, Silence

PROBE, IMPATIENT = HttpProbe(timedelta(seconds=10)), HttpProbe(timedelta(seconds=0.3))


class Service(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body, headers, status = b"", {}, 200
        if self.path == "/healthz":
            body, headers = json.dumps({"region": "from-body", "leader": True}).encode(), {"X-Region": STANDBY}
        elif self.path == "/unnamed":
            body = json.dumps({"region": "from-body"}).encode()
        elif self.path == "/503":
            status, body = 503, b'{"detail": "not the leader"}'
        elif self.path == "/moved":
            status, headers = 302, {"Location": "/healthz"}
        elif self.path == "/text":
            body = b"hello"
        elif self.path == "/list":
            body = b'[{"region": "x"}]'
        elif self.path == "/odd":
            body = b'{"region": 5}'
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.mark.parametrize(
    ("path", "status", "region"),
    [
        ("/healthz", 200, STANDBY),
        ("/unnamed", 200, "from-body"),
        ("/503", 503, None),
        ("/moved", 302, None),
        ("/text", 200, None),
        ("/list", 200, None),
        ("/odd", 200, None),
    ],
)
def test_an_answer_is_taken_as_it_is(base: str, path: str, status: int, region: str | None) -> None:
    """A redirect is not followed: the Region that answers is the one asked."""
    answer = PROBE.get(f"{base}{path}")
    assert isinstance(answer, Answer)
    assert (answer.status, answer.region) == (status, region)


def test_the_body_can_be_read(base: str) -> None:
    answer = PROBE.get(f"{base}/503")
    assert isinstance(answer, Answer)
    assert answer.body["detail"] == "not the leader"


def test_a_listener_that_accepts_and_says_nothing_is_silent_within_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        began = time.monotonic()
        answer = IMPATIENT.get(f"http://127.0.0.1:{mute.getsockname()[1]}/healthz")
        assert isinstance(answer, Silence)
        assert time.monotonic() - began < 8


def test_a_closed_port_and_no_http_are_silence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert isinstance(PROBE.get(f"http://127.0.0.1:{port}/healthz"), Silence)

    with socket.create_server(("127.0.0.1", 0)) as rude:

        def hang_up() -> None:
            connection, _ = rude.accept()
            connection.sendall(b"SSH-2.0-x\r\n")
            connection.close()

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        assert isinstance(PROBE.get(f"http://127.0.0.1:{rude.getsockname()[1]}/healthz"), Silence)
        thread.join(5)
