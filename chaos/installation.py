"""What is protected in a case: a plan with AWS's own waits, and the names of everything that it is made of."""

from __future__ import annotations

import json
from typing import Any

from failover.domain.plan import Plan

PRIMARY, STANDBY, WITNESS = "ap-southeast-2", "us-west-2", "us-east-1"
REGIONS = (PRIMARY, STANDBY, WITNESS)
ACCOUNT = "123456789012"
ALARM = "drlab-app-primary-health-check"
ALARM_ARN = f"arn:aws:cloudwatch:{WITNESS}:{ACCOUNT}:alarm:{ALARM}"
MACHINES = ("drlab-app-failover", "drlab-app-rebuild-standby", "drlab-app-restore-rehearsal")
MACHINE_ARN, REBUILD_ARN, REHEARSAL_ARN = (
    f"arn:aws:states:{STANDBY}:{ACCOUNT}:stateMachine:{name}" for name in MACHINES
)
TOPIC = "drlab-app-notifications"
SECRET, PARAMETER, PLAN_PARAMETER = "drlab/app/database", "/drlab/app/database", "/drlab/app/plan"
KEY_ALIAS, GLOBAL_CLUSTER = "alias/drlab-app", "drlab-app"
CLUSTER = "app"
STANDBY_TASKS, LEADING_TASKS = 1, 2
COPIES = {region: f"drlab-app-control-{ACCOUNT}-{region}" for region in REGIONS}
# What a person decides about a bound above this is a case of its own.
TIGHT_RPO_SECONDS = 5


def plan_text(policy: str = "auto-within-rpo", rpo_seconds: float = 300, db_mode: str = "rds-postgres") -> str:
    """The plan as it is published."""
    return json.dumps(
        {
            "service": "app",
            "account_id": ACCOUNT,
            "primary_region": PRIMARY,
            "secondary_region": STANDBY,
            "witness_region": WITNESS,
            "public_url": "https://app.example.com",
            "db_mode": db_mode,
            "routing": "failover",
            "failover_policy": policy,
            "rpo_target_seconds": rpo_seconds,
            "rto_target_minutes": 30,
            "cooldown_minutes": 60,
            "signals_required": 2,
            "timing": _TIMING,
            "record_copies": COPIES,
            "alarms": [{"arn": ALARM_ARN, "vantage_point": "route53"}],
            "regions": {region: _region(region) for region in (PRIMARY, STANDBY)},
        }
    )


def plan_of(text: str) -> Plan:
    return Plan.parse(text)


_TIMING: dict[str, Any] = {
    "lease_seconds": 15,
    "lease_margin_seconds": 5,
    "renew_seconds": 5,
    "heartbeat_timeout_seconds": 5,
    "alarm_max_age_seconds": 900,
    "second_look_seconds": 2,
    "second_look_samples": 2,
    "poll_seconds": 2,
    "api_timeout_seconds": 3,
    "step_budget_seconds": 9,
    "probe_after_seconds": 180,
    "approval_seconds": 60,
}


def database_of(region: str) -> str:
    return f"app-{region}"


def objects_of(region: str) -> str:
    """The bucket of the service's objects."""
    return plan_of(plan_text()).objects_bucket(region)


def _region(region: str) -> dict[str, Any]:
    return {
        "service_url": f"https://{region}.app.example.com",
        "database_instance": database_of(region),
        "database_secret": SECRET,
        "database_parameter": PARAMETER,
        "ecs_cluster": CLUSTER,
        "ecs_service": CLUSTER,
        "leading_tasks": LEADING_TASKS,
        "minimum_tasks": LEADING_TASKS,
    }
