"""What does Route 53 answer for a name at this moment?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from moto.route53.models import route53_backends

from lab.cloud.context import CloudContext
from lab.cloud.route53.health_checks import checkers_of
from lab.settings import ACCOUNT_ID

# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html
ALIAS_TTL = timedelta(seconds=60)


def answer(context: CloudContext, name: str) -> dict[str, Any]:
    """{"name", "answer", "port", "target", "set_identifier", "ttl_seconds", "reason"} for the A record(s) of `name`.

    `answer` and `port` are where the record's `target` really listens; both are None when there is no such
    record or nothing listens under that target. `ttl_seconds` are real seconds, scaled from the record's TTL.
    """
    records = _records(name)
    if not records:
        reason = f"There is no A record for {name}."
        return {
            "name": name,
            **dict.fromkeys(("answer", "port", "target", "set_identifier")),
            "ttl_seconds": 0.0,
            "reason": reason,
        }
    chosen, reason = choose(records, lambda check_id: checkers_of(context).is_healthy(check_id))
    target = _target(chosen)
    host, port = context.names.address(target) or (None, None)
    if host is None and not chosen.alias_target:
        host = target
    ttl = ALIAS_TTL if chosen.alias_target else timedelta(seconds=int(chosen.ttl or 0))
    return {
        "name": name,
        "answer": host,
        "port": port,
        "target": target,
        "set_identifier": chosen.set_identifier,
        "ttl_seconds": context.scaled(ttl),
        "reason": reason,
    }


def choose(records: Sequence[Any], is_healthy: Any) -> tuple[Any, str]:
    """The record that answers, and why, in one sentence.

    A record without a health check is always healthy; when no record is healthy all count as healthy, so that
    failover answers the primary. Weights, latency and geography are not emulated: without failover the first
    healthy record answers.
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html
    """
    ordered = sorted(records, key=lambda record: record.failover != "PRIMARY") if records[0].failover else records
    for record in ordered:
        if not record.health_check_id:
            return record, f"{_called(record)} has no health check, and so is healthy."
        if is_healthy(record.health_check_id):
            before = "" if record is ordered[0] else f" and {_called(ordered[0])} is not"
            return record, f"{_called(record)} is healthy{before}."
    return ordered[0], f"No record is healthy, so all count as healthy and {_called(ordered[0])} answers."


def _called(record: Any) -> str:
    role = f"{record.failover} " if record.failover else ""
    return f"the {role}record {record.set_identifier}" if record.set_identifier else "the only record"


def _target(record: Any) -> str:
    if record.alias_target:
        return str(record.alias_target["DNSName"]).rstrip(".")
    first = record.records[0]
    return str(first["Value"] if isinstance(first, dict) else first)


def _records(name: str) -> list[Any]:
    wanted = name.rstrip(".").lower()
    return [
        record
        for zone in route53_backends[ACCOUNT_ID]["aws"].zones.values()
        for record in zone.rrsets
        if record.type == "A" and record.name.rstrip(".").lower() == wanted
    ]
