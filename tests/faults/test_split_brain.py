"""Does an old primary that comes back change anything? Real servers, real tasks, and every row counted on both sides."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from control_plane_world import MemoryHeartbeats, MemoryObjects, run_with
from served_task import ELSEWHERE, HERE, MemoryCloud, Served, eventually, login_of, plan_text
from two_regions import SESSIONS, Instance, Pair, pair, rows_of, secrets_of

from failover.adapters.clock import SystemClock
from failover.adapters.service_probe import HttpProbe
from failover.application.bound_data_loss import BoundDataLoss
from failover.application.fence_primary import FencePrimary
from failover.application.open_secondary import OpenSecondary
from failover.application.promote_replica import PromoteReplica
from failover.application.verify_writes import VerifyWrites
from failover.domain.plan import Plan
from lab.host.processes import Processes
from lab.region.postgresql import PostgreSQL

DISK = "96m"
BALLAST = "ballast"
LINK_DELAY = timedelta(milliseconds=100)
WRITERS = 4
Row = tuple[str, int]


@dataclass
class Clients:
    """Each writes its own numbered rows at one address, as one that keeps an old name does, and remembers what it was told."""

    address: httpx.URL
    acknowledged: dict[Row, float] = field(default_factory=dict)
    unknown: set[Row] = field(default_factory=set)
    _end: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        self._threads = [threading.Thread(target=self._write, args=(f"w{one}",)) for one in range(WRITERS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(20)

    def _write(self, writer: str) -> None:
        with httpx.Client(base_url=self.address, timeout=30, trust_env=False) as http:
            number = 0
            while not self._end.is_set():
                number += 1
                answer = http.post("/writes", json={"writer": writer, "number": number, "body": "tea"})
                if answer.status_code == 201:
                    self.acknowledged[writer, number] = time.monotonic()
                elif answer.json()["type"] == "/problems/outcome-unknown":
                    self.unknown.add((writer, number))
                else:
                    self._end.wait(0.05)


@dataclass
class Divided:
    """Both Regions, and a client of the one that leads. `opened_at`: when the other one was opened."""

    servers: Pair
    cloud: MemoryCloud
    old: Served
    new: Served
    clients: Clients
    opened_at: float = 0.0

    def fail_over(self) -> dict[str, Any]:
        """The changes of a failover, in their order, by the use cases themselves. The bound that the gate saw."""
        plan, clock, instance = self._plan(), SystemClock(), Instance(self.servers.standby)
        secrets = secrets_of(self.servers.standby)
        register = self.cloud.register("failover")
        at = (plan, ELSEWHERE)
        state: dict[str, Any] = {"health": {"allowed": True, "leader": HERE, "epoch": 1}}
        state["fence"] = FencePrimary(*at, register, clock)(run_with(**state))
        clock.sleep(timedelta(seconds=state["fence"]["wait_seconds"]))
        heartbeats = MemoryHeartbeats(self.cloud.publications.newest)
        loss = BoundDataLoss(*at, instance, secrets, SESSIONS, heartbeats, MemoryObjects(), clock)(run_with(**state))
        state["prepared"] = {"loss": loss}
        PromoteReplica(*at, register, instance, secrets, SESSIONS, clock)(run_with(**state))
        probe = HttpProbe(timedelta(seconds=5))
        state["verified"] = VerifyWrites(*at, probe, clock)(run_with(**state))
        OpenSecondary(*at, register, clock)(run_with(**state))
        self.opened_at = time.monotonic()
        return loss

    def _plan(self) -> Plan:
        described = json.loads(plan_text())
        for region, served in ((HERE, self.old), (ELSEWHERE, self.new)):
            described["regions"][region]["service_url"] = str(served.http.base_url).rstrip("/")
        return Plan.parse(json.dumps(described))

    def only_old(self) -> set[Row]:
        """The rows that the old primary has and the new one lacks."""
        return rows_of(self.servers.primary) - rows_of(self.servers.standby)


@contextmanager
def divided() -> Iterator[Divided]:
    """The leader has acknowledged some hundred writes, of which the newest are still on the link."""
    with pair() as servers:
        here = MemoryCloud(login_of(servers.primary))
        there = MemoryCloud(login_of(servers.standby))
        there.copies, there.publications = here.copies, here.publications
        old, new = Served(here), Served(there, ELSEWHERE)
        clients = Clients(old.http.base_url)
        try:
            eventually(old.is_healthy)
            servers.network.set_delay("replication", LINK_DELAY)
            clients.start()
            eventually(lambda: len(clients.acknowledged) > 100)
            yield Divided(servers, here, old, new, clients)
        finally:
            servers.primary.thaw()
            clients.stop()
            old.stop()
            new.stop()


@contextmanager
def full_disk() -> Iterator[Path]:
    """A file system of its own, which can be filled. Mounting one takes root."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0755", "tmpfs", folder]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
            pytest.skip("a small file system can be mounted by root alone")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk: Path) -> None:
    """All but a few hundred kB, which the server still has to itself: it may take some while the rest is counted."""
    with (disk / BALLAST).open("wb") as ballast, suppress(OSError):
        while (free := os.statvfs(disk)).f_bavail * free.f_frsize > 500_000:
            ballast.write(bytes(100_000))
            ballast.flush()


