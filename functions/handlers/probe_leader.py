"""Does the standby have to act by itself: end what a run left behind, or open an incident because no alarm did?"""

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from failover.adapters.executions import StepFunctions
from failover.application.probe_leader import ProbeLeader
from failover.wiring.journal import journal_of
from failover.wiring.looks import vantage_points_of
from failover.wiring.reconciling import reconciler
from failover.wiring.register import register_of
from failover.wiring.this_region import CLOCK, ThisRegion, variable

logger, metrics = Logger(), Metrics()


def build(this: ThisRegion) -> ProbeLeader:
    executions = StepFunctions(this.client("stepfunctions"), variable("STATE_MACHINE_ARN"))
    looks = vantage_points_of(this.plan)
    return ProbeLeader(this.plan, this.name, register_of(this.plan), executions, looks, journal_of(this), CLOCK)


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(_event: Any, _context: Any) -> dict[str, Any]:
    """What Probed tells. Raises TransientFailure or RunRefused when AWS gives no decision."""
    this = ThisRegion.load()
    if reconciled := reconciler(this)():
        metrics.add_metric(name="RunAbandoned", unit=MetricUnit.Count, value=1)
        logger.warning("reconciled", extra={"reason": reconciled})
    probed = build(this)()
    metrics.add_metric(name="ProbeStartedRun", unit=MetricUnit.Count, value=int(probed.started))
    if probed.heartbeat_age_seconds is not None:
        metrics.add_metric(name="HeartbeatAge", unit=MetricUnit.Seconds, value=probed.heartbeat_age_seconds)
    logger.info("probed", extra={"decision": probed.to_dict()})
    return probed.to_dict()
