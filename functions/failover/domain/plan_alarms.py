"""Which alarms may start a run, and what does each of them speak of?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from failover.domain.plan_reader import PlanError, PlanObject

ROUTE53_METRICS_REGION = "us-east-1"
ALARM_ARN_PATTERN = r"arn:aws[a-z-]*:cloudwatch:([a-z0-9-]+):(\d{12}):alarm:(.{1,255})"


class VantagePoint(StrEnum):
    """Where an alarm looks from: Route 53's checkers worldwide, or the leader's own Region."""

    ROUTE53 = "route53"
    LOAD_BALANCER = "load-balancer"
    DATABASE = "database"


@dataclass(frozen=True)
class AlarmPlan:
    """An alarm that may start a run, and that is asked again on the second look.

    `region` is where it lives, `watches` the Region that it speaks of: that of the health check for one of Route 53's,
    which the plan says where it is not the primary, and its own for every other alarm.
    """

    arn: str
    vantage_point: VantagePoint
    region: str
    name: str
    watches: str


def alarms_in(root: PlanObject, account_id: str, regions: tuple[str, ...]) -> tuple[AlarmPlan, ...]:
    """Of `regions` the first is the primary, and the last, the witness, never leads. Raises PlanError."""
    listed = root.raw("alarms")
    if not isinstance(listed, list) or not listed:
        raise PlanError("alarms", listed, "a list of at least one alarm")
    alarms: list[AlarmPlan] = []
    for index, item in enumerate(listed):
        stated = ("watches",) if isinstance(item, Mapping) and "watches" in item else ()
        keys = PlanObject(f"alarms[{index}]", item, ("arn", "vantage_point", *stated))
        alarm = _alarm(keys, account_id, regions, bool(stated))
        if any(alarm.arn == other.arn for other in alarms):
            raise PlanError(f"alarms[{index}].arn", alarm.arn, "each alarm once: it is given twice")
        # Two alarms from one place are one opinion, and must not count as two signals.
        if any((alarm.vantage_point, alarm.watches) == (other.vantage_point, other.watches) for other in alarms):
            raise PlanError(
                f"alarms[{index}].vantage_point",
                alarm.vantage_point,
                f"one alarm of each vantage point for {alarm.watches}",
            )
        alarms.append(alarm)
    return tuple(alarms)


def _alarm(item: PlanObject, account_id: str, regions: tuple[str, ...], stated: bool) -> AlarmPlan:
    """Route 53 publishes its metrics only in us-east-1, so its alarms live there.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html
    """
    arn = item.text("arn", ALARM_ARN_PATTERN, "the ARN of a CloudWatch alarm")
    vantage_point = VantagePoint(item.one_of("vantage_point", tuple(VantagePoint)))
    match = re.fullmatch(ALARM_ARN_PATTERN, arn)
    region, account, name = match.groups() if match else ("", "", "")
    if account != account_id:
        raise PlanError(item.key("arn"), arn, f"an alarm of account {account_id}")
    # One that speaks of the witness would never start anything, and someone would believe in it.
    speaking = regions if vantage_point is VantagePoint.ROUTE53 else regions[:2]
    if region not in speaking:
        raise PlanError(item.key("arn"), arn, f"an alarm in {', '.join(speaking)}")
    if vantage_point is VantagePoint.ROUTE53 and region != ROUTE53_METRICS_REGION:
        raise PlanError(item.key("arn"), arn, f"an alarm in {ROUTE53_METRICS_REGION}, for a Route 53 metric")
    own = regions[0] if vantage_point is VantagePoint.ROUTE53 else region
    allowed = regions[:2] if vantage_point is VantagePoint.ROUTE53 else (region,)
    watches = item.one_of("watches", allowed) if stated else own
    return AlarmPlan(arn, vantage_point, region, name, watches)
