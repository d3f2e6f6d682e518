"""How does a lab come up and go away? Two Regions and a witness, from nothing to a healthy public name.

What does not wait for each other starts at the same time: the emulated AWS needs seconds to import, in which the
database servers are made.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any

import boto3
import urllib3
from botocore.config import Config

from failover.adapters.s3_leader_record import leader_register
from failover.domain.leader_record import LeaderRecord, genesis
from lab import data_plane
from lab.backups import Backups
from lab.cloud import service_models
from lab.cloud.control_client import CloudControl
from lab.control_loop import ControlLoop
from lab.data_plane import PLAN_PARAMETER, Address, database_instance
from lab.database_servers import DatabaseServers
from lab.drills.notifications import WebhookReceiver
from lab.host.processes import Processes
from lab.quiet import disturbance
from lab.region.network import Network
from lab.region.postgresql import PostgreSQL
from lab.region.replication_links import ReplicationLinks
from lab.region.tasks import RegionTasks, TaskImage
from lab.settings import DOMAIN_NAME, PRIMARY_REGION, RDS, SECONDARY_REGION, WITNESS_REGION, LabSettings

BOTH = (PRIMARY_REGION, SECONDARY_REGION)
# How many tasks the templates ask for. Only these are prepared: what a run starts, starts from nothing.
FIRST_TASKS = {PRIMARY_REGION: 2, SECONDARY_REGION: 1}
READY_SECONDS = 30.0
# Three failed checks, an alarm's minute, and a run that looks twice and stands down; at the lab's pace a few seconds.
QUIET_WITHIN_ON_AWS = timedelta(minutes=10)
LOOK_AGAIN_SECONDS = 0.05
EDGE = "public"


class LabError(RuntimeError):
    """The lab could not come up; the text says which part and why."""


class Laboratory:
    """A running lab. Enter it to start everything; leaving it ends everything that was started."""

    def __init__(self, settings: LabSettings, say: Callable[[str], None]) -> None:
        self.settings = settings
        self._say = say
        self._stack = ExitStack()
        self.webhook = WebhookReceiver()
        self.tasks: dict[str, RegionTasks] = {}
        self._clients: dict[tuple[str, str], Any] = {}

    def __enter__(self) -> Laboratory:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def client(self, service: str, region: str) -> Any:
        """A boto3 client for the emulated AWS, as an operator outside the Regions has it. Made once: the lab asks often."""
        if (service, region) not in self._clients:
            self._clients[service, region] = self._made_client(service, region)
        return self._clients[service, region]

    def _made_client(self, service: str, region: str) -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.cloud.endpoint,
            aws_access_key_id="OPERATOR",
            aws_secret_access_key="lab",  # noqa: S106 - the emulated AWS checks no signature
            config=Config(
                connect_timeout=2,
                read_timeout=15,
                retries={"max_attempts": 2},
                s3={"addressing_style": "path"},
            ),
        )

    @property
    def public_url(self) -> str:
        return self.edge.url

    def leader_record(self) -> LeaderRecord:
        """The leader record by majority; raises NoMajority."""
        return self.register.read()

    def cut_region_links(self, region: str) -> None:
        """Nothing gets into or out of a Region any more: clients, replication, every API call across its border."""
        self.network.cut(region)
        self.links.cut(region)
        self._set_borders(region, cut=True)

    def restore_region(self, region: str) -> None:
        """A Region that was lost is back: its links, its API, its database with the data it had, its tasks."""
        self.network.restore(region)
        self.links.restore(region)
        # Before the API is back: Aurora may then replace it at once.
        server = self.servers[region]
        server.thaw()
        server.start()
        self._set_borders(region, cut=False)
        self.cloud.set_dark(region, dark=False)
        self.tasks[region].restore()

    def _set_borders(self, region: str, cut: bool) -> None:
        others = [other for other in (PRIMARY_REGION, SECONDARY_REGION, WITNESS_REGION, "internet") if other != region]
        for other in others:
            self.cloud.set_link(other, region, cut=cut)
            if other != "internet":
                self.cloud.set_link(region, other, cut=cut)

    def _start(self) -> None:
        service_models.share()
        self._stack.enter_context(self.webhook)
        self.processes = self._stack.enter_context(Processes())
        self.mailbox = self.processes.state_directory / "mailbox"
        self.network = self._stack.enter_context(Network(self.processes))
        self.links = ReplicationLinks(self.network, self.settings.replication_delay)
        self.backups = Backups(self.processes.state_directory / "backups", lambda: PRIMARY_REGION in self.links.lost)
        self.servers = DatabaseServers(self.processes, self.links, self.backups)
        balancers = {region: Address(*self.network.add_balancer(region)) for region in BOTH}
        self._say("starting the emulated AWS (three Regions), and PostgreSQL in two of them")
        with ThreadPoolExecutor(2) as pool:
            cloud = pool.submit(self._start_cloud)
            databases = pool.submit(self._start_databases)
            # SAM's translator takes most of a second to import: here nothing waits for it.
            from lab.cloud.cloudformation.deploy_control_plane import deploy

            self.cloud = cloud.result()
            addresses = databases.result()
        self.edge = Address(
            *self.network.add_edge(
                EDGE,
                resolver_url=f"{self.cloud.endpoint}/_lab/dns/{DOMAIN_NAME}",
                listen_port=self.settings.public_port,
            )
        )
        self.tasks = {
            region: RegionTasks(region, self.processes, self.cloud.endpoint, PLAN_PARAMETER) for region in BOTH
        }
        image = TaskImage(self.processes)
        for region, count in FIRST_TASKS.items():
            self.tasks[region].prepare(image, count)
        # Before the instances are there: their endpoints are part of what the templates write down.
        for region, address in addresses.items():
            self.cloud.set_database_endpoint(region, database_instance(region), address.host, address.port)
        self.cloud.make_servers()
        self._say("deploying the data plane: every template that the CDK synthesized, in three Regions")
        mode = self.settings.database_mode
        self.data_plane = data_plane.deploy(self.client, self.cloud.endpoint, mode)
        self.servers[PRIMARY_REGION].set_application_password(self.data_plane.password)
        self.cloud.register_names(
            {
                name: (balancers[region].host, balancers[region].port)
                for region, names in self.data_plane.balancer_names.items()
                for name in names
            }
        )
        self.health_checks = self.data_plane.health_checks
        self.plan = data_plane.adapt_plan(
            self.client, {region: address.url for region, address in balancers.items()}, self.public_url, self.settings
        )
        # Before the control plane, as on AWS: tasks live, but serve nothing, until there is a leader record.
        self._start_tasks()
        self._say("deploying template.yaml to both Regions and witness.yaml to us-east-1")
        deployed = deploy(self.cloud.endpoint, self.health_checks, self.webhook.url, "operator@example.com", mode)
        self.state_machine_arn = deployed[SECONDARY_REGION].outputs["StateMachineArn"]
        self._open_record()
        self._await_public_health()
        data_plane.start_checking(self.client, self.health_checks.values())
        self._start_backups()
        self._await_quiet()

    def _start_backups(self) -> None:
        """The primary's automated backups, replicated to the other Region. The workflow restores instances alone."""
        if self.settings.database_mode != RDS:
            return
        arn = data_plane.AUTOMATED_BACKUPS_ARN
        source, instance = self.servers[PRIMARY_REGION], database_instance(PRIMARY_REGION)
        stop = threading.Event()

        def told(earliest: datetime, latest: datetime) -> None:
            self.cloud.report_backup(SECONDARY_REGION, arn, (PRIMARY_REGION, instance), (earliest, latest))

        keeper = threading.Thread(
            target=self.backups.replicate, args=(source, arn, told, stop), name="backups", daemon=True
        )
        keeper.start()
        self._stack.callback(keeper.join, 5)
        self._stack.callback(stop.set)

    def _start_cloud(self) -> CloudControl:
        state = self.processes.state_directory
        process = self.processes.start(
            [
                sys.executable,
                *("-m", "lab.cloud", "--die-with-stdin"),
                *("--port", str(self.settings.cloud_port)),
                *("--time-scale", str(self.settings.time_scale)),
                *("--mailbox", self.mailbox),
                *("--state-dir", state / "cloud"),
            ],
            name="the emulated AWS",
            log=state / "cloud.log",
            piped=True,
        )
        port = process.read_line(timedelta(seconds=READY_SECONDS)).removeprefix("ready ").strip()
        return CloudControl(f"http://127.0.0.1:{port}")

    def _start_databases(self) -> dict[str, Address]:
        primary = self.servers.adopt(
            PRIMARY_REGION, database_instance(PRIMARY_REGION), PostgreSQL(PRIMARY_REGION, self.processes)
        )
        primary.init_primary()
        primary.start()
        link, through = self.links.lay(primary.address, frozenset(BOTH))
        standby = self.servers.adopt(
            SECONDARY_REGION, database_instance(SECONDARY_REGION), PostgreSQL(SECONDARY_REGION, self.processes)
        )
        standby.create_standby_of(primary, through=through)
        standby.start()
        self.servers.streams_from(primary, standby)
        if self.settings.synchronous_mode != "off":
            primary.set_synchronous(self.settings.synchronous_mode)
        self.links.delayed(link)
        return {region: Address(*server.address) for region, server in self.servers.items()}

    def _open_record(self) -> None:
        clients = {region: self.client("s3", region) for region in self.plan["record_copies"]}
        self.register = leader_register(self.plan["record_copies"], clients, "drlab-lab", timedelta(seconds=2))
        self.register.initialise(genesis(PRIMARY_REGION, datetime.now(UTC)))

    def _start_tasks(self) -> None:
        self._say("starting the service: two tasks in ap-southeast-2, one in us-west-2")
        self.control_loop = ControlLoop(self.cloud, self.servers, self.tasks, self._targets_changed)
        self.control_loop.start()
        self._stack.callback(self.control_loop.stop)

    def _targets_changed(self, region: str, live: list[tuple[str, int]]) -> None:
        """A task that answers is a target of its Region's load balancer, for real and in the API."""
        self.network.set_targets(region, live)
        self.cloud.set_targets(region, self.data_plane.target_groups[region], live)
        self.cloud.report_tasks(region, self.plan["service"], self.plan["service"], len(live))

    def _await_public_health(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        reason = "no answer yet"
        while time.monotonic() < deadline:
            healthy, reason = self.public_health()
            if healthy:
                return
            time.sleep(LOOK_AGAIN_SECONDS)
        raise LabError(f"the service did not become healthy within {READY_SECONDS:.0f} s: {reason}")

    def _await_quiet(self) -> None:
        seconds = max(READY_SECONDS, QUIET_WITHIN_ON_AWS.total_seconds() / self.settings.time_scale)
        deadline = time.monotonic() + seconds
        while (what := disturbance(self)) is not None:
            if time.monotonic() > deadline:
                raise LabError(f"the lab did not come to rest within {seconds:.0f} s: {what}")
            time.sleep(LOOK_AGAIN_SECONDS)

    def public_health(self) -> tuple[bool, str]:
        """Whether the public name is answered healthy, and by which Region, or why not."""
        try:
            answer = urllib3.request("GET", f"{self.public_url}/healthz", timeout=1.0, retries=False)
        except urllib3.exceptions.HTTPError as error:
            return False, type(error).__name__
        if answer.status == 200:
            return True, str(answer.headers.get("X-Region"))
        return False, answer.data.decode(errors="replace")[:300]
