"""What is one case: which situation, which faults, and what is done afterwards? Its name says it all, and gives it back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chaos.faults import Fault, parse
from chaos.installation import TIGHT_RPO_SECONDS, plan_text


class Situation(StrEnum):
    """`cut-off`: the old leader lives and writes, and nobody outside reaches it; the loss is within the RPO. `asked`: the
    loss is above it, and a person accepts. `refused`: it is above, and the policy asks nobody. `dark`: the old leader's
    Region is dead, its copy of the leader record too. `down`: its tasks and its database are dead for a minute, and its
    Region's API answers. `switchover`: it is well, and a person moves the leadership away from it. `restore`: as `cut-off`,
    and the replica is none any more, so that a database is made of a backup, of which the newest is damaged. `aurora` and
    `aurora-switchover`: as `cut-off` and `switchover`, with an Aurora global database. `rebuild`: the other Region leads, and
    a person makes this one its standby again, whose database has rows that the leader lacks. `rehearsal`: all is well, and a
    person has a restore rehearsed; `rehearsal-of-damage`: the newest backup is damaged."""

    CUT_OFF = "cut-off"
    ASKED = "asked"
    REFUSED = "refused"
    DARK = "dark"
    DOWN = "down"
    SWITCHOVER = "switchover"
    RESTORE = "restore"
    AURORA = "aurora"
    AURORA_SWITCHOVER = "aurora-switchover"
    REBUILD = "rebuild"
    REHEARSAL = "rehearsal"
    REHEARSAL_OF_DAMAGE = "rehearsal-of-damage"

    @property
    def planned(self) -> bool:
        """A person moves the leadership away from a leader that is well."""
        return self in (Situation.SWITCHOVER, Situation.AURORA_SWITCHOVER)

    @property
    def well(self) -> bool:
        """The leader is, and stays connected."""
        return self.planned or self.rehearsed or self is Situation.REBUILD

    @property
    def rehearsed(self) -> bool:
        """A restore is."""
        return self in (Situation.REHEARSAL, Situation.REHEARSAL_OF_DAMAGE)

    @property
    def aurora(self) -> bool:
        return self in (Situation.AURORA, Situation.AURORA_SWITCHOVER)


class Then(StrEnum):
    """What follows an execution that was aborted or ended as held, before the minute's probe looks; or after it."""

    PROBED = "probed"
    REDRIVEN = "redriven"
    PROBED_AND_REDRIVEN = "probed-and-redriven"


@dataclass(frozen=True)
class Case:
    """One run of a workflow, and whatever else its faults start."""

    situation: Situation = Situation.CUT_OFF
    faults: tuple[Fault, ...] = ()
    then: Then = Then.PROBED

    @property
    def name(self) -> str:
        told = "+".join(one.name for one in self.faults) or "no-fault"
        return f"{self.situation}/{told}" + (f"/then-{self.then}" if self.then is not Then.PROBED else "")

    @property
    def plan(self) -> str:
        if self.situation is Situation.ASKED:
            return plan_text("auto-within-rpo", TIGHT_RPO_SECONDS)
        if self.situation is Situation.REFUSED:
            return plan_text("auto", TIGHT_RPO_SECONDS)
        return plan_text(db_mode="aurora-global") if self.situation.aurora else plan_text()


def from_name(name: str) -> Case:
    """The case of that name. Raises ValueError."""
    situation, _, rest = name.partition("/")
    if situation not in tuple(Situation) or not rest:
        raise ValueError(f"{name} names no case: it begins with {', '.join(Situation)} and a fault.")
    told, _, then = rest.partition("/then-")
    if then and then not in tuple(Then):
        raise ValueError(f"{name} names no case: what follows is one of {', '.join(Then)}.")
    faults = () if told == "no-fault" else tuple(parse(one) for one in told.split("+"))
    return Case(Situation(situation), faults, Then(then or Then.PROBED))
