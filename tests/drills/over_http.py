"""How does a drill ask the operators' API? As Maria, with signed requests."""

from __future__ import annotations

import json
import uuid
from typing import Any

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from lab.laboratory import Laboratory
from lab.settings import SECONDARY_REGION

PATIENCE_SECONDS = 30


def asked(lab: Laboratory, method: str, path: str, body: Any = None, key: str | None = None) -> tuple[int, Any]:
    """Status and body of the answer. `key` None: one of its own."""
    request = AWSRequest(
        method,
        f"{lab.cloud.endpoint}/_lab/operators/{SECONDARY_REGION}/{path}",
        headers={"Idempotency-Key": key or uuid.uuid4().hex, "Content-Type": "application/json"},
        data=b"" if body is None else json.dumps(body).encode(),
    )
    SigV4Auth(Credentials("maria", "lab"), "execute-api", SECONDARY_REGION).add_auth(request)
    headers = dict(request.headers.items())
    answer = urllib3.request(
        method, request.url, headers=headers, body=request.data, timeout=PATIENCE_SECONDS, retries=False
    )
    return answer.status, json.loads(answer.data)
