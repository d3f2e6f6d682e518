"""How is a Task state served? Parse the call, ask the use case, log the decision with its reason, dump the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from failover.application.errors import InputRefused, RunRefused, StillInProgress, TransientFailure
from failover.domain.plan import PlanError
from failover.domain.run import Run, RunInputError, RunStateError
from failover.wiring.this_region import UseCase

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def task_handler(state: str, build: Callable[[], UseCase]) -> Handler:
    """The Lambda handler of `state`.

    What it raises are the workflow's error names: StillInProgress, TransientFailure and RunRefused or a kind of it, each
    with one sentence. A call or a plan that makes no sense is RunRefused, the input of a run InputRefused.
    """
    logger, metrics = Logger(), Metrics()

    def serve(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        metrics.add_dimension(name="state", value=state)
        logger.append_keys(state=state, run=event.get("run") if isinstance(event, dict) else None)
        try:
            answer = answer_of(build, event)
        except (StillInProgress, TransientFailure, RunRefused) as error:
            _tell(logger, metrics, error)
            raise
        logger.info("decided", extra={"answer": answer})
        metrics.add_metric(name="TaskAnswered", unit=MetricUnit.Count, value=1)
        return answer

    handler: Handler = metrics.log_metrics(logger.inject_lambda_context(serve, clear_state=True))
    return handler


def answer_of(build: Callable[[], UseCase], event: object) -> dict[str, Any]:
    """What the use case of a state says to its call. A call, a plan or an input that makes no sense is RunRefused."""
    try:
        run = Run.parse(event)
        return build()(run)
    except RunInputError as error:
        raise InputRefused(str(error)) from error
    except (PlanError, RunStateError) as error:
        raise RunRefused(str(error)) from error


def _tell(logger: Logger, metrics: Metrics, error: Exception) -> None:
    """A step that waits is daily business, a refused one is not."""
    kind = type(error).__name__
    log = logger.error if isinstance(error, RunRefused) else logger.warning
    log("not done", extra={"error": kind, "reason": str(error)})
    metrics.add_metric(name=kind, unit=MetricUnit.Count, value=1)
