"""What do all stacks share? A name that can be told, one Region, and templates that need nothing of the toolkit."""

from __future__ import annotations

import aws_cdk as cdk

from dataplane_cdk.config import Config
from dataplane_cdk.names import Names


class RegionalStack(cdk.Stack):
    """One concern in one Region."""

    def __init__(self, app: cdk.App, config: Config, region: str, concern: str, description: str) -> None:
        self.config = config
        self.names = Names(config)
        super().__init__(
            app,
            self.names.stack(region, concern),
            env=cdk.Environment(account=config.account, region=region),
            description=f"drlab: {description}",
            termination_protection=True,
            # Stack tags reach every resource that takes tags, and keep the templates readable.
            tags={"project": "drlab", "service": config.service},
            # The toolkit checks its version itself: no parameter and no rule for it in each template.
            synthesizer=cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
        )

    def told(self, output: str) -> str:
        """This stack's `output`, for another stack, which need not use it in each configuration.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getstackoutput.html
        """
        return cdk.Token.as_string(
            {"Fn::GetStackOutput": {"StackName": self.stack_name, "Region": self.region, "OutputName": output}}
        )
