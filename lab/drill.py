"""How is a drill conducted? A lab comes up under live writes, one thing happens to it, the rest is only watched.

What happens is a fault, or somebody who asks for a switchover.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any

from failover.application.leader_register import NoMajority
from lab.cloud.control_client import CloudUnavailable
from lab.drill_record import Attempt, DrillRecord, Run, Span, read_history
from lab.driven_runs import driven_runs
from lab.laboratory import LabError, Laboratory
from lab.live_view import LiveView
from lab.notifications import mailed
from lab.occasion import LEADERS_ALARM, Occasion, occasion_of
from lab.region.postgresql_session import PostgreSQLError
from lab.region_status import RegionStatus
from lab.settings import PRIMARY_REGION, SECONDARY_REGION, SWITCHOVER_OUTAGE_SECONDS, DrillSettings
from lab.started import Started
from lab.watch import Execution, Watch

FIRST_WRITES_SECONDS = 15.0
WORKLOAD_ENDS_WITHIN = timedelta(seconds=10)
NEWS_SECONDS = 0.2
QUIET_WITHIN_SECONDS = 10.0


def conduct(settings: DrillSettings, view: LiveView, occasion: Occasion | None = None) -> DrillRecord:
    """Run one drill from nothing to nothing: what it observed. `occasion` None: the one that the settings name.

    Raises LabError, PreflightError, ProcessFailed and the like when the lab itself does not work; a failover that
    does not happen is no error but a result.
    """
    started_at = datetime.now(UTC)
    with Laboratory(settings.lab, view.say) as lab:
        watch = Watch(lab.cloud)
        watch.start()
        status = RegionStatus(lab)
        status.start()
        view.follow(watch, status.latest)
        try:
            return _with_writes(settings, view, lab, watch, started_at, occasion or occasion_of(settings))
        finally:
            status.stop()
            watch.stop()
            view.say("ending every process of the lab")


def _with_writes(
    settings: DrillSettings, view: LiveView, lab: Laboratory, watch: Watch, started_at: datetime, occasion: Occasion
) -> DrillRecord:
    history = lab.processes.state_directory / "history.jsonl"
    workload = _start_workload(settings, lab, str(history))
    _in_background(lambda: watch.follow_workload(workload), "workload-progress")
    if not watch.wait_until(lambda: watch.progress.get("acked", 0) > 0, FIRST_WRITES_SECONDS):
        raise LabError(f"no write was acknowledged within {FIRST_WRITES_SECONDS:.0f} s: {lab.public_health()[1]}")
    view.say(f"{settings.write_rate:g} writes a second are acknowledged by {PRIMARY_REGION}")
    _watch_for(watch, view, lambda: False, settings.warm_up.total_seconds())
    # A busy machine's start may have looked like a failure: what happens next is to find everything quiet.
    _watch_for(watch, view, lambda: _is_quiet(watch), QUIET_WITHIN_SECONDS)
    record_before = _leader_record(lab)

    now = time.monotonic()
    begun = occasion.begin(lab)
    fault_at = occasion.struck_at() or now
    view.count_from(fault_at, occasion.word)
    view.say(f"{occasion.word.upper()} {occasion.name}: {occasion.description}")

    def over() -> bool:
        if occasion.driven:
            ended = isinstance(begun, Started) and not begun.is_alive()
        else:
            ended = bool(watch.executions) and not any(execution.running for execution in watch.executions)
        return ended and watch.progress.get("last_ok_region") == SECONDARY_REGION

    if _watch_for(watch, view, over, settings.give_up_after.total_seconds()):
        view.say(f"writes are acknowledged by {SECONDARY_REGION}; they go on for a moment")
        _watch_for(watch, view, lambda: False, settings.settle.total_seconds())
    else:
        view.say(f"{SECONDARY_REGION} does not serve within {settings.give_up_after.total_seconds():g} s")
    if occasion.driven and isinstance(begun, Started) and begun.log is not None:
        for line in begun.log.read_text(errors="replace").splitlines():
            view.say(line)
    lab.processes.terminate(workload, within=WORKLOAD_ENDS_WITHIN)
    return DrillRecord(
        drill=started_at.strftime(f"%Y%m%dT%H%M%SZ-{occasion.name}"),
        started_at=started_at,
        fault=occasion.name,
        fault_description=occasion.description,
        fault_at=fault_at,
        old_leader=PRIMARY_REGION,
        new_leader=SECONDARY_REGION,
        settings=described(settings),
        environment=_environment(lab),
        attempts=read_history(history),
        survivor_rows=_survivor_rows(lab),
        runs=driven_runs(lab) if occasion.driven else tuple(_run(lab, execution) for execution in watch.executions),
        journal=tuple(watch.entries),
        record_before=record_before,
        record_after=_leader_record(lab),
        webhook_notifications=_of_runs((str(one.get("Message")) for one in lab.webhook.received()), watch),
        mailbox_messages=_of_runs(mailed(lab.mailbox), watch),
        permissions=_permissions(lab),
        planned=settings.planned,
    )


def described(settings: DrillSettings) -> dict[str, Any]:
    """The settings as the report shows them, with the arguments that repeat the drill."""
    lab = settings.lab
    delay_ms = lab.replication_delay / timedelta(milliseconds=1)
    return {
        "arguments": (
            f"{_what(settings)}"
            f" --replication-delay {delay_ms:g} --synchronous {lab.synchronous_mode}"
            f" --rate {settings.write_rate:g} --writers {settings.writers} --seed {settings.seed}"
            f" --time-scale {lab.time_scale:g} --rpo-target {lab.rpo_target_seconds:g}"
        ),
        "replication_delay_ms": delay_ms,
        "synchronous_mode": lab.synchronous_mode,
        "write_rate": settings.write_rate,
        "writers": settings.writers,
        "seed": settings.seed,
        "time_scale": lab.time_scale,
        "rpo_target_seconds": lab.rpo_target_seconds,
        "rto_target_minutes": lab.rto_target_minutes,
        "outage_target_seconds": SWITCHOVER_OUTAGE_SECONDS,
        **{f"timer_{name}": value for name, value in vars(lab.timers).items()},
    }


def _what(settings: DrillSettings) -> str:
    if settings.break_glass:
        return "--break-glass"
    return "--planned" if settings.planned else f"--fault {settings.fault}"


def _start_workload(settings: DrillSettings, lab: Laboratory, history: str) -> Started:
    longest = settings.warm_up + settings.give_up_after + settings.settle + timedelta(seconds=30)
    return lab.processes.start(
        [
            sys.executable,
            *("-m", "lab.workload", "--url", lab.public_url, "--history", history),
            *("--writers", str(settings.writers), "--rate", str(settings.write_rate)),
            *("--until-stdin-closes", "--seed", str(settings.seed), "--max-seconds", str(longest.total_seconds())),
        ],
        name="the workload",
        log=lab.processes.state_directory / "workload.log",
        piped=True,
    )


def _watch_for(watch: Watch, view: LiveView, condition: Callable[[], bool], seconds: float) -> bool:
    """Show the news until `condition` holds (True) or the time is over (False)."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if watch.wait_until(condition, min(left, NEWS_SECONDS)):
            view.note_news()
            return True
        view.note_news()
    return False


