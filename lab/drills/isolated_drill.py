"""How is a promotion drilled without a failover? On a throwaway replica, of a running installation or of a lab of its own.

The lab of its own is under live writes, so that what clients saw meanwhile is part of the result; of another installation
nothing is known but what its APIs tell.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from failover.application.remembering import remember
from failover.domain.isolated_promotion import IsolatedPromotion
from failover.domain.leader_record import Refusal
from failover.wiring.journal import journal_in
from failover.wiring.rehearsing_promotion import rehearse_promotion
from lab.drills.drill import WORKLOAD_ENDS_WITHIN, described
from lab.drills.live_view import LiveView
from lab.drills.observing import begin_writes, environment_of, history_of, watch_for, watched
from lab.drills.watch import Watch
from lab.laboratory import Laboratory
from lab.measuring.history import Attempt, read_history
from lab.operations.installation import configured
from lab.operations.operators import sign_in
from lab.operations.target import Target, target
from lab.settings import PRIMARY_REGION, SECONDARY_REGION, DrillSettings

PATIENCE_ON_AWS, PATIENCE_IN_A_LAB = timedelta(hours=3), timedelta(minutes=2)
SLOTS = "SELECT slot_name FROM pg_replication_slots WHERE NOT temporary ORDER BY slot_name"


@dataclass(frozen=True)
class Clients:
    """What the workload saw from the drill's beginning to its end. `longest_silence`: between two acknowledged writes."""

    acknowledged: int
    others: int
    longest_silence: timedelta | None
    slots_before: tuple[str, ...]
    slots_after: tuple[str, ...]


@dataclass(frozen=True)
class Drilled:
    """`found` is what was found, or why nothing was done. `clients` None: nobody wrote that the drill knows of."""

    started_at: datetime
    target: str
    region: str
    leader: str
    by: str
    instance_class: str | None
    found: IsolatedPromotion | Refusal
    recorded: bool
    clients: Clients | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)


def drill_target(where: Target, region: str, say: Callable[[str], None]) -> Drilled:
    """Of the installation at `where`, as whoever is signed in. Raises SettingsError, RunRefused or TransientFailure."""
    started_at, me = datetime.now(UTC), sign_in(where, (region,))
    me.require(region)
    # The lab's plan names an address of this machine; its templates, and Route 53, the name that is configured.
    (name,) = configured("domainName")
    patience = PATIENCE_IN_A_LAB if where.name == "lab" else PATIENCE_ON_AWS
    use_case = rehearse_promotion(me.plan, region, me.by, name, patience, say)
    found = use_case()
    recorded = isinstance(found, Refusal) or remember(journal_in(region, me.plan), found.event(me.by))
    replica = use_case.instances.describe(me.plan.region(region).database_instance)
    made_like = replica.instance_class if replica is not None else None
    leader = me.plan.standby_of(region)
    return Drilled(started_at, where.name, region, leader, me.by, made_like, found, recorded)


def drill_own_lab(settings: DrillSettings, view: LiveView) -> Drilled:
    """From nothing to nothing. Raises LabError, PreflightError and the like when the lab itself does not work."""
    with watched(settings.lab, view) as (lab, watch):
        return _under_writes(settings, view, lab, watch)


def _under_writes(settings: DrillSettings, view: LiveView, lab: Laboratory, watch: Watch) -> Drilled:
    longest = settings.warm_up + PATIENCE_IN_A_LAB * 5 + settings.settle + timedelta(seconds=30)
    workload = begin_writes(settings, view, lab, watch, longest)
    where = target("lab", int(urlsplit(lab.cloud.endpoint).port or 0))
    before, began = _slots(lab), time.monotonic()
    drilled = drill_target(where, SECONDARY_REGION, view.say)
    watch_for(watch, view, lambda: False, settings.settle.total_seconds())
    after = _slots(lab)
    lab.processes.terminate(workload, within=WORKLOAD_ENDS_WITHIN)
    return replace(
        drilled,
        settings=described(settings),
        environment=environment_of(lab),
        clients=seen_by_clients(read_history(history_of(lab)), began, before, after),
    )


def seen_by_clients(attempts: Sequence[Attempt], began: float, before: Sequence[str], after: Sequence[str]) -> Clients:
    """Of the `attempts` since the drill `began`; `before` and `after` are the slots on the leader's server."""
    since = [one for one in attempts if one.ended >= began]
    moments = sorted(one.ended for one in since if one.outcome == "ok")
    silence = max((later - earlier for earlier, later in pairwise(moments)), default=None)
    return Clients(
        len(moments),
        len(since) - len(moments),
        None if silence is None else timedelta(seconds=silence),
        tuple(before),
        tuple(after),
    )


def _slots(lab: Laboratory) -> tuple[str, ...]:
    """Of the leader's real server."""
    return tuple(str(row[0]) for row in lab.servers[PRIMARY_REGION].rows(SLOTS))
