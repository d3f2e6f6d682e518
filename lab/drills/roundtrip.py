"""How is a round trip conducted? A failover under load, a rebuild of the standby, and a switchover back.

The Region that was lost comes back in between, with the data that it had. Writes go on from the first moment to the last.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lab.drills.drill import WORKLOAD_ENDS_WITHIN, described
from lab.drills.leg import await_end, begin, take_down
from lab.drills.live_view import LiveView
from lab.drills.observing import begin_writes, run_of, watch_for, watched
from lab.drills.occasion import Occasion, by_command, occasion_of, switchover_to
from lab.drills.watch import Execution, Watch
from lab.host.started import Started
from lab.laboratory import Laboratory
from lab.measuring.drill_record import DrillRecord, Run
from lab.measuring.measure import loss
from lab.settings import PRIMARY_REGION, SECONDARY_REGION, SERVICE, DrillSettings

REBUILD = f":drlab-{SERVICE}-rebuild-standby:"
REBUILT_WITHIN = timedelta(seconds=60)
# A Region that has just come back may refuse at first, and a person asks again.
ASKED_AT_MOST = 3


@dataclass(frozen=True)
class RoundTrip:
    """`out` and `back` are the two legs, None where it did not come so far; `rebuild` the run between them.

    `listed` are the rows that the rebuild listed as the old primary's own, None where it listed none.
    """

    trip: str
    started_at: datetime
    seconds: float
    out: DrillRecord
    rebuild: Run | None
    listed: frozenset[tuple[str, int]] | None
    back: DrillRecord | None


def conduct(
    settings: DrillSettings, view: LiveView, out: Occasion | None = None, back: Occasion | None = None
) -> RoundTrip:
    """Run one from nothing to nothing: what it observed. `out` None: the fault that the settings name; `back` None: a
    switchover. Raises as a drill does; what fails in it is a result.
    """
    began, started_at = time.monotonic(), datetime.now(UTC)
    with watched(settings.lab, view) as (lab, watch):
        found = _Trip(
            settings, view, lab, watch, started_at, out or occasion_of(settings), back or switchover_to(PRIMARY_REGION)
        ).go()
    name = started_at.strftime("%Y%m%dT%H%M%SZ-roundtrip")
    return RoundTrip(name, started_at, time.monotonic() - began, *found)


Found = tuple[DrillRecord, Run | None, frozenset[tuple[str, int]] | None, DrillRecord | None]


@dataclass(frozen=True)
class _Trip:
    settings: DrillSettings
    view: LiveView
    lab: Laboratory
    watch: Watch
    started_at: datetime
    goes_out: Occasion
    comes_back: Occasion

    def go(self) -> Found:
        longest = self.settings.warm_up + 3 * self.settings.give_up_after + timedelta(seconds=60)
        workload = begin_writes(self.settings, self.view, self.lab, self.watch, longest)
        out = begin(self.lab, self.view, self.goes_out, PRIMARY_REGION, SECONDARY_REGION)
        there = await_end(out, self.settings, self.view, self.watch)
        first = take_down(
            out,
            self.lab,
            self.watch,
            name=f"{out.occasion.name}-out",
            started_at=self.started_at,
            settings=described(self.settings),
            planned=False,
        )
        if not there:
            self.lab.processes.terminate(workload, within=WORKLOAD_ENDS_WITHIN)
            return first, None, None, None
        self.view.say(f"{PRIMARY_REGION} comes back, with the data it had")
        self.lab.restore_region(PRIMARY_REGION)
        rebuild = self._rebuild()
        back = self._back(first, workload) if rebuild is not None and rebuild.status == "SUCCEEDED" else None
        if back is None:
            self.lab.processes.terminate(workload, within=WORKLOAD_ENDS_WITHIN)
        return first, rebuild, self._listed(rebuild), back

    def _rebuild(self) -> Run | None:
        """The run that a person asked for, None where none began."""
        self.view.say(f"REQUEST rebuild-standby: a person asks for {PRIMARY_REGION} to be a standby again")

        def runs() -> list[Execution]:
            return [one for one in self.watch.executions if REBUILD in one.arn]

        for _ in range(ASKED_AT_MOST):
            asked = by_command(
                self.lab, "rebuild-standby", "--region", PRIMARY_REGION, "--reason", "back after the failover"
            )

            def answered(asked: Started = asked) -> bool:
                return bool(runs()) or not asked.is_alive()

            watch_for(self.watch, self.view, answered, REBUILT_WITHIN.total_seconds())
            if runs():
                break
            self.view.say(f"no rebuild began: {asked.log_tail()}")
        watch_for(
            self.watch,
            self.view,
            lambda: bool(runs()) and not any(run.running for run in runs()),
            REBUILT_WITHIN.total_seconds(),
        )
        return run_of(self.lab, runs()[0]) if runs() else None

    def _back(self, first: DrillRecord, workload: Any) -> DrillRecord:
        leg = begin(self.lab, self.view, self.comes_back, SECONDARY_REGION, PRIMARY_REGION)
        await_end(leg, self.settings, self.view, self.watch)
        self.lab.processes.terminate(workload, within=WORKLOAD_ENDS_WITHIN)
        lost = loss(first).lost or ()
        return take_down(
            leg,
            self.lab,
            self.watch,
            name="switchover-back",
            started_at=self.started_at,
            settings=described(self.settings),
            planned=True,
            gone=frozenset(one.key for one in lost),
        )

    def _listed(self, rebuild: Run | None) -> frozenset[tuple[str, int]] | None:
        key = ((rebuild.state if rebuild else {}).get("divergence") or {}).get("key")
        if not isinstance(key, str):
            return None
        bucket = self.lab.plan["record_copies"][PRIMARY_REGION]
        found = self.lab.client("s3", PRIMARY_REGION).get_object(Bucket=bucket, Key=key)["Body"].read()
        rows = [json.loads(line) for line in found.decode().splitlines()]
        return frozenset((str(row["writer"]), int(row["number"])) for row in rows)
