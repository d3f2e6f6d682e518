"""Does the gate before the one-way step, and the step itself, see what a real replica is really like?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from served_task import HERE, eventually
from two_regions import RPO_SECONDS, Instance, Pair, after, bound, pair, promotion, rows_of

from failover.application.errors import RunRefused, StillInProgress
from failover.domain.recovery_point import RecoveryPoint
from lab.region.postgresql import PostgreSQL
from tests.statemachines.interpreter import Run
from tests.statemachines.laptop import LaptopWorkflow

LAG_METRIC = "select extract(epoch from now() - pg_last_xact_replay_timestamp())"


@pytest.fixture(scope="module")
def servers() -> Iterator[Pair]:
    """One pair for the tests that leave it as it was; the last one promotes it."""
    with pair() as both:
        yield both


@pytest.mark.scenario("F16")
def test_a_replica_behind_by_more_than_the_rpo_is_a_person_s_to_accept_and_the_lost_rows_are_those_behind(
    servers: Pair,
) -> None:
    """The link is down while the leader goes on. No policy promotes that by itself."""
    seen = servers.beat()
    servers.write(1, 2, 3)
    eventually(servers.has_arrived(seen))
    within = bound(Instance(servers.standby), seen)
    assert within["accepted"] is True
    assert within["bound_seconds"] < RPO_SECONDS
    servers.network.cut("replication")
    servers.write(4, 5)
    eventually(after(RPO_SECONDS - within["bound_seconds"] + 0.2))
    newest = servers.beat()
    refused = bound(Instance(servers.standby), newest)
    assert (refused["accepted"], refused["known"], refused["askable"]) == (False, True, True)
    assert f"more than the RPO of {RPO_SECONDS} s" in refused["reason"]
    assert bound(Instance(servers.standby), newest, failover_policy="auto")["askable"] is False
    lost = rows_of(servers.primary) - rows_of(servers.standby)
    assert lost == {("w", 4), ("w", 5)}
    servers.network.restore("replication")
    eventually(servers.has_arrived(newest))
    assert bound(Instance(servers.standby), servers.beat())["accepted"] is True
    eventually(lambda: rows_of(servers.primary) == rows_of(servers.standby))


@pytest.mark.scenario("F17")
def test_a_lag_that_only_grows_because_the_primary_is_dead_refuses_nobody(servers: Pair) -> None:
    """RDS's own formula counts on for ever; nothing more can be lost."""
    newest = servers.beat()
    eventually(servers.has_arrived(newest))
    servers.primary.kill()
    try:
        before, metric = bound(Instance(servers.standby), newest), servers.standby.rows(LAG_METRIC)
        eventually(after(1.2))
        later, metric_later = bound(Instance(servers.standby), newest), servers.standby.rows(LAG_METRIC)
    finally:
        servers.primary.start()
    assert float(metric_later[0][0] or 0) - float(metric[0][0] or 0) > 1
    assert later["accepted"] is True
    assert later["bound_seconds"] == before["bound_seconds"]


@pytest.mark.scenario("F18", "F48")
def test_a_leader_that_dies_with_its_freshest_replica_is_followed_only_at_the_loss_that_a_person_accepts(
    servers: Pair,
) -> None:
    """What is left is a replica that is too old, or a backup. Of one whose server is gone nobody knows what it lacks."""
    old = servers.beat(timedelta(minutes=10))
    eventually(servers.has_arrived(old))
    servers.network.cut("replication")
    newest = servers.beat()
    servers.primary.kill()
    instance = Instance(servers.standby)
    too_old = bound(instance, newest)
    servers.standby.kill()
    gone = bound(instance, newest)
    of_a_backup = bound(instance, newest, RecoveryPoint("replicated", "arn", newest.at - timedelta(minutes=4), True))
    servers.primary.start()
    servers.network.restore("replication")
    servers.standby.start()

    for loss, way in ((too_old, "PromoteReplica"), (of_a_backup, "RestoreFromLatestSnapshot")):
        assert (loss["accepted"], loss["known"], loss["askable"]) == (False, True, True)
        assert loss["bound_seconds"] > timedelta(minutes=4).total_seconds()
        unasked = run_of(loss, way, answer=None)
        assert (unasked.given[way], len(unasked.given["AwaitApproval"])) == ([], 1)
        assert unasked.entered[-1] == "StoodDown"
        assert run_of(loss, way, answer=False).given[way] == []
        assert len(run_of(loss, way, answer=True).given[way]) == 1
    assert (gone["accepted"], gone["known"], gone["askable"], gone["bound_seconds"]) == (False, False, False, None)
    assert "The replica does not answer" in gone["reason"]
    ended = run_of(gone, "PromoteReplica", answer=None)
    assert (ended.given["PromoteReplica"], ended.given["AwaitApproval"], ended.entered[-1]) == ([], [], "StoodDown")
    for loss in (too_old, gone):
        with pytest.raises(RunRefused, match="No loss bound was accepted"):
            promotion(instance, loss=loss)()
    assert instance.asked == 0


