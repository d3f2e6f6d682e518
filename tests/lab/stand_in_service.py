"""A small HTTP server in the service's place: `python stand_in_service.py --port N`, one answer to every write."""

from __future__ import annotations

import argparse
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REGION = os.environ.get("AWS_REGION", "nowhere")


class Server(ThreadingHTTPServer):
    # With the default of 5 the kernel drops some of many connections made at once, and each tries again a second later.
    request_queue_size = 512


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    writes = "acknowledge"

    def do_GET(self) -> None:
        self.reply(200, {"status": "alive", "region": REGION, "task": os.environ.get("SERVICE_TASK_ID")})

    def do_POST(self) -> None:
        write = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.writes == "acknowledge":
            self.reply(201, {"writer": write["writer"], "number": write["number"], "region": REGION, "epoch": 3})
        elif self.writes == "hang":
            threading.Event().wait(60)
        elif self.writes == "break":
            self.close_connection = True
        else:
            self.reply(503, {"type": f"/problems/{self.writes}", "title": "No", "status": 503, "region": REGION})

    def reply(self, status: int, document: dict[str, object]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("X-Region", REGION)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--writes", default="acknowledge")
    arguments = parser.parse_args()
    Handler.writes = arguments.writes
    Server((arguments.host, arguments.port), Handler).serve_forever()
