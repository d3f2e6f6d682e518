"""Where does moto's workflow interpreter differ from Step Functions, for what the workflow file uses?

- It runs only when asked to.
- `$.a[0].b` names one value and not a list of one: https://states-language.net/#reference-paths
- It makes a client for each task; here they are kept, and call from the execution's own Region.
"""

from __future__ import annotations

import re
import sys
import threading
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config
from jsonpath_ng.ext import parse
from moto.core.config import default_user_config

from lab.cloud import parsed_workflows
from lab.cloud.context import CloudContext

MANY = re.compile(r"\[\*\]|\[-?\d*:-?\d*\]|\.\.|\[\?|\[\d+,|\.\*")
INTERPRETER = "moto.stepfunctions"


def install(context: CloudContext) -> None:
    """Make the interpreter of this process run workflows."""
    default_user_config["stepfunctions"]["execute_state_machine"] = True
    import moto.stepfunctions.parser.asl.utils.json_path as paths

    missing = paths.NoSuchJsonPathError

    def extract_json(path: str, data: Any) -> Any:
        found = _parsed(path).find(data)
        if MANY.search(path):
            return [match.value for match in found]
        if not found:
            raise missing(json_path=path, data=data)
        return found[0].value

    _replace("extract_json", extract_json)
    _parse_each_definition_once()
    _replace("boto_client_for", _kept_clients(context.endpoint))


# Making a parser takes a thousand times as long as using it.
_parsed = lru_cache(maxsize=1024)(parse)


def _parse_each_definition_once() -> None:
    """The result is only read, and nobody asks for the grammar's tree."""
    from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

    parse_or_load = parsed_workflows.kept(AmazonStateLanguageParser.parse)
    AmazonStateLanguageParser.parse = staticmethod(lru_cache(maxsize=64)(parse_or_load))


def _kept_clients(endpoint: str) -> Any:
    kept: dict[tuple[str, str], Any] = {}
    lock = threading.Lock()

    def client_for(region: str, service: str, state_credentials: Any = None) -> Any:
        del state_credentials
        with lock:
            if (region, service) not in kept:
                kept[region, service] = boto3.client(
                    service,
                    region_name=region,
                    endpoint_url=endpoint,
                    aws_access_key_id=f"LAB-{region}",
                    aws_secret_access_key="lab",  # noqa: S106 - no signature is checked
                    config=Config(
                        parameter_validation=False,
                        retries={"total_max_attempts": 1},
                        read_timeout=900,
                        max_pool_connections=32,
                    ),
                )
            return kept[region, service]

    return client_for


def _replace(name: str, function: Any) -> None:
    """The interpreter's modules import these by name, so each holds its own reference."""
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith(INTERPRETER) and name in vars(module):
            setattr(module, name, function)
