"""What comes after what in a rebuild: a person asks, the run with its faults, the probe, and the person who asks again?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chaos import interpreter
from chaos.faults import OfEvent
from chaos.history import Standby
from chaos.installation import PRIMARY, STANDBY, plan_of
from chaos.interpreter import FAILOVER, REBUILDING
from chaos.ledgers import Ledgers
from chaos.rds import OWN, RENAMED, address
from chaos.unfolding import MANUAL, PERSON, UNTIL_PROBED, Unfolding
from failover.domain.rebuild import InstanceNames, divergence_key
from failover.wiring import operators


@dataclass
class Rebuild(Unfolding):
    """A case of the rebuild workflow."""

    workflow = REBUILDING

    def __post_init__(self) -> None:
        self._ledgers = Ledgers(self.cloud.rds, self.service, self.clock.now() - timedelta(days=1))
        self._names = InstanceNames.of(OWN, self.history.record.epoch)

    @property
    def databases(self) -> Any:
        return self._ledgers

    def unfold(self) -> None:
        self._ask()
        self.collect()
        self.go_on_as_the_case_has_it()
        self.history.standby = self._standby()
        self.history.deleted += self.cloud.rds.deleted
        self.keep_books()

    def accepted(self, what: str) -> None:
        super().accepted(what)
        if what == RENAMED and self._listed() is None:
            self.history.surprises.append(f"{OWN} lost its name before its rows were listed")

    def happen(self, kind: OfEvent, run: str) -> None:
        if kind is OfEvent.AGAIN:
            self._ask()
        elif kind is OfEvent.ANOTHER:
            self.receive(self.alarm_event("second"))
            self._leave_the_failover_to_its_own_cases()
        elif kind is OfEvent.STARTED_TWICE:
            self.workflow.start(run, self.executions()[run].input_data)
        elif kind is OfEvent.BY_HAND:
            wanted = {"rebuild": {"accept_unknown_divergence": False}}
            interpreter.run(self.workflow.start(MANUAL, {**wanted, **self.by_hand()}))
        else:
            self.probe()

    def _leave_the_failover_to_its_own_cases(self) -> None:
        """What an alarm starts meanwhile is not played here. Begun and never ended it would be in the way of all else."""
        FAILOVER.machine.executions.clear()

    def _ask(self) -> None:
        start = operators.start_rebuild(plan_of(self.case.plan), STANDBY, PERSON)
        self.ask("StartRebuild", lambda: start("the Region is back"))

    def aftermath(self) -> None:
        """Nothing is disturbed any more: what was late lands, the probe looks, and the person asks again."""
        self.gate.end()
        self.gate.land_late()
        self.clock.sleep(UNTIL_PROBED)
        self.probe()
        self._ask()
        self.collect()

    def _standby(self) -> Standby:
        own, kept = self.cloud.rds.instance(OWN), self.cloud.rds.instance(self._names.kept_as)
        told = [(one.get("host"), one.get("port")) for one in self.cloud.settings()]
        return Standby(
            follows=own is not None and own.is_replica and own.status == "available",
            kept=kept is self.cloud.rds.first and kept.deletion_protection and not kept.is_replica,
            named=own is not None and all(one == address(own) for one in told),
            objects_come=self.cloud.objects(PRIMARY).replication is not None,
            listed=self._listed(),
            replicas=len(self.cloud.rds.made),
        )

    def _listed(self) -> tuple[int, ...] | None:
        text = self.cloud.text(STANDBY, divergence_key(self._names.kept_as))
        return None if text is None else tuple(json.loads(line)["number"] for line in text.splitlines())
