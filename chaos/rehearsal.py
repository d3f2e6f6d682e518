"""What comes after what in a rehearsal of a restore: a person asks, the run with its faults, and the person who asks again?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from chaos import interpreter, production
from chaos.faults import OfEvent
from chaos.history import Left, Rehearsed
from chaos.installation import STANDBY, plan_of
from chaos.interpreter import FAILOVER, REHEARSING
from chaos.rds import Rds
from chaos.service import Service
from chaos.unfolding import MANUAL, PERSON, UNTIL_PROBED, Unfolding
from failover.adapters.s3_rehearsals import KEY as PROOF_KEY
from failover.application.errors import DatabaseUnavailable
from failover.application.ports import DatabaseLogin
from failover.application.restore_from_latest_snapshot import RUN_TAG
from failover.domain.loss_bound import ReplicaPosition
from failover.domain.rehearsal import instance_name
from failover.domain.restored_content import Content
from failover.wiring import operators


@dataclass
class Rehearsal(Unfolding):
    """A case of the rehearsal workflow. Another alarm is one of a leader that fails meanwhile: a failover beside it."""

    workflow = REHEARSING
    beside = (FAILOVER,)

    def __post_init__(self) -> None:
        self._name = instance_name(plan_of(self.case.plan), STANDBY)
        self._rehearsed = self.history.rehearsed = Rehearsed(self._name, production.seen(self.cloud, self._name))
        self._servers = Servers(self.cloud.rds, self.service, self._rehearsed.read)

    @property
    def databases(self) -> Any:
        return self._servers

    def unfold(self) -> None:
        self._ask()
        self.collect()
        self.go_on_as_the_case_has_it()
        self._rehearsed.after = production.seen(self.cloud, self._name)
        self._rehearsed.at_last = self._status()
        self._rehearsed.proof = json.loads(self.cloud.text(STANDBY, PROOF_KEY) or "null")
        self.history.deleted += self.cloud.rds.deleted
        self.keep_books()

    def happen(self, kind: OfEvent, run: str) -> None:
        if kind is OfEvent.AGAIN:
            self._ask()
        elif kind is OfEvent.ANOTHER:
            self._rehearsed.failed_meanwhile = True
            self.service.cut_off()
            self.cloud.set_alarm(well=False)
            self.receive(self.alarm_event("second"))
        elif kind is OfEvent.STARTED_TWICE:
            self.workflow.start(run, self.executions()[run].input_data)
        elif kind is OfEvent.BY_HAND:
            interpreter.run(self.workflow.start(MANUAL, {"rehearsal": {"to": "latest"}, **self.by_hand()}))
        else:
            self.probe()

    def aftermath(self) -> None:
        """Nothing is disturbed any more: what was late lands, the probe looks, and the person asks again."""
        self.gate.end()
        self.gate.land_late()
        self.clock.sleep(UNTIL_PROBED)
        self.probe()
        self._look_for_what_is_left()
        self._ask()
        self.collect()

    def _ask(self) -> None:
        start = operators.start_rehearsal(plan_of(self.case.plan), STANDBY, PERSON)
        self.ask("StartRehearsal", lambda: start(None))

    def _look_for_what_is_left(self) -> None:
        self.hear()
        status = self._status()
        if status is not None:
            ends = {one.name: one.status for one in self.workflow.executions()}
            self._rehearsed.left.append(Left(status, ends, len(self.history.told)))

    def _status(self) -> str | None:
        self.cloud.rds.settle()
        found = self.cloud.rds.instance(self._name)
        return None if found is None else str(found.status)


@dataclass
class Servers:
    """The replica and the instance of the rehearsal, by the address at which a session is opened.

    `read`: the runs whose instance's rows were.
    """

    rds: Rds
    service: Service
    read: list[str]

    def content(self, login: DatabaseLogin, region: str) -> Content:
        found = self.rds.at((login.host, login.port))
        if found is None or found.db_instance_identifier not in self.rds.made:
            raise DatabaseUnavailable(f"OperationalError: nothing listens at {login.host}:{login.port}")
        name = found.db_instance_identifier
        content = self.service.content_of(region, self.rds.moment_of(name))
        self.read.append(next(one["Value"] for one in found.tags if one["Key"] == RUN_TAG))
        return content

    def position(self, login: DatabaseLogin, region: str) -> ReplicaPosition:
        return self.service.position(login, region)

    def in_recovery(self, login: DatabaseLogin) -> bool:
        return self.service.in_recovery(login)

    def slots(self, login: DatabaseLogin) -> tuple[str, ...]:
        """None, as on a replica that nobody reads from; where the replica can be reached."""
        self.service.in_recovery(login)
        return ()
