"""Which findings of cdk-nag's AwsSolutions rules are accepted, and why each?

A wildcard is acknowledged by its exact text, so that a new one is a finding again.
"""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from dataplane_cdk.config import Config
from dataplane_cdk.names import Names

PACK = "AwsSolutions"


def reasons(config: Config) -> Mapping[str, str]:
    """Finding -> the reason why it stays."""
    names = Names(config)
    found = {
        "EC23": "The load balancer serves the internet, on its web ports alone; every other group admits one group.",
        "RDS2": "A replica takes its encryption from its source, with the Region's own key; CloudFormation refuses"
        " StorageEncrypted beside SourceDBInstanceIdentifier.",
        "RDS3": "The second Region is what a lost zone fails over to; databaseMultiAz turns a standby instance on,"
        " at the price of one more.",
        "RDS11": "The port is reached from two security groups in an isolated subnet; another number would hide nothing.",
        "SMG4": "The password belongs to the database in both Regions at once: a rotation that only one of them hears of"
        " would break the standby. Decision 0010 says how it is changed.",
        "ECS2": "The environment holds the name of a parameter, and no secret; the login is read at run time.",
        "SQS3": "One queue feeds a pipe, which retries for the two weeks that messages are kept; its age is the signal."
        " The others are dead-letter queues themselves.",
        "IAM5[Resource::*]": "ecr:GetAuthorizationToken knows no resource.",
    }
    for region in config.regions:
        bucket = names.bucket_arn("app-data", region.name)
        found[f"IAM5[Resource::{bucket}/app-data/*]"] = "S3 replicates every object of this prefix, and no other."
        found[f"IAM5[Resource::arn:aws:kms:{region.name}:{config.account}:key/*]"] = (
            "A key's id cannot be told beforehand: the conditions name its alias, and S3 as the way to it."
        )
    if config.fault_injection:
        here = f"{config.primary.name}:{config.account}"
        found[f"IAM5[Resource::arn:aws:ec2:{here}:network-acl/*]"] = (
            "FIS makes the list itself, so its id cannot be told: the conditions ask for FIS's tag or this VPC."
        )
        found[f"IAM5[Resource::arn:aws:ecs:{here}:task/{names.cluster}/*]"] = (
            "Tasks come and go; the cluster is this one."
        )
    return {f"{PACK}::{PACK}-{finding}": reason for finding, reason in found.items()}


def check(app: cdk.App, config: Config) -> None:
    """Let `app.synth()` report every finding that is not acknowledged here."""
    for finding, reason in reasons(config).items():
        cdk.Validations.of(app).acknowledge(cdk.Acknowledgment(id=finding, reason=reason))
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
