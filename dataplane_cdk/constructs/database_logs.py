"""What does a database write down of itself, and for how long is it kept?"""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_logs as logs
from constructs import Construct

# What database-slow of runbooks/queries asks for: statements of a second or more, and whoever waits for a lock.
PARAMETERS = {"log_min_duration_statement": "1000", "log_lock_waits": "1"}


def keep_logs(scope: Construct, owner: str, exported: Sequence[str]) -> None:
    """Groups for the exported logs of `owner`, of Names.database_logs: RDS would make them to be kept for ever.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Procedural.UploadtoCloudWatch.html
    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.CloudWatch.html
    """
    for log in exported:
        logs.LogGroup(
            scope,
            f"Log{log.capitalize()}",
            log_group_name=f"/aws/rds/{owner}/{log}",
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
