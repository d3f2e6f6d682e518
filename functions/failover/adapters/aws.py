"""How does anything here get a boto3 client? One session a process, each client made once, every call bounded."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config

_SESSION = boto3.session.Session()
DEFAULT_TIMEOUT = timedelta(seconds=3)


@lru_cache(maxsize=64)
def client(service: str, region: str, timeout: timedelta = DEFAULT_TIMEOUT, tries: int = 2) -> Any:
    """A client whose every try connects and answers within `timeout`, with at most `tries` of them.

    An empty AWS_ENDPOINT_URL counts as unset: a template can declare the variable without choosing an endpoint.
    """
    return _SESSION.client(
        service,
        region_name=region,
        endpoint_url=os.environ.get("AWS_ENDPOINT_URL") or None,
        config=Config(
            connect_timeout=timeout.total_seconds(),
            read_timeout=timeout.total_seconds(),
            retries={"total_max_attempts": tries, "mode": "standard"},
            max_pool_connections=16,
            s3={"addressing_style": "path"} if os.environ.get("AWS_ENDPOINT_URL") else None,
        ),
    )
