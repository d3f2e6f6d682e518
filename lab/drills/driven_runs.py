"""Which runs were driven from somebody's machine, and through which states? Read from the steps that they kept."""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lab.measuring.drill_record import Run, Span
from lab.settings import SECONDARY_REGION

if TYPE_CHECKING:
    from lab.laboratory import Laboratory

STATUS = {"FailedOver": "SUCCEEDED", "StoodDown": "SUCCEEDED", "Held": "FAILED"}


def driven_runs(lab: Laboratory) -> tuple[Run, ...]:
    """In the order of their names, which begin with their time."""
    client, bucket = lab.client("s3", SECONDARY_REGION), lab.plan["record_copies"][SECONDARY_REGION]
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="runs/")
    steps: dict[str, list[dict[str, Any]]] = {}
    for key in sorted(one["Key"] for page in pages for one in page.get("Contents", ())):
        _, run, kind, *rest = key.split("/")
        if kind == "steps" and rest:
            steps.setdefault(run, []).append(json.loads(client.get_object(Bucket=bucket, Key=key)["Body"].read()))
    return tuple(_run(name, kept) for name, kept in sorted(steps.items()))


def _run(name: str, kept: list[dict[str, Any]]) -> Run:
    """Instants on this machine's monotonic clock: the lab's processes share it."""
    behind = time.time() - time.monotonic()
    entered = [datetime.fromisoformat(one["at"]).timestamp() - behind for one in kept]
    spans = tuple(
        Span(one["state"], at, left, None) for one, at, left in zip(kept, entered, [*entered[1:], None], strict=True)
    )
    last = kept[-1]
    ended = last["state"] in STATUS
    return Run(
        name=name,
        status=STATUS.get(last["state"], "RUNNING"),
        started=entered[0],
        stopped=entered[-1] if ended else None,
        spans=spans,
        state=last["data"],
    )
