"""How much happens in one month, as the templates and the assumptions have it?

Everything is counted for an ordinary month: the primary Region leads and takes all requests, the secondary stands by.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from lab.cost.errors import CostError
from lab.cost.installation import Installation
from lab.cost.resources import Resource
from lab.cost.usage import Usage

SECONDS_PER_HOUR, MINUTES_PER_HOUR = 3600, 60
GIB = Decimal(2**30)  # AWS bills a GB of 2^30 bytes
SCALED = "AWS::ApplicationAutoScaling::ScalableTarget"
HEALTH_CHECK = "AWS::Route53::HealthCheck"


@dataclass(frozen=True)
class Load:
    """One installation under one set of assumptions."""

    installation: Installation
    usage: Usage

    @property
    def hours(self) -> Decimal:
        return self.usage["hours_per_month"]

    @property
    def seconds(self) -> Decimal:
        return self.hours * SECONDS_PER_HOUR

    def leads(self, region: str) -> bool:
        return region == self.installation.plan.primary

    def other(self, region: str) -> str:
        """The Region that would take over."""
        plan = self.installation.plan
        return plan.secondary if region == plan.primary else plan.primary

    def tasks(self, region: str) -> Decimal:
        """The least number that autoscaling keeps. An ordinary month has no more."""
        return sum((Decimal(one["MinCapacity"]) for one in self.installation.of(SCALED, region)), Decimal(0))

    # ---- Clients and health checks

    def checks(self, region: str) -> Decimal:
        """Requests of Route 53's checkers to this Region's load balancer."""
        asked = Decimal(0)
        for one in self.installation.of(HEALTH_CHECK, region):
            interval = one["HealthCheckConfig"].get("RequestInterval", 30)
            asked += self.usage["health_checkers"] * self.seconds / Decimal(interval)
        return asked

    def requests(self, region: str) -> Decimal:
        return self.usage["requests_per_month"] if self.leads(region) else Decimal(0)

    def connections(self, region: str) -> Decimal:
        """At worst each request and each check opens one of its own."""
        return self.requests(region) + self.checks(region)

    def answered_gb(self, region: str) -> Decimal:
        """What leaves the load balancer for the internet."""
        clients = self.requests(region) * self.usage["response_bytes"]
        return (clients + self.checks(region) * self.usage["health_check_answer_bytes"]) / GIB

    def capacity_units(self, region: str) -> Decimal:
        """The average LCU: the largest of new connections (25 a second) and bytes (1 GB an hour).

        https://aws.amazon.com/elasticloadbalancing/pricing/
        """
        taken_gb = self.requests(region) * self.usage["request_bytes"] / GIB
        by_connections = self.connections(region) / self.seconds / 25
        return max(by_connections, (taken_gb + self.answered_gb(region)) / self.hours)

    # ---- The lease: what `webapi/service/lease_keeper.py` asks of S3

    def renewals(self, region: str) -> Decimal:
        """By all tasks of a Region."""
        return self.tasks(region) * self.seconds / self.installation.plan.renew_seconds

    def heartbeats(self) -> tuple[Decimal, Decimal]:
        """PUTs and GETs of one copy: tasks of the leader alone publish, and each reads before it writes.

        PUTs that another task was faster than are left out: they are few, since each renewal reads the newest version.
        """
        renewals = self.renewals(self.installation.plan.primary)
        return renewals, renewals

    def probes(self) -> Decimal:
        """Runs of ProbeLeader in one Region: one a minute."""
        return self.hours * MINUTES_PER_HOUR

    def copy_reads(self) -> Decimal:
        """GETs of one copy: the record by every task, heartbeats, and what ProbeLeader reads in both Regions."""
        plan = self.installation.plan
        by_tasks = self.renewals(plan.primary) + self.renewals(plan.secondary)
        by_probes = self.probes() * 2 * self.usage["probe_s3_reads"] / len(plan.record_copies)
        return by_tasks + by_probes + self.heartbeats()[1]

    def lease_calls_elsewhere(self, region: str) -> Decimal:
        """Calls that tasks of `region` make to copies in the other Regions."""
        calls = self.renewals(region) + (sum(self.heartbeats()) if self.leads(region) else 0)
        return calls * (len(self.installation.plan.record_copies) - 1)

    # ---- The database

    def wal_gb(self) -> Decimal:
        """What a replica is sent: at least one whole segment each time that RDS ends one.

        A segment that is ended early is as long as a full one:
        https://www.postgresql.org/docs/16/runtime-config-wal.html#GUC-ARCHIVE-TIMEOUT
        """
        if not self.usage["wal_switch_minutes"]:
            return self.usage["database_written_gb"]
        switches = self.hours * MINUTES_PER_HOUR / self.usage["wal_switch_minutes"]
        return max(self.usage["database_written_gb"], switches * self.usage["wal_segment_gb"])

    # ---- Logs

    def logged_gb(self, group: Resource) -> Decimal:
        """What a log group takes in. Raises CostError for a group that nothing here knows."""
        name, region, usage = str(group["LogGroupName"]), group.region, self.usage
        of_connection = usage["flow_log_records_per_connection"] * usage["flow_log_record_bytes"]
        by_name = {
            "flow-logs": self.connections(region) * of_connection / GIB,
            "load-balancer": self.connections(region) * usage["balancer_log_bytes_per_request"] / GIB,
            "service": self.tasks(region) * usage["service_log_gb_per_task"],
            "control-plane": self.probes() * usage["control_log_bytes_per_probe"] / GIB,
            "object-replication": usage["replication_log_gb"],
            "postgresql": usage["database_log_gb"],
            # Written to only while the engine is upgraded, and while the workflow runs.
            "upgrade": Decimal(0),
            f"drlab-{self.installation.plan.service}-failover": Decimal(0),
            # Only what people ask for.
            f"drlab-{self.installation.plan.service}-operators": Decimal(0),
        }
        what = name.rsplit("/", 1)[-1]
        if what not in by_name:
            raise CostError(f"{group} is the log group {name}; no assumption says how much it takes in.")
        return by_name[what]
