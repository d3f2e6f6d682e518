"""Which plan does the control plane go by? The same text for both Regions.

Every name in it can be told beforehand, so that publishing it needs nothing of either Region.
"""

from __future__ import annotations

import json
from typing import Any

from dataplane_cdk.config import Config
from dataplane_cdk.names import Names

# The largest value of a standard parameter:
# https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
LARGEST_BYTES = 4096


def plan_text(config: Config) -> str:
    """One line of JSON with sorted keys. Raises ValueError when it does not fit into a standard parameter."""
    text = json.dumps(_plan(config, Names(config)), sort_keys=True, separators=(",", ":"))
    if len(text.encode()) > LARGEST_BYTES:
        raise ValueError(f"The plan takes {len(text.encode())} bytes; a standard parameter holds {LARGEST_BYTES}.")
    return text


def _plan(config: Config, names: Names) -> dict[str, Any]:
    regions = (config.primary.name, config.secondary.name)
    return {
        "service": config.service,
        "account_id": config.account,
        "primary_region": config.primary.name,
        "secondary_region": config.secondary.name,
        "witness_region": config.witness_region,
        "public_url": f"{names.scheme}://{config.domain_name}",
        "db_mode": config.db_mode,
        "routing": config.routing,
        "failover_policy": config.failover_policy,
        "rpo_target_seconds": config.rpo_target_seconds,
        "rto_target_minutes": config.rto_target_minutes,
        "cooldown_minutes": config.cooldown_minutes,
        "signals_required": config.signals_required,
        "timing": _timing(config),
        "record_copies": {region: names.bucket("control", region) for region in (*regions, config.witness_region)},
        "alarms": [
            {"arn": names.health_check_alarm_arn(one), "vantage_point": "route53", "watches": one.name}
            for one in config.regions
        ],
        "regions": {region: _region(config, names, region) for region in regions},
    }


def _region(config: Config, names: Names, region: str) -> dict[str, Any]:
    return {
        "service_url": f"{names.scheme}://{names.region_domain(region)}",
        "database_instance": names.database(region),
        "database_secret": names.database_secret,
        "database_parameter": names.database_parameter,
        "ecs_cluster": names.cluster,
        "ecs_service": names.cluster,
        "leading_tasks": config.primary_tasks,
        "minimum_tasks": config.minimum_tasks,
    }


def _timing(config: Config) -> dict[str, int]:
    """A third of the lease between renewals: one may be lost, and the next still comes in time."""
    third = config.lease_seconds // 3
    return {
        "lease_seconds": config.lease_seconds,
        "lease_margin_seconds": 5,
        "renew_seconds": third,
        "heartbeat_timeout_seconds": third,
        "alarm_max_age_seconds": 900,
        "second_look_seconds": 20,
        "second_look_samples": 3,
        "poll_seconds": 5,
        "api_timeout_seconds": 3,
        "step_budget_seconds": 45,
        # Twice what the health check and its alarm need: the alarm has the first word.
        "probe_after_seconds": 240,
        # Nobody serves meanwhile: long enough to wake up and read, no longer.
        "approval_seconds": 900,
    }
