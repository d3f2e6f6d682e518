"""Does the public name take a write, seen from a Region that need not lead?"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_synthetics as synthetics
from constructs import Construct

from dataplane_cdk.constructs.pages import described
from dataplane_cdk.names import Names

# No canary can be made of a deprecated runtime, and the library names none as new as those that AWS lists:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Synthetics_Library_python_selenium.html
RUNTIME = "syn-python-selenium-13.0"
# /dbcheck writes a row and reads it back. Python's own library alone: the runtime's packages change.
SCRIPT = """import json
import urllib.request


def handler(event, context):
    with urllib.request.urlopen("{url}/dbcheck", timeout=10) as answer:
        checked = json.load(answer)
    if checked["read_back"] is not True or checked["in_recovery"] is not False:
        raise Exception(f"/dbcheck answered {{checked}}")
    return checked["region"]
"""


class PublicNameCanary(Construct):
    """Asks /dbcheck of the public name every five minutes, and tells `topic` when two of three fail.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Synthetics_Canaries.html
    """

    def __init__(self, scope: Construct, construct_id: str, names: Names, region: str, topic: sns.ITopic) -> None:
        super().__init__(scope, construct_id)
        canary = synthetics.Canary(
            self,
            "Canary",
            # At most 21 characters: https://docs.aws.amazon.com/AmazonSynthetics/latest/APIReference/API_CreateCanary.html
            canary_name=f"{names.config.service[:13]}-dbcheck",
            runtime=synthetics.Runtime(RUNTIME, synthetics.RuntimeFamily.PYTHON),
            schedule=synthetics.Schedule.rate(cdk.Duration.minutes(5)),
            timeout=cdk.Duration.seconds(30),
            test=synthetics.Test.custom(
                code=synthetics.Code.from_inline(SCRIPT.format(url=f"{names.scheme}://{names.config.domain_name}")),
                handler="index.handler",
            ),
            artifacts_bucket_location=synthetics.ArtifactsBucketLocation(
                bucket=self._bucket(names, region), prefix="canary"
            ),
            start_after_creation=True,
        )
        alarm = cloudwatch.Alarm(
            self,
            "Alarm",
            alarm_name=names.alarm("canary-fails"),
            alarm_description=described("The public name does not take a write, seen from this Region", "canary-fails"),
            metric=canary.metric_success_percent(period=cdk.Duration.minutes(5)),
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            threshold=100,
            evaluation_periods=3,
            datapoints_to_alarm=2,
            treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(topic))

    def _bucket(self, names: Names, region: str) -> s3.IBucket:
        """By its name: the canary's leavings age out with the access logs."""
        return s3.Bucket.from_bucket_name(self, "Logs", names.bucket("logs", region))
