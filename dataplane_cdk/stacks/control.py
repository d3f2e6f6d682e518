"""By which plan does the control plane of a Region go?"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ssm as ssm

from dataplane_cdk.config import Config
from dataplane_cdk.plan import plan_text
from dataplane_cdk.stacks.regional import RegionalStack


class ControlStack(RegionalStack):
    """The plan alone: the same text in both Regions, and no reference to anything."""

    def __init__(self, app: cdk.App, config: Config, region: str) -> None:
        super().__init__(app, config, region, "control", f"the plan, published in {region}")
        ssm.StringParameter(
            self,
            "Plan",
            parameter_name=self.names.plan_parameter,
            description=f"{self.names.prefix}: what is protected, where, and within which limits",
            string_value=plan_text(config),
        )
