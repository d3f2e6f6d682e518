"""Which errors mean that the lab itself does not work on this machine? Each one's text is a sentence for the user."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from failover.application.leader_register import NoMajority
from failover.domain.plan import PlanError
from lab.cloud.cloudformation.deploy_control_plane import DeploymentError
from lab.cloud.control_client import CloudUnavailable
from lab.cost.errors import CostError
from lab.documentation.evidence import EvidenceError
from lab.gameday.experiment import GameDayError
from lab.host.preflight import PreflightError
from lab.host.started import ProcessFailed
from lab.laboratory import LabError
from lab.measuring.drill_record import HistoryError
from lab.region.network import NetworkError
from lab.region.ports import NoFreePort
from lab.region.postgresql_binaries import PostgreSQLUnavailable
from lab.region.postgresql_session import PostgreSQLError

LAB_FAILURES: tuple[type[Exception], ...] = (
    BotoCoreError,
    ClientError,
    CloudUnavailable,
    CostError,
    DeploymentError,
    EvidenceError,
    GameDayError,
    HistoryError,
    LabError,
    NetworkError,
    NoFreePort,
    NoMajority,
    OSError,
    PlanError,
    PostgreSQLError,
    PostgreSQLUnavailable,
    PreflightError,
    ProcessFailed,
)
