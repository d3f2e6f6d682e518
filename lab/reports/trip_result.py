"""What is a round trip's result, as one document? Two drills, the rebuild between them, and what became of the lost rows."""

from __future__ import annotations

from typing import Any

from lab.drills.roundtrip import RoundTrip
from lab.measuring import measure
from lab.measuring.drill_record import Run
from lab.reports import result
from lab.settings import AURORA
from lab.measuring.simulated import database_mode, simulated

SCHEMA = 1
WALL_SECONDS = 90.0


def build(trip: RoundTrip) -> dict[str, Any]:
    """The result as JSON values. `passed`: both legs did, nothing was lost on the way back, and what was lost is listed.

    Of a global database nobody lists it: Aurora gives the old cluster a new volume. It is unknown then, and said to be.
    """
    out, back = result.build(trip.out), None if trip.back is None else result.build(trip.back)
    rebuild = _rebuild(trip.rebuild)
    rows = _rows(trip)
    complaints = _complaints(trip, out, rebuild, rows, back)
    return {
        "schema": SCHEMA,
        "trip": trip.trip,
        "started_at": trip.started_at.isoformat(timespec="seconds"),
        "passed": not complaints,
        "verdict": f"Failed: {complaints[0]}" if complaints else _passed(trip, rows),
        "complaints": complaints,
        "wall_seconds": round(trip.seconds, 1),
        "wall_seconds_target": WALL_SECONDS,
        "from": trip.out.old_leader,
        "to": trip.out.new_leader,
        "rows": rows,
        "rebuild": rebuild,
        "legs": {"out": out, "back": back},
        "simulated": simulated(trip.out.settings),
        "settings": trip.out.settings,
        "environment": trip.out.environment,
    }


def _rows(trip: RoundTrip) -> dict[str, int | None]:
    """Acknowledged writes that each leg lost, and what the rebuild listed. None: unknown.

    `listed` holds more than `lost_out`: also writes that nobody was told had succeeded. `lost_and_unlisted` must be 0.
    """
    lost = measure.loss(trip.out).lost
    unlisted = None
    if lost is not None and trip.listed is not None:
        unlisted = sum(one.key not in trip.listed for one in lost)
    return {
        "lost_out": None if lost is None else len(lost),
        "listed": None if trip.listed is None else len(trip.listed),
        "lost_and_unlisted": unlisted,
        "lost_back": None if trip.back is None else measure.loss(trip.back).rows,
    }


def _rebuild(run: Run | None) -> dict[str, Any] | None:
    if run is None:
        return None
    outcome, kept = run.state.get("outcome") or {}, run.state.get("kept") or {}
    return {
        "name": run.name,
        "status": run.status,
        "seconds": None if run.stopped is None else round(run.stopped - run.started, 2),
        "summary": outcome.get("summary") or run.failure,
        "failure": run.failure,
        "kept_as": kept.get("kept_as"),
        "key": (run.state.get("divergence") or {}).get("key"),
        "states": [
            {
                "state": span.state,
                "from": round(span.entered - run.started, 3),
                "to": None if span.exited is None else round(span.exited - run.started, 3),
                "error": span.error,
            }
            for span in run.spans
        ],
    }


def _complaints(
    trip: RoundTrip,
    out: dict[str, Any],
    rebuild: dict[str, Any] | None,
    rows: dict[str, int | None],
    back: dict[str, Any] | None,
) -> list[str]:
    """Everything that keeps the trip from passing, one sentence each, in the order in which it happened."""
    found = [f"the way out: {complaint}" for complaint in out["complaints"]]
    if rebuild is None:
        found.append("no rebuild of the standby was started.")
    elif rebuild["status"] != "SUCCEEDED":
        found.append(f"{rebuild['name']} ended as {rebuild['status']}: {rebuild['failure'] or 'it left no word.'}")
    if rows["lost_and_unlisted"] is None and not _replaced_by_aurora(trip):
        found.append("what only the old primary had is unknown.")
    if rows["lost_and_unlisted"]:
        found.append(f"{rows['lost_and_unlisted']} rows that the failover lost are not in the rebuild's list.")
    if back is None:
        found.append("there was no way back.")
    else:
        found += [f"the way back: {complaint}" for complaint in back["complaints"]]
    if trip.seconds > WALL_SECONDS:
        found.append(f"it took {trip.seconds:.0f} s of wall time, over the target of {WALL_SECONDS:.0f} s.")
    return found


def _passed(trip: RoundTrip, rows: dict[str, int | None]) -> str:
    old, new = trip.out.old_leader, trip.out.new_leader
    listed = f"all of them among the {rows['listed']} that the rebuild listed"
    if _replaced_by_aurora(trip):
        listed = "which nobody listed, for the old cluster has a new volume"
    told = (
        f"Passed: {old} to {new} and back in {trip.seconds:.0f} s of wall time. The failover lost {rows['lost_out']} "
        f"acknowledged rows, {listed}; the way back lost {rows['lost_back']}."
    )
    return f"{told} The database was simulated." if simulated(trip.out.settings) else told


def _replaced_by_aurora(trip: RoundTrip) -> bool:
    return database_mode(trip.out.settings) == AURORA
