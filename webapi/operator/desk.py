"""With what does the operators' API act? With the use cases of the commands, under the plan as it is at each request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from failover.application.answer_approval import AnswerApproval
from failover.application.only_once import OnlyOnce
from failover.application.operate import Operate
from failover.application.preview_failover import Step
from failover.application.run_ports import KnownRun
from failover.application.show_run import RunTimeline
from failover.application.show_status import Status
from failover.application.start_run import StartRun
from failover.application.verify_journal import Verified
from failover.domain.journal import Entry
from failover.wiring import operators
from failover.wiring.journal import journal_in
from failover.wiring.preview import preview_failover
from failover.wiring.readiness import ask_readiness
from failover.wiring.this_region import CLOCK, ThisRegion


class Desk(Protocol):
    """Every call raises TransientFailure or RunRefused; `by` is the ARN of whoever asks."""

    def status(self, count: int) -> Status: ...

    def runs(self, count: int) -> Sequence[KnownRun]: ...

    def run(self, name: str) -> RunTimeline | None: ...

    def preview(self) -> Sequence[Step]: ...

    def readiness(self) -> Mapping[str, Any]: ...

    def entries(self, count: int) -> Sequence[Entry]: ...

    def verified(self) -> Verified: ...

    def only_once(self, by: str) -> OnlyOnce: ...

    def start(self, by: str) -> StartRun: ...

    def operate(self, by: str) -> Operate: ...

    def approval(self, by: str) -> AnswerApproval: ...


@dataclass(frozen=True)
class RegionDesk:
    """The real one: of the Region that this process runs in."""

    load: Callable[[], ThisRegion] = ThisRegion.load

    def status(self, count: int) -> Status:
        return operators.show_status(self.load().plan)(count)

    def runs(self, count: int) -> Sequence[KnownRun]:
        this = self.load()
        return operators.list_runs(this.plan, this.name)(count)

    def run(self, name: str) -> RunTimeline | None:
        this = self.load()
        return operators.show_run(this.plan, this.name)(name)

    def preview(self) -> Sequence[Step]:
        this = self.load()
        return tuple(preview_failover(this.plan, this.name)(CLOCK.now()))

    def readiness(self) -> Mapping[str, Any]:
        return ask_readiness(self.load().plan)

    def entries(self, count: int) -> Sequence[Entry]:
        this = self.load()
        return journal_in(this.name, this.plan).newest_entries(count)

    def verified(self) -> Verified:
        this = self.load()
        return operators.verify_journal(this.plan, this.name)()

    def only_once(self, by: str) -> OnlyOnce:
        this = self.load()
        return operators.only_once(this.plan, this.name, by)

    def start(self, by: str) -> StartRun:
        this = self.load()
        return operators.start_run(this.plan, this.name, by)

    def operate(self, by: str) -> Operate:
        this = self.load()
        return operators.operate(this.plan, this.name, by)

    def approval(self, by: str) -> AnswerApproval:
        this = self.load()
        return operators.answer_approval(this.plan, this.name, by)
