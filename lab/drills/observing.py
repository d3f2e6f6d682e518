"""With what does a drill watch a lab, and what does it take down of it?

Shared by a drill, which is one leg, and a round trip, which is several.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from failover.application.leader_register import NoMajority
from lab.cloud.control_client import CloudUnavailable
from lab.drills.live_view import LiveView
from lab.drills.watch import Execution, Watch
from lab.host.started import Started
from lab.laboratory import LabError, Laboratory
from lab.measuring.drill_record import Run, Span
from lab.operations.region_status import RegionStatus
from lab.quiet import disturbance
from lab.region.postgresql_session import PostgreSQLError
from lab.settings import PRIMARY_REGION, SECONDARY_REGION, SERVICE, DrillSettings, LabSettings

FIRST_WRITES_SECONDS = 15.0
NEWS_SECONDS = 0.2
QUIET_WITHIN_SECONDS = 10.0
FAILOVER = f":drlab-{SERVICE}-failover:"


@contextmanager
def watched(settings: LabSettings, view: LiveView) -> Iterator[tuple[Laboratory, Watch]]:
    """A lab that is brought up and followed in the view; every process of it ends with it. Raises as Laboratory does."""
    with Laboratory(settings, view.say) as lab:
        watch, status = Watch(lab.cloud), RegionStatus(lab)
        watch.start()
        if view.is_drawn:
            status.start()
        view.follow(watch, status.latest)
        try:
            yield lab, watch
        finally:
            status.stop()
            watch.stop()
            view.say("ending every process of the lab")


def begin_writes(settings: DrillSettings, view: LiveView, lab: Laboratory, watch: Watch, longest: timedelta) -> Started:
    """Clients write from now on; returns once writes are acknowledged and nothing looks like a failure any more.

    Raises LabError.
    """
    workload = _start_workload(settings, lab, longest)
    _in_background(lambda: watch.follow_workload(workload), "workload-progress")
    if not watch.wait_until(lambda: watch.progress.get("acked", 0) > 0, FIRST_WRITES_SECONDS):
        raise LabError(f"no write was acknowledged within {FIRST_WRITES_SECONDS:.0f} s: {lab.public_health()[1]}")
    view.say(f"{settings.write_rate:g} writes a second are acknowledged by {PRIMARY_REGION}")
    watch_for(watch, view, lambda: False, settings.warm_up.total_seconds())
    # A busy machine's start may have looked like a failure: what happens next is to find everything quiet.
    watch_for(watch, view, lambda: disturbance(lab) is None, QUIET_WITHIN_SECONDS)
    return workload


def failovers(watch: Watch) -> list[Execution]:
    """The runs of the failover workflow; a rebuild is none."""
    return [execution for execution in watch.executions if FAILOVER in execution.arn]


def history_of(lab: Laboratory) -> Path:
    """Where the workload writes down what it tried."""
    return lab.processes.state_directory / "history.jsonl"


def _start_workload(settings: DrillSettings, lab: Laboratory, longest: timedelta) -> Started:
    return lab.processes.start(
        [
            sys.executable,
            *("-m", "lab.clients.workload", "--url", lab.public_url, "--history", str(history_of(lab))),
            *("--writers", str(settings.writers), "--rate", str(settings.write_rate)),
            *("--until-stdin-closes", "--seed", str(settings.seed), "--max-seconds", str(longest.total_seconds())),
        ],
        name="the workload",
        log=lab.processes.state_directory / "workload.log",
        piped=True,
    )


def watch_for(watch: Watch, view: LiveView, condition: Callable[[], bool], seconds: float) -> bool:
    """Show the news until `condition` holds (True) or the time is over (False)."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if watch.wait_until(condition, min(left, NEWS_SECONDS)):
            view.note_news()
            return True
        view.note_news()
    return False


def _in_background(work: Callable[[], None], name: str) -> None:
    threading.Thread(target=work, name=name, daemon=True).start()


def leader_record(lab: Laboratory) -> dict[str, Any] | None:
    try:
        return lab.leader_record().to_dict()
    except NoMajority:
        return None


def rows_of(lab: Laboratory, region: str) -> frozenset[tuple[str, int]] | None:
    """What the Region's database holds, or None where it could not be read."""
    try:
        rows = lab.servers[region].rows("SELECT writer, number FROM writes")
    except (PostgreSQLError, KeyError):
        return None
    return frozenset((str(writer), int(str(number))) for writer, number in rows)


def run_of(lab: Laboratory, execution: Execution) -> Run:
    region = execution.arn.split(":")[3]
    found = lab.client("stepfunctions", region).describe_execution(executionArn=execution.arn)
    return Run(
        name=execution.name,
        status=execution.status,
        started=execution.started_monotonic,
        stopped=execution.stopped_monotonic,
        spans=tuple(
            Span(span.state, span.entered_monotonic, span.exited_monotonic, span.error) for span in execution.spans
        ),
        state=json.loads(found.get("output") or "{}"),
        failure=found.get("cause"),
    )


def runs_in(lab: Laboratory, executions: Iterable[Execution]) -> tuple[Run, ...]:
    return tuple(run_of(lab, execution) for execution in executions)


def permissions_of(lab: Laboratory) -> dict[str, Any] | None:
    try:
        return lab.cloud.permissions()
    except CloudUnavailable:
        return None


def of_runs(texts: Iterable[str], names: Iterable[str]) -> int:
    """Messages that name one of these runs: people are told of alarms and of readiness as well."""
    known = tuple(names)
    return sum(any(name in text for name in known) for text in texts)


def environment_of(lab: Laboratory) -> dict[str, str]:
    """What it ran on; no host names and no paths."""
    try:
        server = str(lab.servers[SECONDARY_REGION].rows("SHOW server_version")[0][0])
    except (PostgreSQLError, KeyError):
        server = "unknown"
    return {
        "postgresql": server,
        "python": platform.python_version(),
        "moto": version("moto"),
        "boto3": version("boto3"),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": str(os.cpu_count()),
    }
