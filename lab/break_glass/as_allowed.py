"""Is the printed policy enough? The failover from this machine in a lab, with every call asked of that policy first.

python -m lab.break_glass.as_allowed PORT REGION REASON
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

import boto3

from lab import cli
from lab.break_glass.permissions import policy
from lab.cloud.iam.asked_calls import AskedCalls
from lab.operations.operators import sign_in
from lab.operations.target import target

ROLE = "drlab-break-glass"


def main(port: str, region: str, reason: str) -> int:
    """The command's exit status; what was denied is on its output."""
    me = sign_in(target("lab", int(port)), (region,))
    asked = AskedCalls(os.environ["AWS_ENDPOINT_URL"], _role(policy(me.plan, region)))
    asked.enforce()
    ended = cli.main(
        ["failover", "--break-glass", "--to", region, "--reason", reason, "--target", "lab", "--cloud-port", port]
    )
    sys.stdout.write(f"denied: {asked.denied()}\n")
    return ended


def _role(document: Mapping[str, Any]) -> str:
    """The ARN of the role that people take on in an emergency, with this policy alone."""
    iam = boto3.client("iam")
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
    arn: str = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName=ROLE, PolicyName="as-printed", PolicyDocument=json.dumps(document))
    return arn


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
