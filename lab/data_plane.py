"""What does the lab add to the data plane that the synthesized templates make?

Addresses, since its servers and load balancers listen on loopback; timers of a laboratory's length; and the order in
which an operator begins: health checks last. Nothing here starts a process: the control loop does that from the API's
state.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lab.cloud.cloudformation import deploy_data_plane, image_assets
from lab.settings import (
    ACCOUNT_ID,
    PRIMARY_REGION,
    RDS,
    SECONDARY_REGION,
    SERVICE,
    WITNESS_REGION,
    DatabaseMode,
    LabSettings,
)

Client = Any
ClientFor = Callable[[str, str], Client]  # (service, Region) -> boto3 client

DATABASE_REGIONS = (PRIMARY_REGION, SECONDARY_REGION)
PLAN_PARAMETER = f"/drlab/{SERVICE}/plan"
CREDENTIALS_SECRET = f"drlab/{SERVICE}/credentials"
# RDS draws the last part; the lab's is told beforehand.
AUTOMATED_BACKUPS_ARN = f"arn:aws:rds:{SECONDARY_REGION}:{ACCOUNT_ID}:auto-backup:ab-{SERVICE}-{PRIMARY_REGION}"


@dataclass(frozen=True)
class Address:
    """A loopback address that something of the lab really listens on."""

    host: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


@dataclass(frozen=True)
class DataPlane:
    """What the templates made: by Region the target group's ARN, the health check's id and the load balancer's names.

    `password` is that of the database's user, which the templates had generated.
    """

    target_groups: Mapping[str, str]
    health_checks: Mapping[str, str]
    balancer_names: Mapping[str, tuple[str, ...]]
    password: str
    inert: tuple[str, ...]


def database_instance(region: str) -> str:
    """In Aurora the Region's cluster."""
    return f"{SERVICE}-{region}"


def deploy(client_for: ClientFor, endpoint_url: str, database_mode: DatabaseMode = RDS) -> DataPlane:
    """Deploy every synthesized stack, with this dbMode of cdk.json, and find what was made. Raises DeploymentError."""

    def made(_stack: str, outputs: Mapping[str, str]) -> None:
        # At once: three failed checks, half a second here, would make it unhealthy before the service is there.
        if "HealthCheckId" in outputs:
            _switch_checks(client_for, [outputs["HealthCheckId"]], enabled=False)

    option = None if database_mode == RDS else f"dbMode={database_mode}"
    stacks = deploy_data_plane.deploy(endpoint_url, made, option=option)
    checks = {
        region: stacks.output(region, f"drlab-{SERVICE}-{region}-routing", "HealthCheckId")
        for region in DATABASE_REGIONS
    }
    for region in DATABASE_REGIONS:
        image_assets.publish(client_for("ecr", region), _image(client_for("ecs", region)))
    plan = _plan(client_for, PRIMARY_REGION)
    secret = client_for("secretsmanager", PRIMARY_REGION).get_secret_value(SecretId=CREDENTIALS_SECRET)
    return DataPlane(
        target_groups={region: _target_group(client_for("ecs", region)) for region in DATABASE_REGIONS},
        health_checks=checks,
        balancer_names={
            region: (
                client_for("elbv2", region).describe_load_balancers()["LoadBalancers"][0]["DNSName"],
                str(plan["regions"][region]["service_url"]).partition("://")[2],
            )
            for region in DATABASE_REGIONS
        },
        password=json.loads(secret["SecretString"])["password"],
        inert=stacks.inert,
    )


def adapt_plan(
    client_for: ClientFor, region_urls: Mapping[str, str], public_url: str, settings: LabSettings
) -> dict[str, Any]:
    """The plan that the templates published, with the lab's addresses, timers and targets, published in both Regions."""
    plan = _plan(client_for, PRIMARY_REGION)
    plan["public_url"] = public_url
    plan["timing"] = asdict(settings.timers)
    plan["rpo_target_seconds"] = settings.rpo_target_seconds
    plan["rto_target_minutes"] = settings.rto_target_minutes
    for region, url in region_urls.items():
        plan["regions"][region]["service_url"] = url
    for region in DATABASE_REGIONS:
        client_for("ssm", region).put_parameter(
            Name=PLAN_PARAMETER, Value=json.dumps(plan), Type="String", Overwrite=True
        )
    return plan


def start_checking(client_for: ClientFor, health_checks: Iterable[str]) -> None:
    """Enable the health checks: last, once the service answers, or its start would already look like a failure."""
    _switch_checks(client_for, health_checks, enabled=True)


def _switch_checks(client_for: ClientFor, health_checks: Iterable[str], enabled: bool) -> None:
    """A disabled check counts as healthy.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html (Disabled)
    """
    route53 = client_for("route53", WITNESS_REGION)
    for check in health_checks:
        route53.update_health_check(HealthCheckId=check, Disabled=not enabled)


def _plan(client_for: ClientFor, region: str) -> dict[str, Any]:
    text = client_for("ssm", region).get_parameter(Name=PLAN_PARAMETER)["Parameter"]["Value"]
    plan: dict[str, Any] = json.loads(text)
    return plan


def _target_group(ecs: Client) -> str:
    found = ecs.describe_services(cluster=SERVICE, services=[SERVICE])["services"][0]
    arn: str = found["loadBalancers"][0]["targetGroupArn"]
    return arn


def _image(ecs: Client) -> str:
    found = ecs.describe_services(cluster=SERVICE, services=[SERVICE])["services"][0]
    described = ecs.describe_task_definition(taskDefinition=found["taskDefinition"])["taskDefinition"]
    image: str = described["containerDefinitions"][0]["image"]
    return image
