"""What can a person do with a lab that stays up?"""

from __future__ import annotations

from urllib.parse import urlsplit

from lab.commands.options import DEFAULT_CLOUD_PORT
from lab.laboratory import Laboratory
from lab.settings import PRIMARY_REGION, SECONDARY_REGION

GUIDE = """
The lab is up. Ctrl-C ends it and everything that it started.

  the service, by its public name   curl {public}/healthz
  a write                           curl -X POST {public}/writes -H 'content-type: application/json' \\
                                      -d '{{"writer":"me","number":1,"body":"hello"}}'
  the AWS APIs of all Regions       {endpoint}

For the AWS CLI, boto3, and the commands of runbooks/ as they are written there:

  export AWS_ENDPOINT_URL={endpoint} AWS_ACCESS_KEY_ID=operator AWS_SECRET_ACCESS_KEY=lab PUBLIC={public}
  aws rds describe-db-instances --region {secondary}
  aws cloudwatch describe-alarms --region us-east-1
  aws s3 cp s3://{bucket}/leader-record.json -
  aws stepfunctions list-executions --region {secondary} --state-machine-arn {machine}

As the operators do (from this folder, in another terminal):

  .venv/bin/drlab status --target lab{port}
  .venv/bin/drlab failover --plan-only --target lab{port}
  .venv/bin/drlab guard --target lab{port}

Or over HTTP, signed for execute-api (any user name; curl 7.75 or newer signs):

  curl --aws-sigv4 aws:amz:{secondary}:execute-api --user maria:lab {endpoint}/_lab/operators/{secondary}/status
  curl --aws-sigv4 aws:amz:{secondary}:execute-api --user maria:lab -X PUT \\
    -H "Idempotency-Key: $(python3 -c 'import uuid; print(uuid.uuid4())')" \\
    -H 'content-type: application/json' -d '{{"duration_seconds":600,"reason":"to see it"}}' \\
    {endpoint}/_lab/operators/{secondary}/disarm

Start a run by hand (while the primary is healthy it stands down, and says why):

  aws stepfunctions start-execution --region {secondary} --state-machine-arn {machine} \\
    --name by-hand-1 --input '{{"trigger":{{"kind":"manual","reason":"to see it"}},"expected_epoch":null}}'
  aws s3 cp s3://{bucket}/runs/by-hand-1/outcome.json - --region {secondary}

Make the primary Region dark, and look on:

  curl -X POST {endpoint}/_lab/regions/{primary} -d '{{"dark":true}}'
  kill -9 {database}     # the primary database's own process

Logs are in {state}.
"""


def how_to(lab: Laboratory) -> str:
    """The guide, with this lab's addresses."""
    port = urlsplit(lab.cloud.endpoint).port
    return GUIDE.format(
        public=lab.public_url,
        endpoint=lab.cloud.endpoint,
        port="" if port == DEFAULT_CLOUD_PORT else f" --cloud-port {port}",
        primary=PRIMARY_REGION,
        secondary=SECONDARY_REGION,
        bucket=lab.plan["record_copies"][SECONDARY_REGION],
        machine=lab.state_machine_arn,
        database="$(pgrep -f 'cluster_name=" + PRIMARY_REGION + "')",
        state=lab.processes.state_directory,
    )
