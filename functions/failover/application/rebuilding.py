"""What do all steps of a rebuild agree on: whose replica an instance is, what it is called, and that the leader still leads?"""

from __future__ import annotations

from failover.application.errors import RunRefused
from failover.application.holding import majority_needed
from failover.application.ports import DatabaseInstance, Register
from failover.domain.leader_record import State
from failover.domain.plan import Plan
from failover.domain.rebuild import InstanceNames
from failover.domain.replica import why_not_the_replica
from failover.domain.run import Run


def names_of(run: Run) -> InstanceNames:
    """As the first state settled them. Raises RunStateError."""
    return InstanceNames(run.text("check", "instance"), run.text("check", "kept_as"), run.text("check", "replica"))


def follows(found: DatabaseInstance | None, here: str, plan: Plan, leader: str) -> bool:
    """Whether it is a replica of the leader's database."""
    expected = plan.region(leader).database_instance
    return found is not None and why_not_the_replica(found.identifier, found.source, here, leader, expected) is None


def require_leader(register: Register, run: Run) -> None:
    """The leader is the one that the first state saw, and nobody moves the leadership. Raises RunRefused."""
    with majority_needed():
        record = register.read()
    leader, epoch = run.text("check", "leader"), run.whole("check", "epoch")
    if (record.leader, record.epoch, record.state) != (leader, epoch, State.OPEN):
        raise RunRefused(
            f"{leader} led in epoch {epoch} when this began, and now the record is {record.state} in epoch "
            f"{record.epoch}, led by {record.leader}: nothing further is changed."
        )


def require_divergence_settled(run: Run) -> None:
    """What only the old primary has was exported, or a person accepted that it is unknown. Raises RunRefused."""
    if run.value("divergence", "exported") is not True and run.value("divergence", "accepted") is not True:
        raise RunRefused("What only the old primary has was not exported, so it keeps its place.")


def accepts_unknown(run: Run) -> bool:
    """Whether the person who asked accepts that nobody can tell what only the old primary has."""
    return run.value("rebuild", "accept_unknown_divergence") is True
