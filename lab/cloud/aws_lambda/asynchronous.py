"""What does Lambda do with an event that nobody waits for, when the function fails?"""

from __future__ import annotations

import json
import threading
import time
import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from moto.awslambda.responses import LambdaResponse

from lab.cloud.context import CloudContext
from lab.cloud.eventbridge.targets import send_to_queue
from lab.cloud.iam.policies import Request
from lab.cloud.service_calls import CallFailed, ServiceCalls

# "by default Lambda attempts to run it two more times, with a one-minute wait between the first two attempts,
# and two minutes between the second and third attempts"
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
WAITS = (timedelta(minutes=1), timedelta(minutes=2))
DEFAULT_AGE = timedelta(hours=6)
LONGEST_ERROR_BYTES = 1024


class AsynchronousInvocations:
    """Each event runs in a thread of its own, with Lambda's retries; then it goes to the function's queue."""

    def __init__(self, context: CloudContext) -> None:
        self._context = context
        self._calls = ServiceCalls(context)
        self._never = threading.Event()

    def start(self, function: Any, body: str) -> str:
        """Queue `body` for a moto LambdaFunction; returns the request id, which all attempts share."""
        request_id = str(uuid.uuid4())
        threading.Thread(
            target=self._run, args=(function, body, request_id), name="lambda-asynchronous", daemon=True
        ).start()
        return request_id

    def _run(self, function: Any, body: str, request_id: str) -> None:
        configured = function.event_invoke_config[-1].config if function.event_invoke_config else {}
        retries = int(configured.get("MaximumRetryAttempts", len(WAITS)))
        age = timedelta(seconds=int(configured.get("MaximumEventAgeInSeconds", DEFAULT_AGE.total_seconds())))
        give_up_at = time.monotonic() + self._context.scaled(age)
        error = "The event expired before the function could run."
        for attempt in range(retries + 1):
            if attempt:
                self._never.wait(self._context.scaled(WAITS[attempt - 1]))
            left = give_up_at - time.monotonic()
            if left <= 0 or not self._context.network.wait_until_passes(function.region, function.region, left):
                break
            headers: dict[str, Any] = {}
            answer = function.invoke(body, {}, headers)
            if "x-amz-function-error" not in headers:
                return
            error = answer.decode() if isinstance(answer, bytes) else str(answer)
        self._dead_letter(function, body, request_id, error)

    def _dead_letter(self, function: Any, body: str, request_id: str, error: str) -> None:
        """The event goes to the function's dead-letter queue, with Lambda's three attributes, or is discarded.

        https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq
        """
        queue = function.get_configuration().get("DeadLetterConfig", {}).get("TargetArn")
        outcome, reason = "dropped", error
        if queue and queue.split(":")[2] == "sqs":
            attributes = {
                "RequestID": {"DataType": "String", "StringValue": request_id},
                "ErrorCode": {"DataType": "Number", "StringValue": "200"},
                "ErrorMessage": {"DataType": "String", "StringValue": _message(error)[:LONGEST_ERROR_BYTES]},
            }
            try:
                self._require(function, queue)
                send_to_queue(self._calls, function.region, queue, body, attributes=attributes)
            except CallFailed as failure:
                reason = f"{error}; its dead-letter queue failed too: {failure}"
            else:
                outcome = "dead-lettered"
        self._context.journal.add(
            "lambda-event",
            region=function.region,
            function=function.function_name,
            outcome=outcome,
            reason=reason,
        )

    def _require(self, function: Any, queue: str) -> None:
        """With the function's role: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"""
        wanted = Request("sqs:SendMessage", queue)
        reason = self._context.authorization.request(function.function_arn, function.role, wanted)
        if reason is not None:
            raise CallFailed("AccessDenied", reason, retriable=False)


def install(context: CloudContext) -> None:
    """Invoke with InvocationType Event is answered 202 at once, and the function runs later.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html
    """
    invocations = AsynchronousInvocations(context)
    invoke_and_wait = LambdaResponse.invoke

    def invoke(self: Any) -> Any:
        if self.headers.get("X-Amz-Invocation-Type") != "Event":
            return invoke_and_wait(self)
        name = unquote(self.path.rsplit("/", 2)[-2])
        function = self.backend.get_function(name, self._get_param("qualifier"))
        request_id = invocations.start(function, self.body or "{}")
        return 202, {"status": "202", "x-amzn-RequestId": request_id}, ""

    LambdaResponse.invoke = invoke


def _message(error: str) -> str:
    try:
        found = json.loads(error)
    except ValueError:
        return error
    return str(found.get("errorMessage", error)) if isinstance(found, dict) else error
