"""Does the standby have to open an incident by itself, because no alarm did?"""

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from failover import wiring

logger, metrics = Logger(), Metrics()


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(_event: Any, _context: Any) -> dict[str, Any]:
    """`{started, reason, execution_arn, run, epoch}`. Raises TransientFailure or RunRefused when AWS gives no decision."""
    probed = wiring.probe_leader()().to_dict()
    metrics.add_metric(name="ProbeStartedRun", unit=MetricUnit.Count, value=int(bool(probed["started"])))
    logger.info("probed", extra={"decision": probed})
    return probed
