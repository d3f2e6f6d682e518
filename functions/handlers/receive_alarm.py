"""Does an event start a run?"""

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from failover.application.errors import RunRefused, TransientFailure
from failover.application.receive_alarm import ReceiveAlarm
from failover.wiring.intake import dead_letters, intake
from failover.wiring.this_region import variable

logger, metrics = Logger(), Metrics()


def build() -> ReceiveAlarm:
    """Makes no client and no call before an event is found in order, or is none of an alarm and set aside."""
    machine = variable("STATE_MACHINE_ARN")
    account = machine.split(":")[4] if machine.count(":") >= 6 else ""
    return ReceiveAlarm(account, lambda: intake(machine), dead_letters)


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: Any, _context: Any) -> dict[str, Any]:
    """`{started, reason, execution_arn, run, epoch}`. Never raises because of the event.

    Raises TransientFailure or RunRefused when AWS gives no decision: Lambda tries again, then keeps it in its queue.
    """
    try:
        received = build()(event).to_dict()
    except (TransientFailure, RunRefused) as error:
        metrics.add_metric(name="AlarmUndecided", unit=MetricUnit.Count, value=1)
        logger.error("AlarmUndecided", extra={"reason": str(error)})
        raise
    refused = "AlarmDuplicated" if received["execution_arn"] else "AlarmRefused"
    name = "AlarmStartedRun" if received["started"] else refused
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)
    logger.info(name, extra={"decision": received})
    return received
