"""Which options do several commands share?"""

from __future__ import annotations

import argparse
import re
from datetime import timedelta
from typing import TYPE_CHECKING

from lab.operations.installation import configured
from lab.operations.target import TARGETS, Target, target
from lab.settings import AURORA, DATABASE_MODES, RDS, SERVICE, SYNCHRONOUS_MODES, LabSettings, SettingsError

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Subparsers = object

PASSED, FAILED = 0, 1
DEFAULT_CLOUD_PORT, DEFAULT_PUBLIC_PORT = 5055, 8080


def add_target(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--target", default="aws", help=f"{' or '.join(TARGETS)} (default aws)")
    parser.add_argument("--cloud-port", type=int, default=DEFAULT_CLOUD_PORT, help="of the lab's AWS APIs")
    add_service(parser)


def add_service(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--service", help="part of every name (default: as in dataplane_cdk/cdk.json)")


def chosen_target(options: argparse.Namespace) -> Target:
    """Raises SettingsError."""
    return target(options.target, options.cloud_port, _service(options))


def _service(options: argparse.Namespace) -> str:
    """A lab has one name alone. Raises SettingsError."""
    if options.service is None and options.target == "lab":
        return SERVICE
    where, name = ("--service", str(options.service)) if options.service is not None else _service_of_this_copy()
    from failover.domain.plan import SERVICE_ALLOWED, SERVICE_PATTERN

    if not re.fullmatch(SERVICE_PATTERN, name):
        raise SettingsError(f"{where} {name!r} is no service's name; allowed: {SERVICE_ALLOWED}")
    return name


def _service_of_this_copy() -> tuple[str, str]:
    return "service in dataplane_cdk/cdk.json", configured("service")[0]


def require_a_reason(options: argparse.Namespace) -> None:
    """Raises SettingsError."""
    from failover.domain.by_hand import said_plainly
    from failover.domain.leader_record import Refusal

    said = said_plainly(options.reason)
    if isinstance(said, Refusal):
        raise SettingsError(f"--reason: {said.reason}")


def add_lab(parser: argparse.ArgumentParser, cloud_port: int, public_port: int) -> None:
    parser.add_argument(
        "--replication-delay", type=float, default=50, help="milliseconds between the Regions (default 50)"
    )
    parser.add_argument("--synchronous", default="off", choices=SYNCHRONOUS_MODES, help="synchronous replication")
    parser.add_argument("--time-scale", type=float, default=60, help="AWS seconds in a lab second (default 60)")
    parser.add_argument("--rpo-target", type=float, default=300, help="seconds (default 300)")
    parser.add_argument("--cloud-port", type=int, default=cloud_port, help=f"of the AWS APIs (default {cloud_port})")
    parser.add_argument("--public-port", type=int, default=public_port, help=f"of the service (default {public_port})")


def add_database_mode(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--db-mode",
        default=RDS,
        choices=DATABASE_MODES,
        help=f"as dbMode in cdk.json (default {RDS}); with {AURORA} the database is simulated by PostgreSQL",
    )


def chosen_lab(options: argparse.Namespace) -> LabSettings:
    """Raises SettingsError."""
    return LabSettings(
        replication_delay=span("--replication-delay", options.replication_delay, timedelta(milliseconds=1)),
        synchronous_mode=options.synchronous,
        # Not every command that has a lab can do with either.
        database_mode=getattr(options, "db_mode", RDS),
        time_scale=options.time_scale,
        rpo_target_seconds=options.rpo_target,
        cloud_port=options.cloud_port,
        public_port=options.public_port,
    )


def span(option: str, count: float, unit: timedelta = timedelta(seconds=1)) -> timedelta:
    """Raises SettingsError for what is no time at all: a float may be nan, infinite, or longer than time is counted."""
    try:
        return count * unit
    except (ValueError, OverflowError) as error:
        raise SettingsError(f"{option} {count:g} is no length of time") from error
