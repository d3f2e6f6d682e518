"""Which faults may a game day inject on AWS? With faultInjection, three experiment templates of AWS FIS, and their role.

Nothing is injected by deploying them: a person starts an experiment, after the page of runbooks/gamedays. An experiment is
stopped when the stop condition's alarm is in ALARM: a game day never goes on with data that are at risk already.
https://docs.aws.amazon.com/fis/latest/userguide/stop-conditions.html
"""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_fis as fis

from dataplane_cdk.config import Config, RegionConfig
from dataplane_cdk.constructs.fault_injection_role import fault_injection_role
from dataplane_cdk.stacks.network import NetworkStack
from dataplane_cdk.stacks.regional import RegionalStack

# Long enough for detection, the run and a look around; at its end FIS puts everything back by itself.
CUT_FOR = "PT20M"


class FaultInjectionStack(RegionalStack):
    """Templates for the Region that the configuration makes the primary.

    https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html
    """

    def __init__(self, app: cdk.App, config: Config, region: RegionConfig, network: NetworkStack) -> None:
        super().__init__(app, config, region.name, "faults", f"game days' faults in {region.name}")
        subnets = self._subnets(network)
        self._role = fault_injection_role(self, self.names, region.name, network.vpc.vpc_id, subnets)
        cut = self._cut(subnets)
        stop = self._stop_tasks()
        self._template("primary-outage", "The Region is cut off and its tasks die", {"cut": cut, "stop": stop})
        self._template("split-brain", "The Region is cut off and its tasks live on", {"cut": cut})
        if config.db_mode == "rds-postgres":
            reboot = self._reboot(region)
            self._template("database-reboot", "The primary database reboots, to its other zone if it has one", reboot)

    def _template(self, name: str, description: str, actions: dict[str, tuple[Any, Any]]) -> None:
        alarm = f"arn:aws:cloudwatch:{self.region}:{self.account}:alarm:{self.names.alarm('data-at-risk')}"
        fis.CfnExperimentTemplate(
            self,
            name,
            description=f"{self.names.prefix}: {description}",
            role_arn=self._role.role_arn,
            actions={key: action for key, (action, _) in actions.items()},
            targets={f"{key}Target": target for key, (_, target) in actions.items()},
            stop_conditions=[
                fis.CfnExperimentTemplate.ExperimentTemplateStopConditionProperty(
                    source="aws:cloudwatch:alarm", value=alarm
                )
            ],
            tags={"Name": f"{self.names.prefix}-{name}", "project": "drlab", "service": self.config.service},
        )

    def _subnets(self, network: NetworkStack) -> list[str]:
        """Public and private: the load balancer and the tasks, from which alone the database is reached."""
        subnets = [*network.vpc.public_subnets, *network.vpc.private_subnets]
        return [f"arn:aws:ec2:{self.region}:{self.account}:subnet/{one.subnet_id}" for one in subnets]

    def _cut(self, subnets: list[str]) -> tuple[Any, Any]:
        action = _action("aws:network:disrupt-connectivity", {"Subnets": "cutTarget"}, scope="all", duration=CUT_FOR)
        return action, _target("aws:ec2:subnet", resource_arns=subnets)

    def _stop_tasks(self) -> tuple[Any, Any]:
        """Tasks carry their service's tags (propagate_tags), and FIS finds them by these."""
        tags = {"project": "drlab", "service": self.config.service}
        return _action("aws:ecs:stop-task", {"Tasks": "stopTarget"}), _target("aws:ecs:task", resource_tags=tags)

    def _reboot(self, region: RegionConfig) -> dict[str, tuple[Any, Any]]:
        """A forced failover needs a second zone:
        https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RebootDBInstance.html
        """
        forced = str(self.config.database_multi_az).lower()
        action = _action("aws:rds:reboot-db-instances", {"DBInstances": "rebootTarget"}, forceFailover=forced)
        return {"reboot": (action, _target("aws:rds:db", resource_arns=[self.names.database_arn(region.name)]))}


def _action(
    action_id: str, targets: dict[str, str], **parameters: str
) -> fis.CfnExperimentTemplate.ExperimentTemplateActionProperty:
    return fis.CfnExperimentTemplate.ExperimentTemplateActionProperty(
        action_id=action_id, targets=targets, parameters=parameters or None
    )


def _target(kind: str, **selected: Any) -> fis.CfnExperimentTemplate.ExperimentTemplateTargetProperty:
    return fis.CfnExperimentTemplate.ExperimentTemplateTargetProperty(
        resource_type=kind, selection_mode="ALL", **selected
    )
