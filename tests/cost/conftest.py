"""A small installation, made by hand, whose price can be computed in the head."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lab.cloud.cloudformation.synthesized_templates import SynthesizedStack
from lab.cost.usage import DEFAULTS, Usage, read_usage

PRIMARY, STANDBY, WITNESS = "ap-southeast-2", "us-west-2", "us-east-1"
ACCOUNT = "123456789012"


def plan(primary: str = PRIMARY) -> dict[str, Any]:
    regions = (primary, STANDBY, WITNESS)
    return {
        "service": "app",
        "account_id": ACCOUNT,
        "primary_region": primary,
        "secondary_region": STANDBY,
        "witness_region": WITNESS,
        "timing": {"renew_seconds": 5},
        "regions": {region: {"leading_tasks": 2} for region in regions[:2]},
        "record_copies": {region: f"drlab-app-control-{ACCOUNT}-{region}" for region in regions},
    }


def data_plane(
    resources: Mapping[str, Any], primary: str = PRIMARY, budget_usd: int = 400
) -> tuple[SynthesizedStack, ...]:
    """One stack with `resources` beside the plan, and one with the budget."""
    published = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Name": "/drlab/app/plan", "Value": json.dumps(plan(primary))},
    }
    budget = {"Type": "AWS::Budgets::Budget", "Properties": {"Budget": {"BudgetLimit": {"Amount": budget_usd}}}}
    return (
        SynthesizedStack("first", primary, {"Resources": {"Plan": published, **resources}}),
        SynthesizedStack("budget", WITNESS, {"Resources": {"Budget": budget}}),
    )


@pytest.fixture
def idle(tmp_path: Path) -> Usage:
    """Nothing is used but the hours: what is left is what things cost by being there."""
    names = [line.removesuffix(":") for line in DEFAULTS.read_text().splitlines() if line[:1].isalpha()]
    used = {"hours_per_month": 730, "wal_switch_minutes": 5}
    own = tmp_path / "usage.yaml"
    own.write_text(json.dumps({name: used.get(name, 0) for name in names}))
    return read_usage(own)
