"""What comes after what in a case: the alarm, the run with its faults, what follows it, and the minute's probe?"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from chaos import interpreter
from chaos.case import Situation
from chaos.darkness import Night, begin
from chaos.faults import ALL_STATES, BEFORE, OfDarkness, OfEvent, OfExecution
from chaos.history import Promotion
from chaos.installation import COPIES, MACHINE_ARN, PRIMARY, STANDBY, WITNESS, plan_of
from chaos.interpreter import FAILOVER
from chaos.unfolding import MANUAL, PERSON, PROBE, UNTIL_PROBED, Unfolding
from failover.domain.leader_record import State
from failover.domain.run import Mode
from failover.wiring import operators

DOWN_FOR = timedelta(seconds=60)
# Without any run the probe acts when the leader is down for probe_after.
UNTIL_INCIDENT = timedelta(seconds=200)
ACCEPT = re.compile(r"drlab approve (\S+) --accept-loss (\S+)")
WAIT_STATE, RESTORE = "WaitOutLease", "RestoreFromLatestSnapshot"


@dataclass
class Plot(Unfolding):
    """A case of the failover workflow."""

    workflow = FAILOVER
    _answered: int = 0

    def __post_init__(self) -> None:
        self.night = Night(self.clock, self.gate, self.history, self.service, self._probe_in, self.cloud.set_alarm)

    @property
    def dark(self) -> frozenset[str]:
        return self.night.dark

    def unfold(self) -> None:
        """From the alarm, or a person's wish, to the end."""
        if self.case.situation is Situation.DARK:
            self.night.fall((PRIMARY,))
        if self.case.situation is Situation.DOWN:
            self.clock.sleep(DOWN_FOR)
        self.falls_dark(BEFORE)
        self._begin("first")
        self.collect()
        if self.history.darkness is not None:
            self.hear()
            self.night.watch(self.history.darkness.regions)
            self.collect()
            self.night.lift()
        self.go_on_as_the_case_has_it()
        self.history.deleted += self.cloud.rds.deleted
        self.keep_books()

    def wait_ended(self) -> None:
        run = next(reversed([name for name, one in self.executions().items() if one.status == "RUNNING"]), None)
        if run is None:
            return
        self.spring(WAIT_STATE, run)
        if self.falls_dark(WAIT_STATE, run) or self.due(OfExecution, WAIT_STATE, run) is not None:
            self.abort(run)

    def answered(self, state: str, run: str, answer: Any) -> None:
        if state == "AwaitApproval":
            self._answer()
        if state == RESTORE and answer is not None and not self.history.promotions:
            # Until a restore is proven and told nothing of it is one-way: the old leader is as it was.
            self.history.received_until = datetime.fromisoformat(answer["restored_to"])
            bound = float(answer["bound_seconds"])
            self.history.promotions.append(Promotion(self.clock.now(), run, self._given.get(run, {}), bound))

    def falls_dark(self, state: str, run: str = "") -> bool:
        """Whether the run stands still from now on: the Region that it runs in is dark."""
        due = self.due(OfDarkness, state, run)
        if due is not None:
            self.hear()
            self.history.darkness = begin(due.regions, self.night)
            self.night.fall(due.regions)
        return due is not None and STANDBY in due.regions

    def happen(self, kind: OfEvent, run: str) -> None:
        if kind is OfEvent.AGAIN:
            self._begin("first")
        elif kind is OfEvent.ANOTHER:
            self.receive(self.alarm_event("second"))
        elif kind is OfEvent.STARTED_TWICE:
            self.workflow.start(run, self.executions()[run].input_data)
        elif kind is OfEvent.BY_HAND:
            interpreter.run(self.workflow.start(MANUAL, self.by_hand()))
        else:
            self.probe()

    def _begin(self, which: str) -> None:
        """The alarm arrives; or a person asks, whose command is made again as it was."""
        if not self.case.situation.planned:
            self.receive(self.alarm_event(which))
            return
        if STANDBY in self.dark:
            return
        start = operators.start_run(plan_of(self.case.plan), STANDBY, PERSON)
        self.ask("StartSwitchover", lambda: start(Mode.PLANNED, "to see that it works"))

    def receive(self, event: dict[str, Any]) -> None:
        if not {STANDBY, WITNESS} & self.dark:
            super().receive(event)

    def _probe_in(self, region: str) -> bool:
        """The same function in the Region that is not the run's has other names around it."""
        if region == STANDBY:
            return self.probe()
        machine = MACHINE_ARN.replace(STANDBY, region)
        own = {"AWS_REGION": region, "CONTROL_BUCKET": COPIES[region], "STATE_MACHINE_ARN": machine}
        with patch.dict(os.environ, own):
            return self.probe()

    def aftermath(self) -> None:
        """Only the probe is still disturbed, what was late lands, and the probe looks, twice if need be."""
        self.end_faults(ALL_STATES, PROBE)
        self.gate.land_late()
        started = bool(self.executions())
        self.clock.sleep(UNTIL_PROBED if started else UNTIL_INCIDENT)
        self.probe()
        unsettled = len(self.executions()) > 1 or self.history.record.state is State.FENCED
        if unsettled or any(one.state == PROBE for one in self.gate.faults):
            self.end_faults(ALL_STATES)
            self.clock.sleep(UNTIL_PROBED)
            self.probe()
        self.collect()

    def _answer(self) -> None:
        """A person accepts what the newest message asks for, and tries again when the command fails."""
        self.hear()
        asked = [one for one in self.history.told if one.state == "AwaitApproval"]
        for message in asked[self._answered :]:
            found = ACCEPT.search(message.text)
            if found is not None and self.case.situation is Situation.ASKED:
                self.history.acceptances.append((message.run, found[2]))
                answering = operators.answer_approval(plan_of(self.case.plan), STANDBY, "a person")
                answering.approve(found[1], found[2])
        self._answered = len(asked)
