"""What runs a function's handler? A zygote that has the imports behind it, and forks one worker a function.

What the zygote has imported of our code comes from the deployed archive, like the handler itself. A worker speaks over
the file descriptor that it is handed: one JSON object a line, an invocation in, its result out.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import pkgutil
import signal
import socket
import sys
import time
import traceback
from pathlib import Path
from typing import IO, Any

from lab.cloud.iam.asked_calls import AskedCalls

LONGEST_REQUEST_BYTES = 1 << 20


class Context:
    """What a handler gets as its context.

    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """

    identity = None
    client_context = None

    def __init__(self, request: dict[str, Any]) -> None:
        environment = os.environ
        self.function_name = environment["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = environment["AWS_LAMBDA_FUNCTION_VERSION"]
        self.invoked_function_arn = request["arn"]
        self.memory_limit_in_mb = environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.aws_request_id = request["request_id"]
        self.log_group_name = f"/aws/lambda/{self.function_name}"
        self.log_stream_name = "lab"
        self._deadline = time.monotonic() + request["timeout_seconds"]

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def zygote(control: socket.socket) -> None:
    """Fork a worker for each request on `control`, until it is closed."""
    _import_what_every_function_needs()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    control.sendall(b"ready\n")
    while True:
        body, descriptors, _, _ = socket.recv_fds(control, LONGEST_REQUEST_BYTES, 1)
        if not body:
            return
        request = json.loads(body)
        if "preload" in request:
            _preload(request["code"], request["preload"])
            continue
        pid = os.fork()
        if pid == 0:
            control.close()
            _work(request, socket.socket(fileno=descriptors[0]))
            os._exit(0)
        os.close(descriptors[0])


def _import_what_every_function_needs() -> None:
    import aws_lambda_powertools
    import boto3
    import psycopg

    from lab.cloud import service_models

    service_models.share()
    session = boto3.session.Session(aws_access_key_id="zygote", aws_secret_access_key="zygote")  # noqa: S106
    for service in ("s3", "ssm", "rds", "ecs", "elbv2", "cloudwatch", "secretsmanager", "sns", "stepfunctions"):
        session.client(service, region_name="us-west-2")
    del aws_lambda_powertools, psycopg
    # A collection in a worker would touch, and so copy, every page that it shares with its parent.
    gc.collect()
    gc.freeze()


def _preload(code: str, package: str) -> None:
    """Import what the functions of an archive share. Workers of another archive would get it too: one zygote each."""
    sys.path.insert(0, code)
    # What a function cannot import is its own error, and is reported when it is invoked.
    for module in pkgutil.walk_packages([str(Path(code) / package)], f"{package}.", onerror=lambda _: None):
        with contextlib.suppress(ImportError):
            importlib.import_module(module.name)


def _work(function: dict[str, Any], channel: socket.socket) -> None:
    """Serve one function's invocations until the channel is closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(function["environment"])
    sys.path.insert(0, function["code"])
    asked = AskedCalls(function["environment"]["AWS_ENDPOINT_URL"], function["arn"])
    asked.enforce()
    lines = channel.makefile("rw", encoding="utf-8")
    lines.write(json.dumps({"pid": os.getpid()}) + "\n")
    lines.flush()
    handler: Any = None
    for line in lines:
        request = json.loads(line)
        logs = io.StringIO()
        with contextlib.redirect_stdout(logs), contextlib.redirect_stderr(logs):
            try:
                handler = handler or _handler(function["handler"])
                result = {"ok": json.loads(json.dumps(handler(request["event"], Context(request))))}
            except Exception as error:  # noqa: BLE001 - whatever a handler raises is its answer, as on Lambda
                result = {"error": _described(error, request["request_id"])}
        _send(lines, {**result, "logs": logs.getvalue(), "denied": asked.denied()})


def _handler(name: str) -> Any:
    module, function = name.rsplit(".", 1)
    return getattr(importlib.import_module(module), function)


def _described(error: Exception, request_id: str) -> dict[str, Any]:
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": request_id,
        "stackTrace": traceback.format_exception(error),
    }


def _send(lines: IO[str], answer: dict[str, Any]) -> None:
    lines.write(json.dumps(answer) + "\n")
    lines.flush()


if __name__ == "__main__":
    zygote(socket.socket(fileno=int(sys.argv[1])))
