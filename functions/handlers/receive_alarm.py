"""Does an event start a run?"""

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from failover import wiring
from failover.application.errors import RunRefused, TransientFailure

logger, metrics = Logger(), Metrics()


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: Any, _context: Any) -> dict[str, Any]:
    """`{started, reason, execution_arn, run, epoch}`. Never raises because of the event.

    Raises TransientFailure or RunRefused when AWS gives no decision: Lambda then tries again, and the event ends in
    the queue of undecided alarms rather than nowhere.
    """
    try:
        received = wiring.receive_alarm()(event).to_dict()
    except (TransientFailure, RunRefused) as error:
        metrics.add_metric(name="AlarmUndecided", unit=MetricUnit.Count, value=1)
        logger.error("AlarmUndecided", extra={"reason": str(error)})
        raise
    if received["started"]:
        name = "AlarmStartedRun"
    else:
        name = "AlarmDuplicated" if received["execution_arn"] else "AlarmRefused"
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)
    logger.info(name, extra={"decision": received})
    return received
