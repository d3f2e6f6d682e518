"""Is a stack in the lab what its template says: known through and through, created, and complete?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lab.cloud.cloudformation import coverage

_CALL_TIMEOUT_SECONDS = 60

Client = Any
Template = Mapping[str, Any]


class DeploymentError(Exception):
    """A stack is not what its template says; the text lists what was found."""


def client(service: str, region: str, endpoint_url: str) -> Client:
    """A boto3 client of whoever deploys."""
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=endpoint_url,
        aws_access_key_id="LAB-DEPLOYMENT",
        aws_secret_access_key="unused",  # noqa: S106 -- the lab checks no signature
        config=Config(
            retries={"total_max_attempts": 1}, read_timeout=_CALL_TIMEOUT_SECONDS, s3={"addressing_style": "path"}
        ),
    )


def create(
    cloudformation: Client, name: str, template: Template, source: Mapping[str, str], parameters: Mapping[str, str]
) -> dict[str, str]:
    """The outputs of the stack `name`, once every resource of `template` stands in it.

    `source` is TemplateBody or TemplateURL, and holds `template`. Raises DeploymentError.
    """
    if unknown := coverage.unsupported(template):
        raise DeploymentError(f"{name}: " + "; ".join(unknown))
    try:
        cloudformation.create_stack(
            StackName=name,
            **source,
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        )
        return _verify(cloudformation, name, template)
    except (ClientError, BotoCoreError) as error:
        raise DeploymentError(f"{name}: {error}") from error


def _verify(cloudformation: Client, name: str, template: Template) -> dict[str, str]:
    found = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    present = {item["LogicalResourceId"] for page in pages for item in page["StackResourceSummaries"]}
    conditional = {name for name, resource in template["Resources"].items() if "Condition" in resource}
    missing = sorted(set(template["Resources"]) - present - conditional)
    if found["StackStatus"] != "CREATE_COMPLETE" or missing:
        raise DeploymentError(f"{name} is {found['StackStatus']}; missing: {', '.join(missing) or 'nothing'}")
    return {item["OutputKey"]: item["OutputValue"] for item in found.get("Outputs", [])}
