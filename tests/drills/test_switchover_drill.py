"""Does a switchover move the leadership without losing a write, on real processes, and undo itself where it cannot?"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from lab import cli
from lab.drills.occasion import HEALTH_CHECK_ALARMS
from lab.laboratory import Laboratory
from lab.quiet import disturbance
from lab.region.ports import free_port
from lab.settings import PRIMARY_REGION, SECONDARY_REGION, LabSettings, Timers
from tests.drills.approval import wait_for_a_person_whose_yes_promotes
from tests.drills.leadership import leadership
from tests.drills.permissions_seen import SEEN

pytestmark = pytest.mark.drill
PATIENCE_SECONDS = 60
ASKED_AT_MOST = 3


@pytest.fixture(autouse=True)
def signals_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    # The command's own handlers belong to a process of its own; a thread could not set them.
    monkeypatch.setattr(cli, "_end_on_signals", lambda: None)


def eventually(what: str, true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"{what} did not come within {PATIENCE_SECONDS} s"
        time.sleep(0.02)


def typed(lab: Laboratory, *command: str) -> int:
    return cli.main([*command, "--target", "lab", "--cloud-port", str(urlsplit(lab.cloud.endpoint).port)])


def switchover(lab: Laboratory, to: str) -> int:
    return typed(lab, "switchover", "--to", to, "--reason", "a test")


def switched_over(lab: Laboratory) -> bool:
    """Asked for again where a busy machine let the leader look unwell meanwhile, as below."""
    for _ in range(ASKED_AT_MOST):
        eventually("a quiet lab", lambda: disturbance(lab) is None)
        if switchover(lab, SECONDARY_REGION) == 0:
            return True
        assert leadership(lab) == (PRIMARY_REGION, "open")
    return False


def fenced_by_a_switchover(lab: Laboratory, ended: list[int]) -> threading.Thread:
    """A switchover that has fenced the leader. Asked for again where a busy machine let the leader look unwell meanwhile:
    such a run stands down before the fence, as it should.
    """
    for _ in range(ASKED_AT_MOST):
        eventually("a quiet lab", lambda: disturbance(lab) is None)
        asking = threading.Thread(target=lambda: ended.append(switchover(lab, SECONDARY_REGION)))
        asking.start()
        eventually("the fence", lambda: leadership(lab) == (PRIMARY_REGION, "fenced") or bool(ended))
        if not ended:
            return asking
        ended.clear()
    raise AssertionError(f"none of {ASKED_AT_MOST} switchovers fenced the leader")


def test_a_task_that_died_without_a_word_is_outlasted_and_who_stays_there_is_failed_over_from_by_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One lab for both, since the second begins where the first ends: with the leadership in the other Region."""
    # The probe looks on, and leaves the run to the alarm.
    timers = replace(Timers(), probe_after_seconds=PATIENCE_SECONDS)
    with Laboratory(LabSettings(cloud_port=free_port(), timers=timers), lambda _: None) as lab:
        lab.servers[PRIMARY_REGION].rows(
            "insert into lease_holder (task, region, epoch, lsn, at)"
            " values ('died', $1, 1, pg_current_wal_insert_lsn(), clock_timestamp())",
            (PRIMARY_REGION,),
        )
        assert switched_over(lab)
        states = lab.client("stepfunctions", SECONDARY_REGION)
        # Not alone there: a busy machine can have a lab's alarm start a run that stands down, before all is quiet.
        runs = states.list_executions(stateMachineArn=lab.state_machine_arn)["executions"]
        run = max((one for one in runs if one["name"].startswith("switchover-")), key=lambda one: one["startDate"])
        output = states.describe_execution(executionArn=run["executionArn"])["output"]
        assert "No lease of the old leader can hold" in output
        before = lab.leader_record()
        capsys.readouterr()
        assert switchover(lab, SECONDARY_REGION) == 1
        told = " ".join(capsys.readouterr().out.split())
        assert "REFUSED: us-west-2 already leads, in epoch 3, so nothing was changed." in told
        assert lab.leader_record() == before
        stay(lab)
        fail_back(lab)
        SEEN.append(lab.cloud.permissions())


def stay(lab: Laboratory) -> None:
    """What a person does who stays: no more than the runbook says, and the hold is over some day."""
    assert typed(lab, "acknowledge") == 0
    lab.register.change(lambda record: replace(record, hold_until=datetime.now(UTC)))
    assert typed(lab, "rebuild-standby", "--region", PRIMARY_REGION, "--reason", "to stay") == 0
    eventually("a quiet lab", lambda: disturbance(lab) is None)


def fail_back(lab: Laboratory) -> None:
    """The leader's service is gone; its alarm alone may start the run, in the Region that led before."""
    lab.tasks[SECONDARY_REGION].kill_all()
    eventually("the old primary as leader", lambda: leadership(lab) == (PRIMARY_REGION, "open"))
    eventually("the old primary's service", lambda: lab.public_health() == (True, PRIMARY_REGION))
    states = lab.client("stepfunctions", PRIMARY_REGION)
    arn = lab.state_machine_arn.replace(SECONDARY_REGION, PRIMARY_REGION)

    def run() -> dict[str, Any] | None:
        done = states.list_executions(stateMachineArn=arn, statusFilter="SUCCEEDED")["executions"]
        return states.describe_execution(executionArn=done[0]["executionArn"]) if done else None

    eventually("the end of its run", lambda: run() is not None)
    trigger = json.loads((run() or {})["input"])["trigger"]
    assert (trigger["kind"], trigger["alarm_arn"].rpartition(":")[2]) == (
        "alarm",
        HEALTH_CHECK_ALARMS[SECONDARY_REGION],
    )


@pytest.mark.scenario("F16")
def test_a_leader_has_its_writes_back_where_the_replica_stops_replaying_and_its_loss_waits_for_a_person(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One lab for both, since the first ends where the second begins: the old leader leads as before."""
    settings = LabSettings(
        cloud_port=free_port(),
        replication_delay=timedelta(seconds=1.5),
        rpo_target_seconds=0.5,
        timers=replace(Timers(), approval_seconds=90),
    )
    with Laboratory(settings, lambda _: None) as lab:
        give_the_writes_back(lab, capsys)
        lab.servers[SECONDARY_REGION].rows("select pg_wal_replay_resume()")
        eventually("a quiet lab", lambda: disturbance(lab) is None)
        wait_for_a_person_whose_yes_promotes(lab, capsys)
        SEEN.append(lab.cloud.permissions())


def give_the_writes_back(lab: Laboratory, capsys: pytest.CaptureFixture[str]) -> None:
    """The longest way back there is: everything was ready, and then the replica cannot show what it holds."""
    ended: list[int] = []
    asking = fenced_by_a_switchover(lab, ended)
    lab.servers[SECONDARY_REGION].rows("select pg_wal_replay_pause()")
    asking.join(PATIENCE_SECONDS)
    assert ended == [1]
    record = lab.leader_record()
    assert (record.leader, record.state) == (PRIMARY_REGION, "open")
    eventually("the old leader's service", lambda: lab.public_health()[0])
    told = " ".join(capsys.readouterr().out.split())
    assert "ap-southeast-2 leads as before" in told
    assert "promotes only what is shown to hold everything" in told
    assert "PromoteReplica" not in told