def run_of(loss: dict[str, Any], way: str, answer: bool | None) -> Run:
    """The workflow with that answer of the gate, and a person's if there is one. `way`: how the database is had."""
    workflow = LaptopWorkflow()

    def asked(event: dict[str, Any]) -> dict[str, Any]:
        if answer is not None:
            said = {"accepted": answer, "by": "kim", "reason": "kim answered"}
            workflow.send(event["task_token"], {**said, "bound_seconds": f"{loss['bound_seconds']:.1f}"})
        return {}

    path = {"path": "promote" if way == "PromoteReplica" else "restore"}
    return workflow.run(CheckSecondaryReadiness=path, BoundDataLoss=loss, AwaitApproval=asked)


@pytest.mark.scenario("F21")
def test_a_replica_that_broke_weeks_ago_is_refused_by_what_it_last_received(servers: Pair) -> None:
    """It answers, says that it is in recovery and has replayed all that it received: only the heartbeat tells."""
    old = servers.beat(timedelta(days=21))
    eventually(servers.has_arrived(old))
    servers.network.cut("replication")
    answer = bound(Instance(servers.standby), servers.beat())
    assert servers.standby.progress().bytes_to_replay == 0
    servers.network.restore("replication")
    assert (answer["accepted"], answer["known"]) == (False, True)
    assert answer["bound_seconds"] > timedelta(days=20).total_seconds()


@pytest.mark.scenario("F20")
def test_a_replica_that_is_backing_up_is_waited_for_and_asked_for_nothing(servers: Pair) -> None:
    """AWS would refuse; the state's own retries bound the wait, and its end is a page."""
    instance = Instance(servers.standby, status="backing-up")
    with pytest.raises(StillInProgress, match="backing-up and still a replica"):
        promotion(instance, 0.2)()
    assert instance.asked == 0
    assert servers.standby.is_in_recovery()


@pytest.mark.scenario("F25")
def test_an_instance_that_rds_calls_done_is_not_taken_for_a_primary_while_its_server_refuses_writes(
    servers: Pair,
) -> None:
    with pytest.raises(StillInProgress, match="available, but its server is still in recovery"):
        promotion(Instance(servers.standby, source=None), 0.2)()


@pytest.mark.scenario("F24")
@pytest.mark.parametrize("frozen", [False, True])
def test_a_promotion_that_never_ends_is_reported_at_the_end_of_each_budget_and_asked_for_once(
    servers: Pair, frozen: bool
) -> None:
    """The workflow counts these reports, holds when they are too many, and traffic stays where it is."""
    instance = Instance(servers.standby, completes=False)
    if frozen:
        servers.standby.freeze()
    try:
        with pytest.raises(StillInProgress, match="asked for and has not begun to show"):
            promotion(instance, 0.3)()
        if frozen:
            instance.source = None
            with pytest.raises(StillInProgress, match="commits nothing yet"):
                promotion(instance, 0.3)()
    finally:
        servers.standby.thaw()
    assert instance.asked == 1
    assert servers.standby.is_in_recovery()


def take_every_connection(storm: ExitStack, server: PostgreSQL) -> None:
    """Raises OperationalError when there is none left."""
    own = {"dbname": "app", "user": "app", "password": server.credentials.application}
    for _ in range(150):
        storm.enter_context(psycopg.connect(host=server.host, port=server.port, **own))


def test_a_storm_of_connections_delays_the_proof_and_does_not_fail_it(servers: Pair) -> None:
    """Every client comes at once to a server that has just become the primary: here one that is one already."""
    instance = Instance(servers.primary, source=None)
    with ExitStack() as storm:
        with pytest.raises(psycopg.OperationalError, match=r"connection slots|too many clients"):
            take_every_connection(storm, servers.primary)
        with pytest.raises(
            StillInProgress, match=r"commits nothing yet: OperationalError.*(connection slots|too many)"
        ):
            promotion(instance, 0.3)()
    assert promotion(instance, 5)()["already_promoted"] is True


@pytest.mark.scenario("F19")
def test_a_replica_that_was_promoted_already_passes_the_step_and_not_the_gate(servers: Pair) -> None:
    """By role: an earlier try of this run did it, or somebody else before any loss was bounded. Keep it the last."""
    instance = Instance(servers.standby)
    assert promotion(instance, 5)()["already_promoted"] is False
    probes = "select count(*) from probe"
    written = int(servers.standby.rows(probes)[0][0] or 0)
    again = promotion(instance, 5)()
    assert again["already_promoted"] is True
    assert instance.asked == 1
    assert int(servers.standby.rows(probes)[0][0] or 0) == written + 1, "proven by a write, each time"
    answer = bound(Instance(servers.standby), servers.beat())
    assert (answer["accepted"], answer["known"]) == (False, False)
    assert "not in recovery" in answer["reason"]
    assert HERE not in {region for (region,) in servers.standby.rows("select region from probe")}
