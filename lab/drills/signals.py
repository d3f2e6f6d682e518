"""What was seen and said while the drill ran? Sentences from the journal, for people."""

from __future__ import annotations

from typing import Any

from lab.measuring.drill_record import DrillRecord

# A signal from shortly before the fault may explain a run that the fault did not start.
BEFORE_SECONDS = 5.0
# Its events come every minute, whatever happens.
SCHEDULER = "aws.events"


def signals(record: DrillRecord) -> list[dict[str, Any]]:
    """From shortly before the fault on, in seconds since it."""
    shown = []
    for entry in record.journal:
        text = _sentence(entry)
        if text and entry["monotonic"] >= record.fault_at - BEFORE_SECONDS:
            shown.append({"at": round(entry["monotonic"] - record.fault_at, 3), "kind": entry["kind"], "text": text})
    return shown


def refused_calls(record: DrillRecord) -> list[dict[str, Any]]:
    """Calls that got no answer because a Region was dark or a link cut: who called whom, and how often."""
    counts: dict[tuple[str, str, str], list[float]] = {}
    for entry in record.journal:
        if entry["kind"] == "refused-call":
            name = (str(entry["caller"]), str(entry["region"]), str(entry["service"]))
            counts.setdefault(name, []).append(entry["monotonic"] - record.fault_at)
    return [
        {"caller": caller, "region": region, "service": service, "count": len(moments), "first": round(min(moments), 3)}
        for (caller, region, service), moments in sorted(counts.items(), key=lambda item: -len(item[1]))
    ]


def _sentence(entry: dict[str, Any]) -> str | None:
    match entry["kind"]:
        case "alarm":
            return f"alarm {entry['name']}: {entry['old']} -> {entry['new']}"
        case "health-check":
            return f"health check {entry.get('name') or entry['id']}: {entry['status']}"
        case "event" if entry["source"] == SCHEDULER and entry["outcome"] == "delivered":
            return None
        case "event":
            return f"event to {_target(entry['target'])}: {entry['outcome']}{_because(entry.get('reason'))}"
        case "database":
            return f"database {entry['instance']}: {entry['status']}"
        case "notification" if entry["outcome"] != "confirmed":
            return f"notification by {entry['protocol']}: {entry['outcome']}"
        case "lambda" if entry.get("error"):
            said = f"{entry['error']}{_because(entry.get('message'))}"
            return f"function {entry['function']} in {entry['region']}: {said}"
        case "lambda-event" if entry.get("outcome") == "dead-lettered":
            return f"function {entry['function']} in {entry['region']}: its event was dead-lettered"
        case _:
            return None


def _target(arn: str) -> str:
    parts = arn.split(":", 5)
    return f"{parts[5]} in {parts[3]}" if len(parts) == 6 else arn


def _because(reason: object) -> str:
    return f" ({reason})" if isinstance(reason, str) and reason else ""
