"""What does a template's `{{resolve:secretsmanager:...}}` stand for? The secret's value when the resource is made.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
"""

from __future__ import annotations

import json
import re
from typing import Any

from lab.cloud.cloudformation.resource import Clients

_SECRET = re.compile(r"\{\{resolve:secretsmanager:(.+?):SecretString:([^:}]+):?:?\}\}")


def resolved(value: Any, clients: Clients, region: str) -> Any:
    """`value` with every reference replaced, from the secrets of `region`. Raises ClientError."""

    def secret(match: re.Match[str]) -> str:
        text = clients.get("secretsmanager", region).get_secret_value(SecretId=match[1])["SecretString"]
        return str(json.loads(text)[match[2]])

    if isinstance(value, str):
        return _SECRET.sub(secret, value) if "{{resolve:" in value else value
    if isinstance(value, dict):
        return {key: resolved(item, clients, region) for key, item in value.items()}
    return [resolved(item, clients, region) for item in value] if isinstance(value, list) else value
