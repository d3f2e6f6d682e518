"""What may be chosen for a lab or a drill, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, get_args

PRIMARY_REGION = "ap-southeast-2"
SECONDARY_REGION = "us-west-2"
WITNESS_REGION = "us-east-1"
SERVICE = "app"
ACCOUNT_ID = "123456789012"
DOMAIN_NAME = "app.example.com"
# What clients may see of a switchover, in lab seconds. None of its waits is AWS's own but the health checks and the TTL.
SWITCHOVER_OUTAGE_SECONDS = 5.0

FaultName = Literal[
    "region-dark",
    "database-killed",
    "database-frozen",
    "link-cut",
    "service-down",
    "alarm-lost",
    "replica-lost",
]
SynchronousMode = Literal["off", "remote_write", "on", "remote_apply"]
DatabaseMode = Literal["rds-postgres", "aurora-global"]
FAULT_NAMES: tuple[FaultName, ...] = get_args(FaultName)
SYNCHRONOUS_MODES: tuple[SynchronousMode, ...] = get_args(SynchronousMode)
DATABASE_MODES: tuple[DatabaseMode, ...] = get_args(DatabaseMode)
RDS, AURORA = DATABASE_MODES


class SettingsError(ValueError):
    """A setting that cannot be used; the text names it, its value and what is allowed."""


@dataclass(frozen=True)
class Timers:
    """Our own timers, in real seconds: the lab shortens them, it does not scale them.

    AWS's timers (health-check interval, alarm period, record TTL) are scaled by
    `LabSettings.time_scale` instead; a report prints both.
    """

    lease_seconds: float = 2.0
    lease_margin_seconds: float = 1.0
    renew_seconds: float = 0.5
    heartbeat_timeout_seconds: float = 1.0
    second_look_seconds: float = 0.3
    second_look_samples: int = 3
    poll_seconds: float = 0.1
    api_timeout_seconds: float = 1.0
    step_budget_seconds: float = 20.0
    alarm_max_age_seconds: float = 300.0
    probe_after_seconds: float = 6.0
    approval_seconds: float = 3.0


@dataclass(frozen=True)
class LabSettings:
    """One lab. Raises SettingsError when a value is out of range. With AURORA real PostgreSQL stands in for the clusters."""

    replication_delay: timedelta = timedelta(milliseconds=50)
    synchronous_mode: SynchronousMode = "off"
    database_mode: DatabaseMode = RDS
    time_scale: float = 60.0
    rpo_target_seconds: float = 300.0
    rto_target_minutes: float = 30.0
    cloud_port: int = 0
    public_port: int = 0
    timers: Timers = field(default_factory=Timers)

    def __post_init__(self) -> None:
        delay_ms = self.replication_delay / timedelta(milliseconds=1)
        within("--replication-delay", delay_ms, 0, 5000, "milliseconds")
        within("--time-scale", self.time_scale, 1, 120, "AWS seconds in a lab second")
        within("--rpo-target", self.rpo_target_seconds, 0.001, 86_400, "seconds")
        for name, port in (("--cloud-port", self.cloud_port), ("--public-port", self.public_port)):
            within(name, port, 0, 65_535, "a TCP port; 0 chooses a free one")
        if self.synchronous_mode not in SYNCHRONOUS_MODES:
            raise SettingsError(f"--synchronous {self.synchronous_mode!r} is not one of {', '.join(SYNCHRONOUS_MODES)}")
        if self.database_mode not in DATABASE_MODES:
            raise SettingsError(f"--db-mode {self.database_mode!r} is not one of {', '.join(DATABASE_MODES)}")
        if self.database_mode == AURORA and self.synchronous_mode != "off":
            # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-disaster-recovery.html
            raise SettingsError(
                f"--synchronous {self.synchronous_mode} does not go with --db-mode {AURORA}: an Aurora global database"
                " replicates asynchronously. Leave it off."
            )


@dataclass(frozen=True)
class DrillSettings:
    """One drill: which fault, or with `planned` a switchover and no fault, under which load. With `break_glass` the control
    plane is lost too, and a person takes the steps. With `isolated` nothing breaks and nobody moves: a throwaway replica is
    promoted.

    Raises SettingsError when a value is out of range.
    """

    lab: LabSettings = field(default_factory=LabSettings)
    fault: FaultName = "region-dark"
    planned: bool = False
    break_glass: bool = False
    isolated: bool = False
    write_rate: float = 200.0
    writers: int = 4
    seed: int = 1
    warm_up: timedelta = timedelta(seconds=2)
    settle: timedelta = timedelta(seconds=2)
    give_up_after: timedelta = timedelta(seconds=60)

    def __post_init__(self) -> None:
        if self.fault not in FAULT_NAMES:
            raise SettingsError(f"--fault {self.fault!r} is not one of {', '.join(FAULT_NAMES)}")
        if self.lab.database_mode == AURORA:
            self._of_a_global_database()
        within("--rate", self.write_rate, 1, 2000, "writes a second")
        within("--writers", self.writers, 1, 64, "writers")
        within("--warm-up", self.warm_up.total_seconds(), 1, 600, "seconds")
        within("--settle", self.settle.total_seconds(), 1, 600, "seconds")
        within("--give-up-after", self.give_up_after.total_seconds(), 10, 1800, "seconds")

    def _of_a_global_database(self) -> None:
        """Raises SettingsError for what ADR 0028 leaves out."""
        why = f"does not go with --db-mode {AURORA}: "
        if self.isolated:
            raise SettingsError(f"--isolated {why}its throwaway replica is of an RDS instance.")
        if self.fault == "replica-lost" and not self.planned:
            raise SettingsError(f"--fault replica-lost {why}the workflow restores RDS instances alone.")


def within(name: str, value: float, low: float, high: float, unit: str) -> None:
    """Raises SettingsError when `value` of the option `name` is out of range."""
    if not low <= value <= high:
        raise SettingsError(f"{name} {value:g} is out of range: {low:g} to {high:g} ({unit})")
