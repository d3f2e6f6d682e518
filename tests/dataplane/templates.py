"""Reads the committed templates, which another test holds to what is synthesized."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "dataplane_cdk" / "synthesized"
PRIMARY, STANDBY, WITNESS = "ap-southeast-2", "us-west-2", "us-east-1"
ACCOUNT = "123456789012"


@lru_cache
def stack(region: str, concern: str) -> dict[str, Any]:
    template: dict[str, Any] = json.loads((FOLDER / f"drlab-app-{region}-{concern}.template.json").read_text())
    return template


def of_type(region: str, concern: str, kind: str) -> dict[str, dict[str, Any]]:
    """Logical id -> properties."""
    found = stack(region, concern)["Resources"].items()
    return {name: one.get("Properties", {}) for name, one in found if one["Type"] == kind}


def only(region: str, concern: str, kind: str) -> dict[str, Any]:
    (properties,) = of_type(region, concern, kind).values()
    return properties


def deployment() -> list[dict[str, Any]]:
    stacks: list[dict[str, Any]] = json.loads((FOLDER / "deployment.json").read_text())["stacks"]
    return stacks


def text(value: Any) -> str:
    """JSON, for looking for a name in it."""
    return json.dumps(value)