def _is_quiet(watch: Watch) -> bool:
    """The health-check alarm was last heard to be OK, and no run is in progress."""
    states = [
        str(entry["new"]) for entry in watch.entries if entry["kind"] == "alarm" and entry["name"] == LEADERS_ALARM
    ]
    return states[-1:] == ["OK"] and not any(execution.running for execution in watch.executions)


def _in_background(work: Callable[[], None], name: str) -> None:
    threading.Thread(target=work, name=name, daemon=True).start()


def _leader_record(lab: Laboratory) -> dict[str, Any] | None:
    try:
        return lab.leader_record().to_dict()
    except NoMajority:
        return None


def _survivor_rows(lab: Laboratory) -> frozenset[tuple[str, int]] | None:
    """What the new leader's database holds, or None where it could not be read."""
    try:
        rows = lab.servers[SECONDARY_REGION].rows("SELECT writer, number FROM writes")
    except PostgreSQLError:
        return None
    return frozenset((str(writer), int(str(number))) for writer, number in rows)


def _run(lab: Laboratory, execution: Execution) -> Run:
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
    )


def _permissions(lab: Laboratory) -> dict[str, Any] | None:
    try:
        return lab.cloud.permissions()
    except CloudUnavailable:
        return None


def _of_runs(texts: Iterable[str], watch: Watch) -> int:
    """Messages that name a run: people are told of alarms and of readiness as well."""
    return sum(any(execution.name in text for execution in watch.executions) for text in texts)


def _environment(lab: Laboratory) -> dict[str, str]:
    """What it ran on; no host names and no paths."""
    try:
        server = str(lab.servers[SECONDARY_REGION].rows("SHOW server_version")[0][0])
    except PostgreSQLError:
        server = "unknown"
    return {
        "postgresql": server,
        "python": platform.python_version(),
        "moto": version("moto"),
        "boto3": version("boto3"),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": str(os.cpu_count()),
    }


__all__ = ["Attempt", "conduct", "described"]
