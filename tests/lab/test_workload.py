"""Does the history tell the truth about every write that was tried?"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lab.clients.attempt import Answer, verdict
from lab.host.processes import Processes, Started
from lab.region.network import Network
from lab.region.ports import free_port

STAND_IN = Path(__file__).with_name("stand_in_service.py")
FAST = timedelta(seconds=10)


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    with Processes() as processes:
        yield processes


@pytest.fixture(scope="module")
def network(processes: Processes) -> Iterator[Network]:
    with Network(processes) as network:
        yield network


def service(processes: Processes, region: str, writes: str = "acknowledge") -> int:
    """A stand-in that gives one answer to every write; the port where it listens."""

    def listens(_started: Started) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    port = free_port()
    argv = [sys.executable, STAND_IN, "--port", str(port), "--writes", writes]
    processes.start(argv, name=f"stand-in {region}", env={"AWS_REGION": region}, ready=listens)
    return port


def workload(processes: Processes, port: int, history: Path, **options: object) -> Started:
    chosen: dict[str, object] = {"rate": 200, "timeout_seconds": 5, "max_seconds": 20, **options}
    argv = [sys.executable, "-m", "lab.clients.workload", "--url", f"http://127.0.0.1:{port}", "--history", history]
    for name, value in chosen.items():
        argv += [f"--{name.replace('_', '-')}", str(value)]
    log = processes.state_directory / "workload.log"
    return processes.start([*argv, "--until-stdin-closes"], name="workload", piped=True, log=log)


def progress_until(started: Started, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    deadline = time.monotonic() + FAST.total_seconds()
    while time.monotonic() < deadline:
        line: dict[str, Any] = json.loads(started.read_line(FAST))
        if condition(line):
            return line
    raise AssertionError(f"no such progress: {line}")


def stop(started: Started) -> dict[str, Any]:
    """Close its input; the last line of its output."""
    assert started.child.stdin is not None
    started.child.stdin.close()
    return progress_until(started, lambda line: bool(line["final"]))


def read(history: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in history.read_text().splitlines()]


def run_against(processes: Processes, history: Path, writes: str, key: str, **options: object) -> list[dict[str, Any]]:
    """The history of a workload that ran until a few writes ended as `key` against a service that answers so."""
    started = workload(processes, service(processes, "us-west-2", writes), history, **options)
    progress_until(started, lambda line: line[key] >= 5)
    stop(started)
    return read(history)


def test_every_write_is_recorded_once_under_its_own_number(processes: Processes, tmp_path: Path) -> None:
    history = tmp_path / "history.jsonl"
    started = workload(processes, service(processes, "us-west-2"), history, writers=3)
    progress_until(started, lambda line: line["acked"] > 150)
    last = stop(started)
    lines = read(history)
    assert last["acked"] == len(lines)
    assert last["last_ok_region"] == "us-west-2"
    for writer in ("w1", "w2", "w3"):
        numbers = sorted(line["number"] for line in lines if line["writer"] == writer)
        assert numbers == list(range(1, len(numbers) + 1))
    assert {(line["outcome"], line["region"], line["epoch"], line["status"]) for line in lines} == {
        ("ok", "us-west-2", 3, 201)
    }
    assert all(line["started"] < line["ended"] < time.monotonic() for line in lines)


def test_the_rate_is_kept(processes: Processes, tmp_path: Path) -> None:
    history = tmp_path / "history.jsonl"
    started = workload(processes, service(processes, "us-west-2"), history, rate=50, max_seconds=2)
    progress_until(started, lambda line: bool(line["final"]))
    assert 50 < len(read(history)) < 125


@pytest.mark.parametrize("problem", ["not-leader", "database-unavailable"])
def test_a_definite_refusal_is_a_fail(processes: Processes, tmp_path: Path, problem: str) -> None:
    lines = run_against(processes, tmp_path / "history.jsonl", problem, "failed")
    assert {(line["outcome"], line["problem"]) for line in lines} == {("fail", f"/problems/{problem}")}


@pytest.mark.parametrize(
    ("writes", "problem"),
    [("outcome-unknown", "/problems/outcome-unknown"), ("break", "the connection was closed")],
)
def test_what_may_have_been_written_is_unknown(processes: Processes, tmp_path: Path, writes: str, problem: str) -> None:
    lines = run_against(processes, tmp_path / "history.jsonl", writes, "unknown")
    assert {(line["outcome"], line["problem"]) for line in lines} == {("unknown", problem)}


def test_a_write_without_an_answer_is_unknown_and_bounded(processes: Processes, tmp_path: Path) -> None:
    lines = run_against(processes, tmp_path / "history.jsonl", "hang", "unknown", timeout_seconds=1, writers=4)
    assert {(line["outcome"], line["problem"]) for line in lines} == {("unknown", "no answer in time")}
    assert max(line["ended"] - line["started"] for line in lines) < 8, "the service keeps them for a minute"


def test_a_refused_connection_is_a_fail(processes: Processes, tmp_path: Path) -> None:
    history = tmp_path / "history.jsonl"
    started = workload(processes, free_port(), history)
    progress_until(started, lambda line: line["failed"] > 5)
    stop(started)
    assert {line["outcome"] for line in read(history)} == {"fail"}


def test_a_load_balancer_without_targets_is_a_fail(processes: Processes, network: Network, tmp_path: Path) -> None:
    history = tmp_path / "history.jsonl"
    _, port = network.add_balancer("no targets")
    started = workload(processes, port, history)
    progress_until(started, lambda line: line["failed"] > 5)
    stop(started)
    assert {(line["outcome"], line["problem"]) for line in read(history)} == {("fail", "HTTP 503")}


def test_writers_move_when_the_region_refuses_and_dns_has_moved(
    processes: Processes, network: Network, tmp_path: Path
) -> None:
    """Keep-alive connections would stay in the old Region for ever."""
    old, new = service(processes, "ap-southeast-2", "not-leader"), service(processes, "us-west-2")
    dns = tmp_path / "dns"
    dns.mkdir()
    answer = {"answer": "127.0.0.1", "port": old, "ttl_seconds": 0.1}
    (dns / "name").write_text(json.dumps(answer))
    port = free_port()
    processes.start([sys.executable, "-m", "http.server", str(port), "-d", dns, "-b", "127.0.0.1"], name="dns")
    _, public = network.add_edge("public name", f"http://127.0.0.1:{port}/name")
    started = workload(processes, public, tmp_path / "history.jsonl", rate=50)
    progress_until(started, lambda line: line["failed"] > 5)
    (dns / "other").write_text(json.dumps({**answer, "port": new}))
    (dns / "other").rename(dns / "name")
    moved = progress_until(started, lambda line: line["acked"] > 5)
    assert moved["last_ok_region"] == "us-west-2"
    stop(started)


def test_a_killed_workload_leaves_every_line_that_it_recorded(processes: Processes, tmp_path: Path) -> None:
    history = tmp_path / "history.jsonl"
    started = workload(processes, service(processes, "us-west-2"), history)
    told = progress_until(started, lambda line: line["acked"] > 50)
    started.child.send_signal(signal.SIGKILL)
    assert started.child.wait(5) == -signal.SIGKILL
    assert Counter(line["outcome"] for line in read(history))["ok"] >= told["acked"]


def test_another_history_is_never_added_to(processes: Processes, tmp_path: Path) -> None:
    """Its numbers would be taken for this one's."""
    history = tmp_path / "history.jsonl"
    history.write_text("{}\n")
    argv = [sys.executable, "-m", "lab.clients.workload", "--url", "http://127.0.0.1:1", "--history", history]
    answer = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)
    assert answer.returncode == 1
    assert "File exists" in answer.stderr
    assert history.read_text() == "{}\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--url", "ftp://x"], "not of the form http://host:port"),
        (["--url", "http://127.0.0.1:1", "--rate", "9000"], "out of range: 1 to 2000"),
        (["--url", "http://127.0.0.1:1", "--writers", "0"], "out of range: 1 to 64"),
    ],
)
def test_bad_arguments_are_refused(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    argv = [sys.executable, "-m", "lab.clients.workload", "--history", tmp_path / "h", *arguments]
    answer = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)
    assert answer.returncode == 2
    assert sentence in answer.stderr


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(201, {"x-region": "r"}, b'{"writer": "w1", "number": 1, "region": "r", "epoch": 2}'), "ok"),
        (Answer(201, {}, b"<html>"), "unknown"),
        (Answer(200, {}, b'{"number": 1, "epoch": 2}'), "unknown"),
        (Answer(502, {"server": "awselb/2.0"}, b""), "unknown"),
        (Answer(503, {"server": "awselb/2.0"}, b""), "fail"),
        (Answer(503, {"server": "another proxy"}, b""), "unknown"),
        (Answer(500, {}, b'{"type": "/problems/not-leader"}'), "unknown"),
        (Answer(503, {}, b'{"type": "/problems/not-leader"}'), "fail"),
        (Answer(409, {}, b"{}"), "unknown"),
    ],
)
def test_only_a_definite_answer_is_ok_or_fail(answer: Answer, outcome: str) -> None:
    assert verdict(answer).outcome == outcome
