"""Could the standby take over today?"""

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from failover.application.evaluate_readiness import NotEvaluated
from failover.domain.readiness.check import Verdict
from failover.wiring.readiness import evaluate_readiness, tell_readiness
from failover.wiring.this_region import ThisRegion

logger, metrics = Logger(), Metrics()


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: Any, _context: Any) -> dict[str, Any]:
    """The evaluation, or `{evaluated: false, reason}`. People are told by the schedule's calls alone: asking changes nothing.

    Raises TransientFailure or RunRefused when AWS gives no answer at all.
    """
    this = ThisRegion.load()
    found = evaluate_readiness(this)()
    if isinstance(found, NotEvaluated):
        logger.info("not evaluated", extra={"reason": found.reason})
        return {"evaluated": False, "reason": found.reason, "verdict": Verdict.UNKNOWN.value, "checks": []}
    logger.info("evaluated", extra={"evaluation": found.to_dict()})
    if isinstance(event, dict) and event.get("source") == "aws.events":
        for verdict, name in ((Verdict.NOT_OK, "ReadinessNotOk"), (Verdict.UNKNOWN, "ReadinessUnknown")):
            metrics.add_metric(name=name, unit=MetricUnit.Count, value=found.count(verdict))
        logger.info("told", extra={"told": tell_readiness(this)(found)})
    return {"evaluated": True, "reason": found.sentence, **found.to_dict()}
