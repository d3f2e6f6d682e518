"""Where does the service get its plan? From its own Region's Parameter Store."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from failover.adapters.aws import client
from failover.domain.plan import Plan


class PlanUnavailable(Exception):
    """The plan could not be read; one sentence."""


def read_plan(parameter: str, region: str) -> Plan:
    """Raises PlanUnavailable when it can't be had, PlanError when it is not a plan."""
    try:
        text = client("ssm", region).get_parameter(Name=parameter)["Parameter"]["Value"]
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "Unknown")
        raise PlanUnavailable(f"The plan {parameter} could not be read in {region}: {code}.") from error
    except (BotoCoreError, OSError) as error:
        raise PlanUnavailable(f"Parameter Store in {region} did not answer: {type(error).__name__}.") from error
    return Plan.parse(text)