def told(answer: httpx.Response) -> str:
    return str(answer.json()["type"])


@pytest.mark.scenario("F26", "F27")
def test_a_primary_that_comes_back_with_commits_of_its_own_stays_fenced_and_each_of_them_is_listed() -> None:
    """It finds the leader record, which names another Region: a person chooses what becomes of its rows."""
    with divided() as both:
        both.servers.network.cut("replication")
        both.servers.primary.kill()
        loss = both.fail_over()
        eventually(both.new.is_healthy)
        assert both.new.write(1, writer="after").status_code == 201
        both.servers.primary.start()
        eventually(both.old.says("us-west-2 is the leader in epoch 3"))
        refused = [both.old.write(number, writer="stale") for number in range(20)]
        both.clients.stop()
        assert {told(answer) for answer in refused} == {"/problems/not-leader"}
        lost = set(both.clients.acknowledged) - rows_of(both.servers.standby)
        assert lost, "a link of 100 ms costs rows when both its ends part"
        divergent = both.only_old()
        assert lost <= divergent
        assert divergent - lost <= both.clients.unknown, "what else is there was never promised to anybody"
        times = [both.clients.acknowledged[row] for row in lost]
        assert loss["known"] is True
        assert max(times) - min(times) <= loss["bound_seconds"], "the gate saw no smaller loss than there is"
        assert max(both.clients.acknowledged.values()) < both.opened_at
        assert ("after", 1) not in rows_of(both.servers.primary)


@pytest.mark.scenario("F26", "F36")
def test_a_frozen_primary_that_thaws_commits_what_was_in_flight_and_acknowledges_none_of_it() -> None:
    """Clients that keep the old address are refused there, and served at the new one."""
    with divided() as both:
        both.servers.primary.freeze()
        both.servers.network.cut("replication")
        eventually(lambda: len(both.clients.unknown) > 0)
        both.fail_over()
        eventually(both.new.is_healthy)
        served_again = both.new.write(1, writer="moved")
        assert served_again.status_code == 201, "the outage ends with a user's write"
        both.servers.primary.thaw()
        eventually(lambda: bool(both.only_old() & both.clients.unknown))
        both.clients.stop()
        lost = set(both.clients.acknowledged) - rows_of(both.servers.standby)
        assert both.only_old() - lost <= both.clients.unknown
        assert max(both.clients.acknowledged.values()) < both.opened_at
        stale = [both.old.write(number, writer="stale") for number in range(20)]
        assert {told(answer) for answer in stale} == {"/problems/not-leader"}
        assert both.new.write(2, writer="moved").status_code == 201


def test_a_full_disk_acknowledges_nothing_that_is_not_there_and_is_written_again_when_there_is_room() -> None:
    """The replica is as large and as full, so no failover would help: people are told by the alarm on free storage."""
    with full_disk() as disk, Processes() as processes:
        server = PostgreSQL(HERE, processes, data_dir=disk / "database")
        server.init_primary()
        served = Served(MemoryCloud(login_of(server)))
        try:
            eventually(served.is_healthy)
            fill(disk)
            # Nothing that compresses.
            bodies = {number: os.urandom(3000).hex() for number in range(1, 200)}
            answers = {number: served.write(number, bodies[number]) for number in bodies}
            refused = {number for number, answer in answers.items() if answer.status_code == 503}
            assert refused, "the disk is full"
            (disk / BALLAST).unlink()
            server.start()
            eventually(served.is_healthy)
            kept = {number for _, number in rows_of(server)}
            assert kept >= set(answers) - refused
            assert {told(answers[number]) for number in refused - kept} <= {
                "/problems/database-unavailable",
                "/problems/outcome-unknown",
                "/problems/not-leader",
            }
            assert [served.write(number, bodies[number]).status_code for number in sorted(refused)] == [201] * len(
                refused
            )
        finally:
            served.stop()
