"""What does each option that costs something change in the templates? `make synth-options` writes it beside them.

Kept as resources, not as money: `drlab cost` prices an option without the CDK, with today's prices and anybody's assumptions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "synthesized" / "options" / "differences.json"
CERTIFICATE = "arn:aws:acm:{region}:123456789012:certificate/00000000-0000-0000-0000-000000000000"
# Each as somebody would set it beside the rest of cdk.json.
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "databaseClass=db.t4g.medium": {"databaseClass": "db.t4g.medium"},
    "databaseMultiAz=true": {"databaseMultiAz": True},
    "dbMode=aurora-global": {"dbMode": "aurora-global"},
    "warmStandbyTasks=2": {"warmStandbyTasks": 2},
    "primaryTasks=4": {"primaryTasks": 4},
    "leaseSeconds=30": {"leaseSeconds": 30},
    "canaryEnabled=true": {"canaryEnabled": True},
    "dynamodbGlobalTable=true": {"dynamodbGlobalTable": True},
    "faultInjection=true": {"faultInjection": True},
    "s3ReplicateBack=true": {"s3ReplicateBack": True},
    "useMultiRegionKms=false": {"useMultiRegionKms": False},
    "hostedZoneId=Z...": {"hostedZoneId": "Z123456"},
    "certificateArns=...": {
        "certificateArns": {
            region: CERTIFICATE.replace("{region}", region) for region in ("ap-southeast-2", "us-west-2")
        }
    },
}
Files = Mapping[str, str]


def differences(synthesize: Callable[[dict[str, Any]], Files]) -> str:
    """The text of `FILE`: option -> stack -> its Region and the resources that differ, null where one is gone.

    `synthesize` gives the files of `synthesized/` for a context.
    """
    before = _stacks(synthesize({}))
    found = {name: _changed(before, _stacks(synthesize(dict(context)))) for name, context in OPTIONS.items()}
    return json.dumps(found, indent=1, sort_keys=True) + "\n"


def _stacks(files: Files) -> dict[str, dict[str, Any]]:
    return {
        one["name"]: {"region": one["region"], "resources": json.loads(files[one["template"]])["Resources"]}
        for one in json.loads(files["deployment.json"])["stacks"]
    }


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for name in sorted({*before, *after}):
        old = before.get(name, {}).get("resources", {})
        new = after.get(name, {}).get("resources", {})
        resources = {key: new.get(key) for key in sorted({*old, *new}) if old.get(key) != new.get(key)}
        if resources:
            found[name] = {"region": (after.get(name) or before[name])["region"], "resources": resources}
    return found
