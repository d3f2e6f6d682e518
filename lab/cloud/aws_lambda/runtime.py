"""How does the emulated Lambda run a function? As a real process, from its deployed archive, within its Timeout.

moto would need Docker. The start-up of a function is a fork here, and no measure of a cold start on AWS.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
import zipfile
from pathlib import Path
from typing import Any

from moto.awslambda.models import LambdaBackend, LambdaFunction

from lab.cloud.context import CloudContext
from lab.secret_key import secret_key

READY_SECONDS = 30.0


# Imported once for all functions of an archive: their start-up is no measure of AWS's either way.
PRELOADED = "failover"


class Zygote:
    """The parent of all workers that run one archive's code."""

    def __init__(self, context: CloudContext) -> None:
        self.archive: str | None = None
        self._lock = threading.Lock()
        ours, theirs = socket.socketpair()
        self._control = ours
        with (context.state_dir / "lambda-zygote.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "lab.cloud.aws_lambda.worker", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={
                    "PATH": os.environ.get("PATH", ""),
                    "HOME": str(context.state_dir),
                    "AWS_EC2_METADATA_DISABLED": "1",
                }
                | {key: value for key, value in os.environ.items() if key.startswith("DRLAB_")},
            )
        theirs.close()
        self._ready = threading.Event()
        threading.Thread(target=self._await_ready, name="lambda-zygote", daemon=True).start()

    def take(self, archive: str, code: Path) -> None:
        """From now on this zygote's workers run `code`; what they share is imported at once."""
        self.archive = archive
        self._ask({"code": str(code), "preload": PRELOADED}, [])

    def fork(self, request: dict[str, Any]) -> Worker:
        """A new worker. Raises RuntimeError when the zygote does not start."""
        ours, theirs = socket.socketpair()
        self._ask(request, [theirs.fileno()])
        theirs.close()
        return Worker(ours)

    def close(self) -> None:
        self._control.close()
        self._process.terminate()

    def _ask(self, request: dict[str, Any], descriptors: list[int]) -> None:
        if not self._ready.wait(READY_SECONDS):
            raise RuntimeError("the Lambda workers' parent process did not start")
        with self._lock:
            socket.send_fds(self._control, [json.dumps(request).encode()], descriptors)

    def _await_ready(self) -> None:
        if self._control.recv(64):
            self._ready.set()


