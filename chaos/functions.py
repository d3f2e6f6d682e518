"""How is a state's function called in a case, and what does Step Functions hear of it?

A function's own exception is told by its class's name, and one that ended with its process as Runtime.ExitError:
https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
"""

from __future__ import annotations

import importlib
import os
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from chaos.clock import CaseClock
from chaos.faults import Fault, OfFunction
from chaos.gate import Attempts, Died, Gate
from failover.application.errors import RunRefused, StillInProgress, TransientFailure
from failover.wiring import journal

# Powertools takes these when a handler's module is loaded.
os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "drlab-app")
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "drlab")

TOLD = (RunRefused, StillInProgress, TransientFailure)
TWICE = 2


class Context:
    """Lambda's context object: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"""

    function_name = "drlab-app"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-west-2:123456789012:function:drlab-app"
    aws_request_id = "52fdfc07-2182-454f-963f-5f0f9a621d72"


class FunctionError(Exception):
    """What Lambda tells of an invocation that did not answer; `name` is its errorType."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass
class Functions:
    """Every function of the control plane, each call of it through `gate`."""

    gate: Gate
    clock: CaseClock
    surprises: list[str]
    _calls: Counter[tuple[str, str]] = field(default_factory=Counter)

    def invoke(self, state: str, event: dict[str, Any], run: str) -> Any:
        """Lambda's Invoke: the answer, or FunctionError; ClientError where the function is not started at all."""
        self._calls[run, state] += 1
        number = self._calls[run, state]
        due = next((one for one in self.gate.faults if isinstance(one.kind, OfFunction) and one.state == state), None)
        if due is None:
            return self._serve(state, event, run, number)
        return self._befall(due, state, event, run, number)

    def _befall(self, due: Fault, state: str, event: dict[str, Any], run: str, number: int) -> Any:
        first_ones = number <= TWICE
        self.gate.met.add(due)
        if due.kind is OfFunction.THROTTLED_FOR_EVER or (due.kind is OfFunction.THROTTLED and first_ones):
            raise _not_started("TooManyRequestsException", 429)
        if due.kind is OfFunction.DENIED_FOR_EVER:
            raise _not_started("AccessDeniedException", 403)
        answer = self._serve(state, event, run, number)
        if due.kind is OfFunction.SERVED_TWICE:
            return self._serve(state, event, run, number)
        if due.kind is OfFunction.KILLED and first_ones:
            raise FunctionError("Runtime.ExitError", "The process ended after its work was done.")
        if due.kind is OfFunction.TIMED_OUT and number == 1:
            raise FunctionError("Sandbox.Timedout", "The time was up after the work was done.")
        return answer

    def _serve(self, state: str, event: dict[str, Any], run: str, number: int) -> Any:
        handler = importlib.import_module(f"handlers.{snake(state)}").handler
        outer, self.gate.attempt = self.gate.attempt, Attempts(state, run, number, self.clock.monotonic())
        try:
            return handler(event, Context())
        except Died as death:
            journal._journal.cache_clear()
            raise FunctionError(str(death), "The process is gone.") from death
        except TOLD as error:
            raise FunctionError(type(error).__name__, str(error)) from error
        except Exception as error:
            self.surprises.append(f"{state} raised {type(error).__name__}: {error}")
            raise FunctionError(type(error).__name__, str(error)) from error
        finally:
            self.gate.attempt = outer


def snake(state: str) -> str:
    """`ScaleSecondaryECS` is served by handlers/scale_secondary_ecs.py."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", state).lower()


def _not_started(code: str, status: int) -> ClientError:
    """https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors"""
    metadata = {"HTTPStatusCode": status, "RequestId": "r"}
    return ClientError({"Error": {"Code": code, "Message": "injected"}, "ResponseMetadata": metadata}, "Invoke")
