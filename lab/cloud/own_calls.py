"""How does the emulated AWS call itself? In the thread that asks: through its own application, without a connection.

Deploying is hundreds of such calls, and one interpreter would run both ends of each connection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any
from urllib.parse import unquote, urlsplit

import botocore.auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from werkzeug.test import run_wsgi_app

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Send = Callable[..., AWSResponse]


class _Body(BytesIO):
    """What botocore reads an answer's body from."""

    def stream(self, **_: Any) -> Iterable[bytes]:
        yield self.read()


class NamedOnly:
    """Says who calls which service of which Region, as a signature's credential does, and signs nothing.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. The emulated AWS checks no
    signature, and a tenth of such a call's time would be to make one.
    """

    # What botocore asks of a signer.
    REQUIRES_REGION = True
    REQUIRES_TOKEN = False

    def __init__(self, credentials: Any, service_name: str, region_name: str) -> None:
        scope = f"{credentials.access_key}/20000101/{region_name}/{service_name}/aws4_request"
        self._authorization = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none"

    def add_auth(self, request: AWSRequest) -> None:
        request.headers["Authorization"] = self._authorization


NAMED_ONLY = "drlab-named-only"
botocore.auth.AUTH_TYPE_MAPS[NAMED_ONLY] = NamedOnly


def take(events: Any, app: WSGI) -> None:
    """From now on the calls of a session with these `events` go straight to `app`."""
    events.register_first("choose-signer", _chosen)
    events.register("before-send", sender(app))


def _chosen(signature_version: Any, **_: Any) -> str | None:
    """A presigned URL, as a replica's in another Region has one, is signed as ever."""
    presigned = str(signature_version).endswith(("-query", "-presign-post"))
    return None if presigned else NAMED_ONLY


def sender(app: WSGI) -> Send:
    """A handler for botocore's `before-send`, whose answer is taken instead of sending the request."""

    def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        body, status, headers = run_wsgi_app(app, _environ(request))
        return AWSResponse(request.url, int(status.split()[0]), headers, _Body(b"".join(body)))

    return send


def _environ(request: AWSPreparedRequest) -> dict[str, Any]:
    """https://peps.python.org/pep-3333/#environ-variables"""
    url = urlsplit(request.url)
    body = request.body or b""
    if hasattr(body, "read"):
        body = body.read()
    body = body.encode() if isinstance(body, str) else bytes(body)
    headers = {
        "HTTP_" + name.upper().replace("-", "_"): value.decode("latin-1") if isinstance(value, bytes) else value
        for name, value in request.headers.items()
    }
    return {
        **headers,
        "HTTP_HOST": url.netloc,
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(url.path, "latin-1"),
        "QUERY_STRING": url.query,
        "REQUEST_URI": url.path + (f"?{url.query}" if url.query else ""),
        "RAW_URI": url.path + (f"?{url.query}" if url.query else ""),
        "CONTENT_TYPE": headers.get("HTTP_CONTENT_TYPE", ""),
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": url.hostname or "",
        "SERVER_PORT": str(url.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": BytesIO(body),
        "wsgi.errors": BytesIO(),
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
