"""Does a promotion work, and how long does it take? With a throwaway replica beside the standby, which nothing knows of.

A second read replica of the leader is made in the standby's Region, promoted once it has caught up, read, and deleted, whatever
comes of it: also when the process is asked to end. Nobody is told of the instance, and the leader record stays as it is.
RDS for PostgreSQL makes a replica without an interruption of its source, and deletes one without:
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PostgreSQL.Replication.ReadReplicas.Configuration.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from failover.application.database_login import login_for
from failover.application.errors import DamagedContent, DatabaseUnavailable, RunRefused, TransientFailure
from failover.application.holding import majority_needed
from failover.application.polling import Waiting
from failover.application.ports import Clock, DatabaseInstance, DatabaseLogin, Heartbeats, Register, Secrets
from failover.application.restore_ports import PromotedDatabases, ThrowawayReplicas
from failover.application.see_production import SeeStanding
from failover.application.under_way import DRILL, UnderWay
from failover.domain.heartbeat import Heartbeat
from failover.domain.instance_status import READY_STATUSES, SERVING_STATUSES, STUCK_STATUSES
from failover.domain.isolated_promotion import (
    CATCH_UP,
    CHECK,
    CREATE,
    DELETE,
    MADE_BY_TAG,
    PROMOTE,
    IsolatedPromotion,
    Step,
    changed,
    not_whole,
    throwaway_of,
)
from failover.domain.leader_record import LeaderRecord, Refusal, State
from failover.domain.plan import DatabaseMode, Plan
from failover.domain.restored_content import Content

T = TypeVar("T")
# It is deleted minutes later; "setting this parameter to 0 disables automated backups".
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_PromoteReadReplica.html
NO_BACKUPS = 0


@dataclass(frozen=True)
class RehearsePromotion:
    """In `region`, which must not lead, for `by`. `patience` bounds each step. `work` is looked for in every Region."""

    plan: Plan
    region: str
    by: str
    register: Register
    work: Sequence[Callable[[], Sequence[UnderWay]]]
    instances: ThrowawayReplicas
    secrets: Secrets
    sessions: PromotedDatabases
    heartbeats: Heartbeats
    see: SeeStanding
    clock: Clock
    patience: timedelta
    say: Callable[[str], None]

    def __call__(self) -> IsolatedPromotion | Refusal:
        """A Refusal changes nothing. Raises TransientFailure or RunRefused before anything is made, and not after."""
        with majority_needed():
            record = self.register.read()
        name = throwaway_of(self.plan.region(self.region).database_instance)
        if reason := self._obstacle(record):
            return Refusal(reason)
        before = self.see(record.leader)
        drill = _Drill(self, name, record.leader)
        refusal = drill.conduct()
        if refusal is not None:
            return refusal
        after = self.see(record.leader)
        return IsolatedPromotion(
            name,
            tuple(drill.steps),
            drill.failure,
            drill.content,
            drill.left_behind,
            drill.lasted,
            changed(before, after, self.plan.timing.unpublished),
            before,
            after,
        )

    def _obstacle(self, record: LeaderRecord) -> str | None:
        here = self.plan.region(self.region).database_instance
        if self.plan.db_mode is DatabaseMode.AURORA:
            return "An Aurora global database has no replica that could be promoted by itself: drill a switchover."
        if record.state is State.FENCED:
            return f"{record.run} is in progress: drill when it has ended."
        if record.leader == self.region:
            return f"{self.region} leads: a throwaway replica is promoted in the standby."
        if (one := next((one for look in self.work for one in look()), None)) is not None:
            what = "Delete it where nobody drills" if one.kind == DRILL else "Drill when it has ended"
            return f"In progress: {one}. {what}."
        if self.instances.describe(here) is None:
            return f"{self.region} has no {here} whose make the throwaway replica could take after."
        return None


class _Drill:
    """One throwaway replica's life."""

    def __init__(self, rules: RehearsePromotion, name: str, leader: str) -> None:
        self._rules, self._name, self._leader = rules, name, leader
        self.steps: list[Step] = []
        self.failure: str | None = None
        self.content: Content | None = None
        self.left_behind: str | None = None
        self.lasted = timedelta(0)

    def conduct(self) -> Refusal | None:
        """A Refusal: RDS makes no replica, and none was made."""
        rules, asked = self._rules, self._rules.clock.monotonic()
        # From here on an interruption may find an instance.
        made = True
        try:
            refusal = self._ask()
            made = refusal is None
            if made:
                self._steps()
        except (RunRefused, TransientFailure, DamagedContent) as error:
            self.failure = str(error)
        finally:
            if made:
                self._delete()
        self.lasted = timedelta(seconds=rules.clock.monotonic() - asked)
        return None if made else refusal

    def _ask(self) -> Refusal | None:
        plan, here = self._rules.plan, self._rules.plan.region(self._rules.region)
        source = f"arn:aws:rds:{self._leader}:{plan.account_id}:db:{plan.region(self._leader).database_instance}"
        return self._rules.instances.create_replica(
            self._name, source, here.database_instance, {MADE_BY_TAG: self._rules.by}
        )

    def _steps(self) -> None:
        self._timed(CREATE, self._available, lambda found: f"{found.identifier} is available and streams.")
        newest = self._rules.heartbeats.read().newest
        if newest is None or newest.region != self._leader:
            raise RunRefused(f"{self._leader} has published no heartbeat to compare the replica with.")
        self._timed(CATCH_UP, lambda: self._caught_up(newest), lambda told: told)
        asked = _Asked()
        self._timed(PROMOTE, lambda: self._promoted(asked), lambda told: told)
        self.content = self._timed(
            CHECK, lambda: self._whole(newest), lambda found: f"{found.writes} writes were read."
        )

    def _timed(self, name: str, look: Callable[[], T | Waiting], told: Callable[[T], str]) -> T:
        """What `look` finds within the patience. Raises RunRefused at its end."""
        clock, began = self._rules.clock, self._rules.clock.monotonic()
        while isinstance(found := _tried(look), Waiting):
            if clock.monotonic() - began > self._rules.patience.total_seconds():
                raise RunRefused(f"{name}: not within {self._rules.patience.total_seconds():.0f} s. {found.reason}")
            clock.sleep(self._rules.plan.timing.poll)
        step = Step(name, timedelta(seconds=clock.monotonic() - began), told(found))
        self.steps.append(step)
        self._rules.say(f"{step.name:10} {step.took.total_seconds():8.2f} s  {step.told}")
        return found

    def _found(self) -> DatabaseInstance:
        found = self._rules.instances.describe(self._name)
        if found is None or found.status in STUCK_STATUSES:
            raise RunRefused(f"{self._name} is {found.status if found else 'gone'}.")
        return found

    def _login(self, found: DatabaseInstance) -> DatabaseLogin:
        plan, region = self._rules.plan, self._rules.region
        return login_for(found, self._rules.secrets.read(plan.region(region).database_secret))

    def _available(self) -> DatabaseInstance | Waiting:
        found = self._found()
        return found if found.status in READY_STATUSES else Waiting(f"{found.identifier} is {found.status}.")

    def _caught_up(self, newest: Heartbeat) -> str | Waiting:
        """As far as the leader was when the replica became available."""
        try:
            position = self._rules.sessions.position(self._login(self._found()), self._leader)
        except DatabaseUnavailable as error:
            return Waiting(str(error))
        if not position.in_recovery or position.heartbeat is None:
            return Waiting("It does not replicate, or has no heartbeat yet.")
        if newest.is_newer_than(position.heartbeat):
            return Waiting(f"Its newest heartbeat is of {position.heartbeat.at.isoformat()}.")
        return "It has all that the leader had published when it became available."

    def _promoted(self, asked: _Asked) -> str | Waiting:
        """As in a failover: the source is gone, it serves, not in recovery, and a row was committed."""
        found = self._found()
        if found.source is not None:
            if found.status in READY_STATUSES and not asked.yes:
                refusal = self._rules.instances.promote(self._name, NO_BACKUPS)
                if refusal is not None:
                    return Waiting(refusal.reason)
                asked.yes = True
            return Waiting(f"It is {found.status} and still a replica.")
        if found.status not in SERVING_STATUSES:
            return Waiting(f"It has no source any more and is {found.status}.")
        login = self._login(found)
        try:
            if self._rules.sessions.in_recovery(login):
                return Waiting("Its server is still in recovery.")
            self._rules.sessions.write_probe(login, self._rules.region)
        except DatabaseUnavailable as error:
            return Waiting(f"It commits nothing yet: {error}")
        return "It is a database of its own, and a row was committed."

    def _whole(self, newest: Heartbeat) -> Content | Waiting:
        try:
            content = self._rules.sessions.content(self._login(self._found()), self._leader)
        except DatabaseUnavailable as error:
            return Waiting(str(error))
        if refusal := not_whole(content, newest):
            raise RunRefused(refusal.reason)
        return content

    def _delete(self) -> None:
        try:
            self._timed(DELETE, self._gone, lambda _: "It is deleted.")
        except RunRefused as error:
            self.left_behind = f"{self._name} is left behind: {error}"
            # Whoever interrupted the drill hears of it in no other way.
            self._rules.say(self.left_behind)

    def _gone(self) -> bool | Waiting:
        found = self._rules.instances.describe(self._name)
        if found is None:
            return True
        refusal = None if found.status == "deleting" else self._rules.instances.delete(self._name)
        return Waiting(refusal.reason if refusal is not None else f"{self._name} is {found.status}.")


def _tried(look: Callable[[], T | Waiting]) -> T | Waiting:
    """An API that does not answer is asked again."""
    try:
        return look()
    except TransientFailure as error:
        return Waiting(str(error))


@dataclass
class _Asked:
    """Whether RDS accepted the promotion: a second request would only be refused."""

    yes: bool = False
