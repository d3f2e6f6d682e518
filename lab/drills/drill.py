"""How is a drill conducted? A lab comes up under live writes, one thing happens to it, the rest is only watched.

What happens is a fault, or somebody who asks for a switchover.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from lab.drills.driven_runs import driven_runs
from lab.drills.leg import await_end, begin, take_down
from lab.drills.live_view import LiveView
from lab.drills.observing import begin_writes, failovers, runs_in, watched
from lab.drills.occasion import Occasion, occasion_of
from lab.drills.watch import Watch
from lab.laboratory import Laboratory
from lab.measuring.drill_record import DrillRecord
from lab.settings import PRIMARY_REGION, RDS, SECONDARY_REGION, SWITCHOVER_OUTAGE_SECONDS, DrillSettings

WORKLOAD_ENDS_WITHIN = timedelta(seconds=10)


def conduct(settings: DrillSettings, view: LiveView, occasion: Occasion | None = None) -> DrillRecord:
    """Run one drill from nothing to nothing: what it observed. `occasion` None: the one that the settings name.

    Raises LabError, PreflightError, ProcessFailed and the like when the lab itself does not work; a failover that
    does not happen is no error but a result.
    """
    started_at = datetime.now(UTC)
    with watched(settings.lab, view) as (lab, watch):
        return _with_writes(settings, view, lab, watch, started_at, occasion or occasion_of(settings))


def _with_writes(
    settings: DrillSettings, view: LiveView, lab: Laboratory, watch: Watch, started_at: datetime, occasion: Occasion
) -> DrillRecord:
    longest = settings.warm_up + settings.give_up_after + settings.settle + timedelta(seconds=30)
    workload = begin_writes(settings, view, lab, watch, longest)
    leg = begin(lab, view, occasion, PRIMARY_REGION, SECONDARY_REGION)
    await_end(leg, settings, view, watch)
    lab.processes.terminate(workload, within=WORKLOAD_ENDS_WITHIN)
    return take_down(
        leg,
        lab,
        watch,
        name=started_at.strftime(f"%Y%m%dT%H%M%SZ-{leg.occasion.name}{_kind(settings)}"),
        started_at=started_at,
        settings=described(settings),
        planned=settings.planned,
        runs=driven_runs(lab) if leg.occasion.driven else runs_in(lab, failovers(watch)),
    )


def described(settings: DrillSettings) -> dict[str, Any]:
    """The settings as the report shows them, with the arguments that repeat the drill."""
    lab = settings.lab
    delay_ms = lab.replication_delay / timedelta(milliseconds=1)
    return {
        "arguments": (
            f"{_what(settings)}"
            f" --db-mode {lab.database_mode} --replication-delay {delay_ms:g} --synchronous {lab.synchronous_mode}"
            f" --rate {settings.write_rate:g} --writers {settings.writers} --seed {settings.seed}"
            f" --time-scale {lab.time_scale:g} --rpo-target {lab.rpo_target_seconds:g}"
        ),
        "replication_delay_ms": delay_ms,
        "synchronous_mode": lab.synchronous_mode,
        "database_mode": lab.database_mode,
        "write_rate": settings.write_rate,
        "writers": settings.writers,
        "seed": settings.seed,
        "time_scale": lab.time_scale,
        "rpo_target_seconds": lab.rpo_target_seconds,
        "rto_target_minutes": lab.rto_target_minutes,
        "outage_target_seconds": SWITCHOVER_OUTAGE_SECONDS,
        **{f"timer_{name}": value for name, value in vars(lab.timers).items()},
    }


def _kind(settings: DrillSettings) -> str:
    """In the name of a drill whose database is none of the usual kind."""
    return "" if settings.lab.database_mode == RDS else f"-{settings.lab.database_mode}"


def _what(settings: DrillSettings) -> str:
    if settings.break_glass:
        return "--break-glass"
    if settings.isolated:
        return "--isolated"
    return "--planned" if settings.planned else f"--fault {settings.fault}"
