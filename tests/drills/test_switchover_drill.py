"""Does a switchover move the leadership without losing a write, on real processes, and undo itself where it cannot?"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from lab import cli
from lab.laboratory import Laboratory
from lab.region.ports import free_port
from lab.settings import PRIMARY_REGION, SECONDARY_REGION, LabSettings
from tests.drills.leadership import leadership
from tests.drills.permissions_seen import SEEN

pytestmark = pytest.mark.drill
PATIENCE_SECONDS = 60


@pytest.fixture(autouse=True)
def signals_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    # The command's own handlers belong to a process of its own; a thread could not set them.
    monkeypatch.setattr(cli, "_end_on_signals", lambda: None)


def eventually(what: str, true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"{what} did not come within {PATIENCE_SECONDS} s"
        time.sleep(0.02)


def switchover(lab: Laboratory, to: str) -> int:
    at = ["--target", "lab", "--cloud-port", str(urlsplit(lab.cloud.endpoint).port)]
    return cli.main(["switchover", "--to", to, "--reason", "a test", *at])


def test_a_task_that_died_without_a_word_is_outlasted_and_the_new_leader_is_not_switched_to_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Laboratory(LabSettings(cloud_port=free_port()), lambda _: None) as lab:
        lab.servers[PRIMARY_REGION].rows(
            "insert into lease_holder (task, region, epoch, lsn, at)"
            " values ('died', $1, 1, pg_current_wal_insert_lsn(), clock_timestamp())",
            (PRIMARY_REGION,),
        )
        assert switchover(lab, SECONDARY_REGION) == 0
        states = lab.client("stepfunctions", SECONDARY_REGION)
        (run,) = states.list_executions(stateMachineArn=lab.state_machine_arn)["executions"]
        output = states.describe_execution(executionArn=run["executionArn"])["output"]
        assert "No lease of the old leader can hold" in output
        before = lab.leader_record()
        capsys.readouterr()
        assert switchover(lab, SECONDARY_REGION) == 1
        told = " ".join(capsys.readouterr().out.split())
        assert "REFUSED: us-west-2 already leads, in epoch 3, so nothing was changed." in told
        assert lab.leader_record() == before
        SEEN.append(lab.cloud.permissions())


def test_a_replica_that_stops_replaying_after_the_fence_gives_the_old_leader_its_writes_back(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The longest way back there is: everything was ready, and then the replica cannot show what it holds."""
    settings = LabSettings(cloud_port=free_port(), replication_delay=timedelta(seconds=1.5))
    with Laboratory(settings, lambda _: None) as lab:
        ended: list[int] = []
        asking = threading.Thread(target=lambda: ended.append(switchover(lab, SECONDARY_REGION)))
        asking.start()
        eventually("the fence", lambda: leadership(lab) == (PRIMARY_REGION, "fenced"))
        lab.servers[SECONDARY_REGION].rows("select pg_wal_replay_pause()")
        asking.join(PATIENCE_SECONDS)
        assert ended == [1]
        record = lab.leader_record()
        assert (record.leader, record.state) == (PRIMARY_REGION, "open")
        eventually("the old leader's service", lambda: lab.public_health()[0])
        SEEN.append(lab.cloud.permissions())
        told = " ".join(capsys.readouterr().out.split())
    assert "ap-southeast-2 leads as before" in told
    assert "promotes only what is shown to hold everything" in told
    assert "PromoteReplica" not in told
