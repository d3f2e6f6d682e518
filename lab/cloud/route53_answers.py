"""What does Route 53 answer for a name with failover records?

The primary record while it is healthy, else the secondary if that is healthy; if neither is, the primary all the same. A
record without a health check always counts as healthy.
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from moto.route53.models import route53_backends

from lab.cloud.context import CloudContext
from lab.cloud.route53_health_checks import checkers_of
from lab.settings import ACCOUNT_ID

# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html
ALIAS_TO_LOAD_BALANCER_TTL = timedelta(seconds=60)


def answer(context: CloudContext, name: str) -> dict[str, Any]:
    """{"name", "answer", "port", "set_identifier", "ttl_seconds" (scaled), "reason"}; answer None: no such name."""
    records = [record for record in _records(name) if record.failover]
    if not records:
        return {"name": name, "answer": None, "port": None, "set_identifier": None, "ttl_seconds": 0, "reason": "no record"}
    chosen, reason = _choose(context, {record.failover: record for record in records})
    target = chosen.alias_target["DNSName"] if chosen.alias_target else chosen.records[0]
    address = context.names.address(target) or (None, None)
    ttl = ALIAS_TO_LOAD_BALANCER_TTL if chosen.alias_target else timedelta(seconds=int(chosen.ttl or 0))
    return {
        "name": name,
        "answer": address[0],
        "port": address[1],
        "set_identifier": chosen.set_identifier,
        "ttl_seconds": context.scaled(ttl),
        "reason": reason,
    }


def _choose(context: CloudContext, by_role: dict[str, Any]) -> tuple[Any, str]:
    primary, secondary = by_role["PRIMARY"], by_role.get("SECONDARY")
    if _healthy(context, primary):
        return primary, "the primary record is healthy"
    if secondary is None:
        return primary, "there is no secondary record"
    if _healthy(context, secondary):
        return secondary, "the primary record is unhealthy and the secondary is healthy"
    return primary, "both records are unhealthy"


def _healthy(context: CloudContext, record: Any) -> bool:
    return not record.health_check_id or checkers_of(context).is_healthy(record.health_check_id)


def _records(name: str) -> list[Any]:
    wanted = name.rstrip(".").lower()
    return [
        record
        for zone in route53_backends[ACCOUNT_ID]["global"].zones.values()
        for record in zone.rrsets
        if record.name.rstrip(".").lower() == wanted
    ]
