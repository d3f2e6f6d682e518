"""What can a person do with a lab that stays up?"""

from __future__ import annotations

from lab.laboratory import Laboratory
from lab.settings import PRIMARY_REGION, SECONDARY_REGION

GUIDE = """
The lab is up. Ctrl-C ends it and everything that it started.

  the service, by its public name   curl {public}/healthz
  a write                           curl -X POST {public}/writes -H 'content-type: application/json' \\
                                      -d '{{"writer":"me","number":1,"body":"hello"}}'
  the AWS APIs of all Regions       {endpoint}

For the AWS CLI or boto3:

  export AWS_ENDPOINT_URL={endpoint} AWS_ACCESS_KEY_ID=operator AWS_SECRET_ACCESS_KEY=lab
  aws rds describe-db-instances --region {secondary}
  aws cloudwatch describe-alarms --region us-east-1
  aws s3 cp s3://{bucket}/leader-record.json -
  aws stepfunctions list-executions --region {secondary} --state-machine-arn {machine}

Make the primary Region dark, and look on:

  curl -X POST {endpoint}/_lab/regions/{primary} -d '{{"dark":true}}'
  kill -9 {database}     # the primary database's own process

Logs are in {state}.
"""


def how_to(lab: Laboratory) -> str:
    """The guide, with this lab's addresses."""
    return GUIDE.format(
        public=lab.public_url,
        endpoint=lab.cloud.endpoint,
        primary=PRIMARY_REGION,
        secondary=SECONDARY_REGION,
        bucket=lab.plan["record_copies"][SECONDARY_REGION],
        machine=lab.state_machine_arn,
        database="$(pgrep -f 'cluster_name=" + PRIMARY_REGION + "')",
        state=lab.processes.state_directory,
    )
