"""What does the service need of AWS, and which adapters give it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from failover.adapters import aws
from failover.adapters.s3_leader_record import leader_register, s3_clients
from failover.adapters.secrets import SecretsManager
from failover.application.errors import RunRefused
from failover.application.ports import DatabaseLogin
from failover.domain.heartbeat import Heartbeat
from failover.domain.leader_record import LeaderRecord
from failover.domain.plan import Plan
from failover.wiring.heartbeats import heartbeats_of
from failover.wiring.this_region import load_plan


class LeaderRecordCopies(Protocol):
    """The leader record. `read` blocks, is bounded in time and raises leader_register.NoMajority."""

    def read(self) -> LeaderRecord: ...


class PublishedHeartbeats(Protocol):
    """The heartbeat's copies. Blocks at most `within`; never raises."""

    def publish(self, heartbeat: Heartbeat, within: timedelta) -> bool: ...


class Cloud(Protocol):
    """Every call blocks and is bounded; those that read raise TransientFailure or RunRefused, with one sentence."""

    def plan(self) -> Plan: ...

    def login(self, plan: Plan) -> DatabaseLogin: ...

    def leader_record(self, plan: Plan) -> LeaderRecordCopies: ...

    def heartbeats(self, plan: Plan) -> PublishedHeartbeats: ...


@dataclass(frozen=True)
class Aws:
    """The real one, or whatever answers at AWS_ENDPOINT_URL. The plan's parameter is named by PLAN_PARAMETER."""

    region: str
    task_id: str

    def plan(self) -> Plan:
        plan = load_plan()
        if self.region not in plan.regions:
            raise RunRefused(f"{self.region} is not a Region of the plan that can lead.")
        return plan

    def login(self, plan: Plan) -> DatabaseLogin:
        name = plan.region(self.region).database_secret
        client = aws.client("secretsmanager", self.region, plan.timing.api_timeout)
        return login_from(name, SecretsManager(client).read(name).value)

    def leader_record(self, plan: Plan) -> LeaderRecordCopies:
        clients = s3_clients(plan.record_copies, plan.timing.api_timeout)
        return leader_register(plan.record_copies, clients, self.task_id, plan.timing.api_timeout)

    def heartbeats(self, plan: Plan) -> PublishedHeartbeats:
        return heartbeats_of(plan)


def login_from(name: str, value: Mapping[str, Any]) -> DatabaseLogin:
    """The login in the secret `name`. Raises RunRefused naming the key that does not fit, never its value.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
    """
    texts: dict[str, str] = {}
    for key in ("host", "username", "password", "dbname"):
        text = value.get(key)
        if not isinstance(text, str) or not text:
            raise RunRefused(f"The secret {name} has no {key}.")
        texts[key] = text
    port = str(value.get("port", ""))
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:
        raise RunRefused(f"The port in the secret {name} is no TCP port.")
    return DatabaseLogin(texts["host"], int(port), texts["dbname"], texts["username"], texts["password"])
