"""Does each fault end in a failover that kept its promises, on real processes, with nothing left behind?"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from rich.console import Console

from lab.drills.drill import conduct
from lab.drills.faults import FAULTS
from lab.drills.live_view import LiveView
from lab.drills.occasion import FAULT, Occasion
from lab.host.reaper import MARKER
from lab.laboratory import Laboratory
from lab.reports import result
from lab.settings import (
    FAULT_NAMES,
    PRIMARY_REGION,
    SECONDARY_REGION,
    DrillSettings,
    FaultName,
    LabSettings,
    Timers,
)
from tests.drills.permissions_seen import SEEN
from tests.drills.secrets_told import LAST, leaks

pytestmark = pytest.mark.drill
ENDS_WITHIN_SECONDS = 60
# The first is the way out of a round trip, and what `make drill` and a game day inject; the other is a game day, which is
# a drill with probes: a lab costs seconds, and none is brought up to see the same again.
DRILLED_ELSEWHERE = {"region-dark": "test_roundtrip_drill.py", "link-cut": "split_brain.yaml"}


def drill(
    fault: FaultName,
    delay_ms: float = 100,
    give_up_seconds: float = 120,
    occasion: Occasion | None = None,
    **lab: object,
) -> dict[str, object]:
    settings = DrillSettings(
        LabSettings(replication_delay=timedelta(milliseconds=delay_ms), **lab),  # type: ignore[arg-type]
        fault=fault,
        write_rate=100,
        warm_up=timedelta(seconds=1),
        settle=timedelta(seconds=1),
        give_up_after=timedelta(seconds=give_up_seconds),
    )
    said = io.StringIO()
    record = conduct(settings, LiveView(Console(file=said, width=200)), occasion)
    found = result.build(record)
    assert leaks(LAST, {"the report": json.dumps(found, default=str), "what was said": said.getvalue()}) == []
    found["said"] = said.getvalue()
    SEEN.append(record.permissions)
    # Found again from the raw history, by other code than the product's.
    acknowledged = {(one.writer, one.number) for one in record.attempts if one.outcome == "ok"}
    assert record.survivor_rows is not None
    assert found["loss"]["rows"] == len(acknowledged - record.survivor_rows)
    return found


@pytest.mark.scenario("F11", "F26", "F35")
@pytest.mark.parametrize("fault", [name for name in FAULT_NAMES if name not in DRILLED_ELSEWHERE])
def test_a_fault_ends_in_a_failover_that_kept_its_promises(fault: FaultName) -> None:
    found = drill(fault)
    assert found["passed"], (found["verdict"], found["invariants"], found["runs"], found["said"])
    assert {run["status"] for run in found["runs"]} == {"SUCCEEDED"}  # type: ignore[attr-defined]
    assert found["leader_record"]["after"]["leader"] == "us-west-2"  # type: ignore[index]
    assert found["loss"]["acknowledged_late_by_old_leader"] == []  # type: ignore[index]
    assert found["acknowledged_per_bucket"]["us-west-2"]  # type: ignore[index]


def test_every_fault_is_drilled_by_a_test_or_a_game_day() -> None:
    assert DRILLED_ELSEWHERE.keys() <= set(FAULT_NAMES)
    assert DrillSettings(LabSettings()).fault == "region-dark", "what a round trip begins with"
    game_day = (Path(__file__).parents[2] / "runbooks" / "gamedays" / DRILLED_ELSEWHERE["link-cut"]).read_text()
    assert "link-cut" in game_day


@pytest.mark.scenario("F16")
def test_an_aborted_run_is_undone_and_a_bound_over_the_target_refused() -> None:
    """No promotion, the reason on record, nothing lost: the loss gate fails closed, and nobody has to know of the abort.

    The probe in the Region where the run was takes its fence away, within a minute of AWS's. The leader stays down, so it
    begins another run, which goes as far as the gate.
    """
    aborted: list[str] = []

    def strike_and_abort(lab: Laboratory) -> None:
        struck.append(time.monotonic())
        fault.inject(lab)
        aborted.append(abort_when_fenced(lab))
        undone_and_told(lab, aborted[0])

    fault, struck = FAULTS["service-down"], list[float]()
    occasion = Occasion(fault.name, fault.description, FAULT, strike_and_abort, struck_at=lambda: struck[0])
    # A lease that long leaves the time to abort the run while it waits for its end.
    timers = replace(Timers(), lease_seconds=6.0, step_budget_seconds=3.0)
    found = drill("service-down", give_up_seconds=30, occasion=occasion, rpo_target_seconds=0.5, timers=timers)
    assert not found["passed"]
    names = [run["name"] for run in found["runs"]]  # type: ignore[attr-defined]
    # A busy machine may have looked like a failure before, and yet another run may just have begun.
    abandoned, *later = found["runs"][names.index(aborted[0]) :]  # type: ignore[index]
    assert abandoned["status"] == "ABORTED"
    refused = [run for run in later if run["status"] == "SUCCEEDED" and "FencePrimary" in told_states(run)]
    assert refused, later
    assert "ap-southeast-2 leads as before" in refused[0]["summary"]
    assert not [run for run in later if "PromoteReplica" in told_states(run)]
    assert found["leader_record"]["after"]["leader"] == PRIMARY_REGION  # type: ignore[index]
    assert found["loss"]["rows"] is not None  # type: ignore[index]


def told_states(run: dict[str, Any]) -> list[str]:
    return [str(state["state"]) for state in run["states"]]


def abort_when_fenced(lab: Laboratory) -> str:
    """The run's name. On a busy machine one may be through before it is aborted; then it is the next one's turn."""
    steps, found = lab.client("stepfunctions", SECONDARY_REGION), list[str]()

    def aborted() -> bool:
        record = lab.leader_record()
        if (record.leader, record.state) != (PRIMARY_REGION, "fenced"):
            return False
        execution = f"{lab.state_machine_arn.replace(':stateMachine:', ':execution:')}:{record.run}"
        steps.stop_execution(executionArn=execution)
        found.append(str(record.run))
        return lab.leader_record() == record

    awaited("a run that holds the fence and is aborted", aborted)
    return found[-1]


def undone_and_told(lab: Laboratory, run: str) -> None:
    def told() -> list[str]:
        return [str(message.get("Message")) for message in lab.webhook.received()]

    awaited("the message", lambda: any("was reopened in epoch" in text for text in told()))
    bucket, objects = lab.plan["record_copies"][SECONDARY_REGION], lab.client("s3", SECONDARY_REGION)
    kept = json.loads(objects.get_object(Bucket=bucket, Key=f"runs/{run}/reconciled.json")["Body"].read())
    assert f"{run} ended as ABORTED before its one-way step" in kept["told"]


def awaited(what: str, found: Callable[[], object]) -> None:
    deadline = time.monotonic() + ENDS_WITHIN_SECONDS
    while not found():
        assert time.monotonic() < deadline, f"{what} did not come within {ENDS_WITHIN_SECONDS} s"
        time.sleep(0.05)


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder of its own that every account may enter: the servers do not run as root."""
    with tempfile.TemporaryDirectory(prefix="drlab-test-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


def processes_of_labs_in(folder: Path) -> list[int]:
    """Everything that a lab below `folder` started, by the lab's marker in its environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARKER, "").startswith(str(folder)):
                found.append(process.pid)
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_drill_that_is_ended_leaves_nothing(how: signal.Signals, temporary: Path) -> None:
    """Ctrl-C, an ordinary kill, and a crash, which gives nobody the time to clean up."""
    drilling = subprocess.Popen(
        [sys.executable, "-m", "lab.cli", "drill", "--reports", str(temporary / "reports")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    assert drilling.stdout is not None
    for line in drilling.stdout:
        if "deploying" in line:
            break
    assert processes_of_labs_in(temporary)
    drilling.send_signal(how)
    rest, _ = drilling.communicate(timeout=ENDS_WITHIN_SECONDS)
    if how is not signal.SIGKILL:
        assert drilling.returncode == 130, rest
        assert "everything that was started has been ended" in rest
    deadline = time.monotonic() + ENDS_WITHIN_SECONDS
    while processes_of_labs_in(temporary) or list(temporary.glob("drlab-*")):
        assert time.monotonic() < deadline, processes_of_labs_in(temporary)
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--rate", "0"], "--rate 0 is out of range"),
        (["--replication-delay", "-5"], "--replication-delay -5 is out of range"),
        (["--time-scale", "1000"], "--time-scale 1000 is out of range"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_in_a_sentence(arguments: list[str], sentence: str) -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "lab.cli", "drill", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert refused.returncode == 2
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stdout + refused.stderr