class LambdaRuntime:
    """Warm workers by function: one each, and one more whenever all of a function's are busy."""

    def __init__(self, context: CloudContext) -> None:
        self._context = context
        self._idle: dict[str, list[Worker]] = {}
        self._lock = threading.Lock()
        self._zygotes = [Zygote(context)]

    def prepare(self, function: Any) -> None:
        """A function was deployed: its code is unpacked and imported before anybody invokes it."""
        self._zygote(function.code_bytes)

    def invoke(self, function: Any, event: Any) -> tuple[dict[str, Any], str]:
        """Run `function`, a moto LambdaFunction: its answer {"ok": ...} or {"error": ...}, and what it logged."""
        began = time.monotonic()
        key = hashlib.sha256(
            json.dumps(
                [function.function_arn, hashlib.sha256(function.code_bytes).hexdigest(), function.environment_vars]
            ).encode()
        ).hexdigest()
        worker = self._worker(function, key)
        answer = worker.call(event, float(function.timeout or 3), function.function_arn)
        if worker.alive:
            with self._lock:
                self._idle.setdefault(key, []).append(worker)
        logs = answer.pop("logs", "")
        self._record(function, answer, logs, answer.pop("denied", []), time.monotonic() - began)
        return answer, logs

    def close(self) -> None:
        with self._lock:
            for workers in self._idle.values():
                for worker in workers:
                    worker.end()
            for zygote in self._zygotes:
                zygote.close()

    def _zygote(self, archive: bytes) -> Zygote:
        """The parent for an archive's workers: its own, or any for an archive that has nothing to preload."""
        digest = hashlib.sha256(archive).hexdigest()
        code = self._code(archive)
        if not (code / PRELOADED).is_dir():
            return self._zygotes[0]
        with self._lock:
            for zygote in self._zygotes:
                if zygote.archive in (None, digest):
                    break
            else:
                zygote = Zygote(self._context)
                self._zygotes.append(zygote)
            if zygote.archive is None:
                zygote.take(digest, code)
            return zygote

    def _worker(self, function: Any, key: str) -> Worker:
        with self._lock:
            if self._idle.get(key):
                return self._idle[key].pop()
        self._context.authorization.acts(function.function_arn, function.role)
        request = {
            "code": str(self._code(function.code_bytes)),
            "handler": function.handler,
            "environment": self._environment(function),
            "arn": function.function_arn,
        }
        return self._zygote(function.code_bytes).fork(request)

    def _code(self, archive: bytes) -> Path:
        """The unpacked archive; functions with the same one share it."""
        folder = self._context.state_dir / "code" / hashlib.sha256(archive).hexdigest()[:16]
        with self._lock:
            if not folder.is_dir():
                zipfile.ZipFile(io.BytesIO(archive)).extractall(folder)
        return folder

    def _environment(self, function: Any) -> dict[str, str]:
        """https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime"""
        return {
            "PATH": os.environ.get("PATH", ""),
            "TZ": "UTC",
            **{key: str(value) for key, value in (function.environment_vars or {}).items()},
            "_HANDLER": function.handler,
            "AWS_REGION": function.region,
            "AWS_DEFAULT_REGION": function.region,
            "AWS_ACCESS_KEY_ID": f"LAB-{function.region}",
            "AWS_SECRET_ACCESS_KEY": secret_key(function.region),
            "AWS_ENDPOINT_URL": self._context.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_LAMBDA_FUNCTION_VERSION": str(function.version),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        }

    def _record(self, function: Any, answer: dict[str, Any], logs: str, denied: list[str], seconds: float) -> None:
        error = answer.get("error", {})
        self._context.journal.add(
            "lambda",
            region=function.region,
            function=function.function_name,
            ms=round(seconds * 1000, 1),
            error=error.get("errorType"),
            message=error.get("errorMessage"),
            denied=denied,
        )
        with (self._context.state_dir / f"{function.function_name}-{function.region}.log").open("a") as log:
            log.write(logs)
            if error:
                log.write(json.dumps(error) + "\n")


class Worker:
    """One forked process that serves one function, one invocation at a time."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        channel.settimeout(READY_SECONDS)
        self._lines = channel.makefile("rw", encoding="utf-8")
        self._pid = int(json.loads(self._lines.readline())["pid"])
        self.alive = True

    def call(self, event: Any, timeout_seconds: float, arn: str) -> dict[str, Any]:
        """The handler's answer. A worker that is not through in time, or dies, answers as Lambda words it."""
        request_id = str(uuid.uuid4())
        request = {"event": event, "timeout_seconds": timeout_seconds, "request_id": request_id, "arn": arn}
        self._channel.settimeout(timeout_seconds)
        try:
            self._lines.write(json.dumps(request) + "\n")
            self._lines.flush()
            line = self._lines.readline()
        except TimeoutError:
            self.end()
            message = f"{request_id} Task timed out after {timeout_seconds:.2f} seconds"
            return {"error": {"errorType": "Sandbox.Timedout", "errorMessage": message}}
        except OSError:
            line = ""
        if not line:
            self.end()
            message = f"RequestId: {request_id} Error: Runtime exited without providing a reason"
            return {"error": {"errorType": "Runtime.ExitError", "errorMessage": message}}
        answer: dict[str, Any] = json.loads(line)
        return answer

    def end(self) -> None:
        self.alive = False
        self._channel.close()
        try:
            os.kill(self._pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def install(context: CloudContext) -> LambdaRuntime:
    """Functions run as processes, and a failed one is reported as Lambda does: FunctionError `Unhandled`.

    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_ResponseSyntax
    """
    runtime = LambdaRuntime(context)
    plain_invoke = LambdaFunction.invoke

    def invoke_lambda(self: Any, event: Any = None) -> tuple[str, bool, str]:
        event = json.loads(event) if isinstance(event, str) else event
        answer, logs = runtime.invoke(self, event if event is not None else {})
        self.logs_backend.ensure_log_group(self.logs_group_name)
        if logs:
            self.save_logs(logs)
        failed = "error" in answer
        return json.dumps(answer["error"] if failed else answer["ok"]), failed, logs

    def invoke(self: Any, body: str, request_headers: Any, response_headers: Any) -> str | bytes:
        result: str | bytes = plain_invoke(self, body, request_headers, response_headers)
        if "x-amz-function-error" in response_headers:
            response_headers["x-amz-function-error"] = "Unhandled"
        return result

    create = LambdaBackend.create_function

    def create_function(self: Any, spec: dict[str, Any]) -> Any:
        function = create(self, spec)
        runtime.prepare(function)
        return function

    LambdaBackend.create_function = create_function
    LambdaFunction._invoke_lambda = invoke_lambda
    LambdaFunction.invoke = invoke
    return runtime
