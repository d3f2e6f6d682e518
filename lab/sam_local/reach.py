"""What must a lab publish for `sam local invoke`, whose containers have a loopback of their own?

The plan, the database's secret and its endpoint of one Region name the container bridge's address instead of loopback;
what is published stays true for this machine too, which has that address. Leaving it puts back what was there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from lab.cloud.control_client import CloudControl
from lab.sam_local.forwarder import LOOPBACK, Forwarder
from lab.settings import SECONDARY_REGION, SERVICE

PLAN = f"/drlab/{SERVICE}/plan"
SECRET = f"drlab/{SERVICE}/database"
INSTANCE = f"{SERVICE}-{{region}}"


@contextmanager
def reachable(endpoint: str, bridge: str, region: str = SECONDARY_REGION) -> Iterator[str]:
    """While it is entered, functions in containers can act in `region`; the address of the AWS APIs for them.

    `endpoint` is the running lab's, `bridge` the container bridge's address with its network, like 172.17.0.1/16.
    Raises OSError, ClientError or BotoCoreError.
    """
    ssm, secrets = _client("ssm", endpoint, region), _client("secretsmanager", endpoint, region)
    plan: str = ssm.get_parameter(Name=PLAN)["Parameter"]["Value"]
    secret: str = secrets.get_secret_value(SecretId=SECRET)["SecretString"]
    login = json.loads(secret)
    instance = INSTANCE.format(region=region)
    control, database_port = CloudControl(endpoint), int(login["port"])
    ports = {database_port, *_ports(endpoint, *_addresses(json.loads(plan)))}
    with Forwarder(bridge, ports) as forwarder:

        def publish(address: str) -> None:
            ssm.put_parameter(Name=PLAN, Value=plan.replace(LOOPBACK, address), Type="String", Overwrite=True)
            secrets.put_secret_value(SecretId=SECRET, SecretString=json.dumps({**login, "host": address}))
            control.set_database_endpoint(region, instance, address, database_port)

        try:
            publish(forwarder.address)
            yield endpoint.replace(LOOPBACK, forwarder.address)
        finally:
            publish(LOOPBACK)


def _addresses(plan: dict[str, Any]) -> list[str]:
    return [plan["public_url"], *(region["service_url"] for region in plan["regions"].values())]


def _ports(*urls: str) -> set[int]:
    return {port for port in (urlsplit(url).port for url in urls) if port is not None}


def _client(service: str, endpoint: str, region: str) -> Any:
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id="OPERATOR",
        aws_secret_access_key="lab",  # noqa: S106 - the emulated AWS checks no signature
        config=Config(connect_timeout=2, read_timeout=15, retries={"total_max_attempts": 1}),
    )
