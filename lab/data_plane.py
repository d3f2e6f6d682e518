"""What of the data plane does the lab create, by the same API calls that a deployment ends in?

Everything here is created through boto3 against the emulated AWS, under the names that the control
plane's plan gives. Nothing here starts a process: the control loop does that from the API's state.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from lab.settings import (
    ACCOUNT_ID,
    DOMAIN_NAME,
    PRIMARY_REGION,
    SECONDARY_REGION,
    SERVICE,
    WITNESS_REGION,
    LabSettings,
)

Client = Any
ClientFor = Callable[[str, str], Client]  # (service, Region) -> boto3 client

DATABASE_REGIONS = (PRIMARY_REGION, SECONDARY_REGION)
PLAN_PARAMETER = f"/drlab/{SERVICE}/plan"
DATABASE_SECRET = f"drlab/{SERVICE}/database"
DATABASE_PARAMETER = f"/drlab/{SERVICE}/database"
HEALTH_CHECK_ALARM = f"drlab-{SERVICE}-primary-health-check"


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
    """Identifiers of what was created: per Region the target group's ARN, the health check's id and the ALB's name."""

    target_groups: Mapping[str, str]
    health_checks: Mapping[str, str]
    load_balancer_names: Mapping[str, str]
    hosted_zone_id: str


def control_bucket(region: str) -> str:
    return f"drlab-{SERVICE}-control-{ACCOUNT_ID}-{region}"


def database_instance(region: str) -> str:
    return f"{SERVICE}-{region}"


def create(client_for: ClientFor, databases: Mapping[str, Address], password: str, settings: LabSettings) -> DataPlane:
    """Create databases, secrets, ECS services, load balancers and failover records in both Regions."""
    with ThreadPoolExecutor(4) as pool:
        compute = {
            region: pool.submit(_create_compute, client_for, region, tasks)
            for region, tasks in (
                (PRIMARY_REGION, settings.primary_tasks),
                (SECONDARY_REGION, settings.standby_tasks),
            )
        }
        database = pool.submit(_create_databases, client_for, password)
        secrets = [
            pool.submit(_create_secret, client_for, region, address, password) for region, address in databases.items()
        ]
        balancers = {region: future.result() for region, future in compute.items()}
        zone, checks = _create_routing(client_for, {r: name for r, (_, name) in balancers.items()})
        database.result()
        for secret in secrets:
            secret.result()
    return DataPlane(
        target_groups={region: group for region, (group, _) in balancers.items()},
        health_checks=checks,
        load_balancer_names={region: name for region, (_, name) in balancers.items()},
        hosted_zone_id=zone,
    )


def publish_plan(
    client_for: ClientFor,
    region_urls: Mapping[str, str],
    public_url: str,
    settings: LabSettings,
) -> dict[str, Any]:
    """Write the plan to both Regions' SSM parameter, and return it."""
    plan: dict[str, Any] = {
        "service": SERVICE,
        "account_id": ACCOUNT_ID,
        "primary_region": PRIMARY_REGION,
        "secondary_region": SECONDARY_REGION,
        "witness_region": WITNESS_REGION,
        "public_url": public_url,
        "db_mode": "rds-postgres",
        "routing": "failover",
        "failover_policy": "auto-within-rpo",
        "rpo_target_seconds": settings.rpo_target_seconds,
        "rto_target_minutes": settings.rto_target_minutes,
        "cooldown_minutes": 60,
        "signals_required": 2,
        "timing": asdict(settings.timers),
        "record_copies": {
            region: control_bucket(region) for region in (PRIMARY_REGION, SECONDARY_REGION, WITNESS_REGION)
        },
        "alarms": [
            {
                "arn": f"arn:aws:cloudwatch:{WITNESS_REGION}:{ACCOUNT_ID}:alarm:{HEALTH_CHECK_ALARM}",
                "vantage_point": "route53",
            }
        ],
        "regions": {
            region: {
                "service_url": region_urls[region],
                "database_instance": database_instance(region),
                "database_secret": DATABASE_SECRET,
                "database_parameter": DATABASE_PARAMETER,
                "ecs_cluster": SERVICE,
                "ecs_service": SERVICE,
                "leading_tasks": settings.primary_tasks,
            }
            for region in DATABASE_REGIONS
        },
    }
    for region in DATABASE_REGIONS:
        client_for("ssm", region).put_parameter(
            Name=PLAN_PARAMETER, Value=json.dumps(plan), Type="String", Overwrite=True
        )
    return plan


def start_checking(client_for: ClientFor, health_checks: Iterable[str]) -> None:
    """Enable the health checks: last, once the service answers, or its start would already look like a failure.

    A disabled check counts as healthy:
    https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html (Disabled)
    """
    route53 = client_for("route53", WITNESS_REGION)
    for check in health_checks:
        route53.update_health_check(HealthCheckId=check, Disabled=False)


