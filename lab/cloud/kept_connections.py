"""How long does a connection to the emulated AWS hold? For as many requests as its client has.

werkzeug's handler ends each connection with its answer, since it does not know what of a request was left unread: then
every call of a drill is a connection and a thread. https://www.rfc-editor.org/rfc/rfc9112#section-9.3 (persistence)
"""

from __future__ import annotations

import traceback
from http import HTTPStatus
from io import BytesIO
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.exceptions import InternalServerError
from werkzeug.test import run_wsgi_app

WITHOUT_CONTENT = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}


class KeptConnections(MotoRequestHandler):  # type: ignore[misc]
    """Reads a request whole before it is answered. One whose length is not told beforehand ends its connection."""

    # Head and body in one packet, and none that waits for the client to confirm the last.
    wbufsize = -1
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Answer one request; http.server asks for the next one unless the connection is to be closed."""
        if "Transfer-Encoding" in self.headers:
            super().run_wsgi()
            return
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.environ = {**self.make_environ(), "wsgi.input": BytesIO(content)}
        try:
            answer = run_wsgi_app(self.server.app, self.environ, buffered=True)
        except ConnectionError:
            # A Region that is dark: whoever asked hears nothing.
            self.close_connection = True
            return
        except Exception:  # noqa: BLE001 - as werkzeug does: the error is the server's, and it goes on
            self.log_error("Error on request:\n%s", traceback.format_exc())
            answer = run_wsgi_app(InternalServerError(), self.environ, buffered=True)
        self._send(*answer)

    def handle_expect_100(self) -> bool:
        """The client sends its body once it has this."""
        goes_on: bool = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def _send(self, body: Any, status: str, headers: Any) -> None:
        content = b"".join(body)
        code, _, reason = status.partition(" ")
        if self.command != "HEAD" and int(code) not in WITHOUT_CONTENT:
            headers["Content-Length"] = str(len(content))
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
