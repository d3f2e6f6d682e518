"""Does the lab's control plane come from the very templates that AWS would get: all of it, and as written?"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.cloud.cloudformation import coverage, sam_templates, stack_creation
from lab.cloud.cloudformation.stack_creation import DeploymentError
from lab.settings import (
    ACCOUNT_ID,
    DOMAIN_NAME,
    PRIMARY_REGION,
    RDS,
    SECONDARY_REGION,
    SERVICE,
    WITNESS_REGION,
    DatabaseMode,
)

__all__ = ["Deployed", "DeploymentError", "Stack", "control_plane", "deploy", "deploy_stack"]

ROOT = Path(__file__).resolve().parents[3]
CONTROL_PLANE_TEMPLATE = ROOT / "template.yaml"
WITNESS_TEMPLATE = ROOT / "controlplane_sam" / "witness.yaml"
CONTROL_PLANE_STACK = f"drlab-{SERVICE}-control-plane"
WITNESS_STACK = f"drlab-{SERVICE}-witness"

Client = Any


@dataclass(frozen=True)
class Stack:
    """One template to deploy in one Region, with its parameters."""

    name: str
    region: str
    template: Path
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class Source:
    """A template as it is written, and the archives of the code that it names."""

    template: sam_templates.Template
    packages: tuple[sam_templates.CodePackage, ...]


@dataclass(frozen=True)
class Deployed:
    """A stack that was made and read back: its outputs, and what the lab knowingly left out, with reasons."""

    stack: Stack
    outputs: Mapping[str, str]
    inert: tuple[str, ...]


def control_plane(
    endpoint_url: str,
    health_checks: Mapping[str, str],
    webhook_url: str = "",
    notification_email: str = "",
    database_mode: DatabaseMode = RDS,
) -> tuple[Stack, ...]:
    """The three stacks: template.yaml in both Regions, and the witness."""
    regions = {"PrimaryRegion": PRIMARY_REGION, "SecondaryRegion": SECONDARY_REGION}
    shared = {
        "ServiceName": SERVICE,
        **regions,
        "WitnessRegion": WITNESS_REGION,
        "NotificationEmail": notification_email,
        "WebhookUrl": webhook_url,
        "DomainName": DOMAIN_NAME,
        "AwsEndpointUrl": endpoint_url,
        "DatabaseMode": database_mode,
    }
    checks = {"HealthCheckId": health_checks[PRIMARY_REGION], "SecondaryHealthCheckId": health_checks[SECONDARY_REGION]}
    witness = {"ServiceName": SERVICE, **regions, **checks}
    return (
        Stack(CONTROL_PLANE_STACK, PRIMARY_REGION, CONTROL_PLANE_TEMPLATE, shared),
        Stack(CONTROL_PLANE_STACK, SECONDARY_REGION, CONTROL_PLANE_TEMPLATE, shared),
        Stack(WITNESS_STACK, WITNESS_REGION, WITNESS_TEMPLATE, witness),
    )


def deploy(
    endpoint_url: str,
    health_checks: Mapping[str, str],
    webhook_url: str = "",
    notification_email: str = "",
    database_mode: DatabaseMode = RDS,
) -> dict[str, Deployed]:
    """Deploy the control plane into the lab's three Regions; what was deployed, by Region.

    `health_checks` are those of Route 53 on each Region's /healthz. Empty addresses mean that nobody
    is told that way. The process behind `endpoint_url` must have called `resource_types.install`.
    Raises DeploymentError when a template holds what the lab does not know, or a resource reads back
    otherwise.
    """
    stacks = control_plane(endpoint_url, health_checks, webhook_url, notification_email, database_mode)
    sources = {path: _prepare(path) for path in {stack.template for stack in stacks}}
    # One after another: moto is one process with one interpreter lock, and three at once take longer in all.
    deployed = [deploy_stack(endpoint_url, stack, sources[stack.template]) for stack in stacks]
    return {result.stack.region: result for result in deployed}


def deploy_stack(endpoint_url: str, stack: Stack, source: Source | None = None) -> Deployed:
    """Package, expand, create and compare one stack. Raises DeploymentError."""
    source = source or _prepare(stack.template)
    s3 = stack_creation.client("s3", stack.region, endpoint_url)
    cloudformation = stack_creation.client("cloudformation", stack.region, endpoint_url)
    bucket = _artifact_bucket(s3, stack.region)
    for code in source.packages:
        s3.put_object(Bucket=bucket, Key=code.key, Body=code.content)
    addresses = {code.directory: f"s3://{bucket}/{code.key}" for code in source.packages}
    template = sam_templates.expand(source.template, stack.template.parent, stack.region, addresses)
    key = f"templates/{stack.name}.json"
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(template).encode())
    url = {"TemplateURL": f"https://{bucket}.s3.{stack.region}.amazonaws.com/{key}"}
    try:
        outputs = stack_creation.create(cloudformation, stack.name, template, url, stack.parameters)
    except DeploymentError as error:
        raise DeploymentError(f"{stack.template.name} in {stack.region}: {error}") from error
    return Deployed(stack, outputs, tuple(coverage.inert(template)))


def _prepare(path: Path) -> Source:
    try:
        template = sam_templates.load(path)
        directories = sam_templates.code_directories(template)
        return Source(template, tuple(sam_templates.package(path.parent, name) for name in directories))
    except sam_templates.TemplateError as error:
        raise DeploymentError(str(error)) from error


def _artifact_bucket(s3: Client, region: str) -> str:
    """Lambda takes code only from a bucket in its own Region."""
    bucket = f"drlab-artifacts-{ACCOUNT_ID}-{region}"
    location = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    # An earlier deployment's bucket serves as well: what is in it is named by its content.
    with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=bucket, **({} if region == "us-east-1" else location))
    return bucket
