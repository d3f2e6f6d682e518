"""Which stacks does an installation have, and in which order do they come?

`python -m dataplane_cdk.app` is what `cdk synth` and `cdk deploy` run, in this folder: they name the folder for its output
relative to where they were typed. -P keeps this folder's `constructs` from standing in for the library of that name.
`python -m dataplane_cdk.synthesize` needs no CLI.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from dataplane_cdk.config import KEYS, Config, ConfigError, RegionConfig, priced_regions
from dataplane_cdk.config_reader import read_context, require_json
from dataplane_cdk.stacks.aurora import AuroraStack
from dataplane_cdk.stacks.control import ControlStack
from dataplane_cdk.stacks.database import DatabaseStack
from dataplane_cdk.stacks.fault_injection import FaultInjectionStack
from dataplane_cdk.stacks.keys import KeysStack
from dataplane_cdk.stacks.network import NetworkStack
from dataplane_cdk.stacks.observability import ObservabilityStack
from dataplane_cdk.stacks.overview import OverviewStack
from dataplane_cdk.stacks.routing import RoutingStack
from dataplane_cdk.stacks.service import ServiceStack
from dataplane_cdk.stacks.storage import StorageStack
from dataplane_cdk.stacks.table import GlobalTableStack
from dataplane_cdk.stacks.zone import ZoneStack

CDK_JSON = Path(__file__).parent / "cdk.json"
# The toolkit's own keys stand beside ours in the context.
TOOLKIT_KEYS = ("@aws-cdk", "aws:", "availability-zones:", "aws-cdk:")


def context_of(path: Path | None = None) -> dict[str, Any]:
    """The context in a cdk.json. Raises ConfigError."""
    return read_context(path or CDK_JSON)


def build(context: Mapping[str, Any], outdir: str | None = None) -> cdk.App:
    """The whole app. Raises ConfigError before anything is made."""
    given = {**context_of(), **context}
    require_json(given)
    app = cdk.App(context=given, outdir=outdir)
    config = Config.parse(_own_keys(app), priced_regions())
    for region in config.regions:
        zones = f"availability-zones:account={config.account}:region={region.name}"
        app.node.set_context(zones, list(region.availability_zones))
    _stacks(app, config)
    return app


def _own_keys(app: cdk.App) -> dict[str, Any]:
    found = dict(app.node.get_all_context())
    return {key: found.get(key) for key in (*KEYS, *found) if key in KEYS or not key.startswith(TOOLKIT_KEYS)}


def _stacks(app: cdk.App, config: Config) -> None:
    zone_id = config.hosted_zone_id or ZoneStack(app, config).zone_id
    primary_keys = KeysStack(app, config, config.primary)
    secondary_keys = KeysStack(app, config, config.secondary, primary_keys if config.use_multi_region_kms else None)
    first = _Region(app, config, config.primary, primary_keys, zone_id, None)
    # The secret's copy, the backups' and the objects' are encrypted by the other Region's key from the first one on.
    first.database.add_stack_dependency(secondary_keys)
    second = _Region(app, config, config.secondary, secondary_keys, zone_id, first.database)
    # S3 replicates to no bucket that is not there.
    first.storage.add_stack_dependency(second.storage)
    OverviewStack(app, config, [first.observability.metrics, second.observability.metrics])
    if config.dynamodb_global_table:
        GlobalTableStack(app, config)
    if config.fault_injection:
        FaultInjectionStack(app, config, config.primary, first.network)


class _Region:
    """The stacks of one Region; with `source`, the one that follows."""

    def __init__(
        self,
        app: cdk.App,
        config: Config,
        region: RegionConfig,
        keys: KeysStack,
        zone_id: str,
        source: DatabaseStack | AuroraStack | None,
    ) -> None:
        self.network = network = NetworkStack(app, config, region)
        self.storage = StorageStack(app, config, region, keys.key)
        self.database: DatabaseStack | AuroraStack
        if config.db_mode == "aurora-global":
            self.database = AuroraStack(app, config, region, network, keys.key)
        else:
            followed = source if isinstance(source, DatabaseStack) else None
            self.database = DatabaseStack(app, config, region, network, keys.key, keys.key_id, followed)
        if source is not None:
            # By name alone nobody would know that the source comes first.
            self.database.add_stack_dependency(source)
        service = ServiceStack(app, config, region, network, keys.key)
        service.add_stack_dependency(self.storage)
        service.add_stack_dependency(self.database)
        RoutingStack(app, config, region, zone_id, service.balancer)
        ControlStack(app, config, region.name)
        self.observability = ObservabilityStack(app, config, region, service)


def main() -> int:
    try:
        build({}).synth()
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