def _create_databases(client_for: ClientFor, password: str) -> None:
    client_for("rds", PRIMARY_REGION).create_db_instance(
        DBInstanceIdentifier=database_instance(PRIMARY_REGION),
        DBInstanceClass="db.t4g.medium",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="app",
        MasterUserPassword=password,
        DBName="app",
        BackupRetentionPeriod=7,
    )
    source = f"arn:aws:rds:{PRIMARY_REGION}:{ACCOUNT_ID}:db:{database_instance(PRIMARY_REGION)}"
    client_for("rds", SECONDARY_REGION).create_db_instance_read_replica(
        DBInstanceIdentifier=database_instance(SECONDARY_REGION),
        SourceDBInstanceIdentifier=source,
        SourceRegion=PRIMARY_REGION,
        DBInstanceClass="db.t4g.medium",
    )


def _create_secret(client_for: ClientFor, region: str, database: Address, password: str) -> None:
    role = "writer" if region == PRIMARY_REGION else "replica"
    client_for("secretsmanager", region).create_secret(
        Name=DATABASE_SECRET,
        SecretString=json.dumps(
            {
                "engine": "postgres",
                "host": database.host,
                "port": database.port,
                "username": "app",
                "password": password,
                "dbname": "app",
            }
        ),
    )
    client_for("ssm", region).put_parameter(
        Name=DATABASE_PARAMETER,
        Type="String",
        Value=json.dumps(
            {
                "instance": database_instance(region),
                "endpoint": database.host,
                "port": database.port,
                "role": role,
            }
        ),
    )


def _create_compute(client_for: ClientFor, region: str, tasks: int) -> tuple[str, str]:
    """The Region's cluster, service and load balancer: (target group ARN, load balancer's DNS name)."""
    ec2, elb, ecs = (client_for(name, region) for name in ("ec2", "elbv2", "ecs"))
    subnets = ec2.describe_subnets()["Subnets"][:2]
    balancer = elb.create_load_balancer(
        Name=SERVICE, Subnets=[subnet["SubnetId"] for subnet in subnets], Scheme="internet-facing"
    )["LoadBalancers"][0]
    group = elb.create_target_group(
        Name=SERVICE,
        Protocol="HTTP",
        Port=8080,
        VpcId=subnets[0]["VpcId"],
        TargetType="ip",
        HealthCheckPath="/livez",
    )["TargetGroups"][0]["TargetGroupArn"]
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    ecs.create_cluster(clusterName=SERVICE)
    definition = ecs.register_task_definition(
        family=SERVICE,
        containerDefinitions=[{"name": "service", "image": "drlab-service", "memory": 512}],
    )["taskDefinition"]["taskDefinitionArn"]
    ecs.create_service(
        cluster=SERVICE,
        serviceName=SERVICE,
        taskDefinition=definition,
        desiredCount=tasks,
        loadBalancers=[{"targetGroupArn": group, "containerName": "service", "containerPort": 8080}],
    )
    return group, balancer["DNSName"]


def _create_routing(client_for: ClientFor, balancer_names: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The failover records, both with a health check on /healthz: (zone id, health check id by Region).

    The standby's record carries a check as well: a record without one always counts as healthy, and then
    traffic would move before the standby leads.
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html
    """
    route53 = client_for("route53", WITNESS_REGION)
    zone = route53.create_hosted_zone(Name="example.com", CallerReference="drlab")["HostedZone"]["Id"]
    zone_id = zone.rsplit("/", 1)[-1]
    checks: dict[str, str] = {}
    changes = []
    for region, failover in ((PRIMARY_REGION, "PRIMARY"), (SECONDARY_REGION, "SECONDARY")):
        checks[region] = route53.create_health_check(
            CallerReference=f"{SERVICE}-{region}",
            HealthCheckConfig={
                "Type": "HTTP",
                "FullyQualifiedDomainName": balancer_names[region],
                "Port": 80,
                "ResourcePath": "/healthz",
                "RequestInterval": 10,
                "FailureThreshold": 3,
                "Disabled": True,
            },
        )["HealthCheck"]["Id"]
        changes.append(
            {
                "Action": "CREATE",
                "ResourceRecordSet": {
                    "Name": DOMAIN_NAME,
                    "Type": "A",
                    "SetIdentifier": region,
                    "Failover": failover,
                    "HealthCheckId": checks[region],
                    "AliasTarget": {
                        "HostedZoneId": "Z1GM3OXH4ZPM65",
                        "DNSName": balancer_names[region],
                        "EvaluateTargetHealth": False,
                    },
                },
            }
        )
    route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": changes})
    return zone_id, checks
