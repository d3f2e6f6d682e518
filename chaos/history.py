"""What happened in one case, in its order? Everything that an invariant is judged from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from failover.domain.leader_record import LeaderRecord


@dataclass(frozen=True)
class Acknowledged:
    """A write that a task told its client is safe."""

    at: datetime
    region: str
    epoch: int


@dataclass(frozen=True)
class Promotion:
    """A promotion that RDS accepted, or a restore that was proven. `gate` is what the run that asked had in its state.

    `bound_seconds` is what the restored backup may lack; None: what the gate bounded.
    """

    at: datetime
    run: str
    gate: dict[str, Any]
    bound_seconds: float | None = None


@dataclass(frozen=True)
class Told:
    """A message that reached people. `state` is the function's that sent it."""

    run: str
    state: str
    subject: str
    text: str


@dataclass
class Darkness:
    """While these Regions were dark. `messages` were sent meanwhile; `alarms` are those of the templates that told people."""

    regions: tuple[str, ...]
    began: datetime
    ended: datetime
    messages: list[Told] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)


@dataclass
class Ended:
    """One pass of one execution: how it ended, which states it entered, and its state at the end."""

    run: str
    status: str
    entered: list[str]
    state: dict[str, Any]


@dataclass(frozen=True)
class Standby:
    """What a rebuild leaves. `listed` are the rows that were exported; None: none was. `kept`: the old primary is there, under
    another name and protected."""

    follows: bool
    kept: bool
    named: bool
    objects_come: bool
    listed: tuple[int, ...] | None
    replicas: int


@dataclass(frozen=True)
class Left:
    """A rehearsal's instance that is there when nothing is under way: its status, how the rehearsals have ended by then, and
    how many messages had been sent."""

    status: str
    ends: dict[str, str]
    messages: int


@dataclass
class Rehearsed:
    """`before` and `after` show everything that a rehearsal has no business with; `read` are the runs whose instance's rows
    were really read, `proof` what is kept of the newest that passed. `at_last`: the status of `instance` in the end; None:
    it is gone. `failed_meanwhile`: the leader did."""

    instance: str
    before: dict[str, str]
    after: dict[str, str] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    at_last: str | None = None
    proof: dict[str, Any] | None = None
    failed_meanwhile: bool = False


@dataclass
class History:
    """`chosen` are the records that a majority came to hold, in their order, each once."""

    old: str
    new: str
    chosen: list[tuple[datetime, LeaderRecord]] = field(default_factory=list)
    acknowledged: list[Acknowledged] = field(default_factory=list)
    read_back: list[tuple[datetime, str]] = field(default_factory=list)
    traffic: list[tuple[datetime, str]] = field(default_factory=list)
    promotions: list[Promotion] = field(default_factory=list)
    acceptances: list[tuple[str, str]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    outcomes: dict[str, dict[str, Any]] = field(default_factory=dict)
    reconciled: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    aborted: set[str] = field(default_factory=set)
    surprises: list[str] = field(default_factory=list)
    received_until: datetime | None = None
    darkness: Darkness | None = None
    deleted: list[str] = field(default_factory=list)
    standby: Standby | None = None
    rehearsed: Rehearsed | None = None

    @property
    def record(self) -> LeaderRecord:
        """The newest record."""
        return self.chosen[-1][1]

    def choose(self, at: datetime, record: LeaderRecord | None) -> None:
        if record is not None and (not self.chosen or self.chosen[-1][1] != record):
            self.chosen.append((at, record))
