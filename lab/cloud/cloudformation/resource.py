"""How does one CloudFormation resource become API calls, and what proves that it was made as written?

moto keeps the stacks and resolves intrinsic functions; a resource is created here by boto3 through the lab's
own endpoint and then read back. A stack that says CREATE_COMPLETE proves nothing by itself: moto drops
properties silently.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lab.cloud import own_calls
from lab.cloud.own_calls import WSGI

Properties = dict[str, Any]
Client = Any

_CALL_TIMEOUT_SECONDS = 10


class ResourceError(Exception):
    """A resource that was refused, or that does not read back as its template says."""


class Clients:
    """boto3 clients of one endpoint, made once for each service and Region and shared by threads."""

    def __init__(self, endpoint_port: int, app: WSGI | None = None) -> None:
        """With `app`, what listens at `endpoint_port`, calls go straight to it."""
        self._endpoint = f"http://127.0.0.1:{endpoint_port}"
        self._session = boto3.session.Session(
            aws_access_key_id="LAB-CLOUDFORMATION",
            aws_secret_access_key="unused",  # noqa: S106 -- the lab checks no signature
        )
        if app is not None:
            own_calls.take(self._session.events, app)
        self._made: dict[tuple[str, str], Client] = {}
        self._lock = threading.Lock()

    def get(self, service: str, region: str) -> Client:
        with self._lock:
            if (service, region) not in self._made:
                self._made[service, region] = self._session.client(
                    service,
                    region_name=region,
                    endpoint_url=self._endpoint,
                    config=Config(
                        user_agent="drlab",  # botocore would compose one for each call
                        retries={"total_max_attempts": 1},
                        connect_timeout=_CALL_TIMEOUT_SECONDS,
                        read_timeout=_CALL_TIMEOUT_SECONDS,
                        s3={"addressing_style": "path"},
                    ),
                )
            return self._made[service, region]


@dataclass(frozen=True)
class Wanted:
    """One resource of a template: where it goes, its resolved properties, and a name for want of a given one."""

    clients: Clients
    account_id: str
    region: str
    name: str
    properties: Properties

    def client(self, service: str) -> Client:
        return self.clients.get(service, self.region)

    def flag(self, name: str) -> bool:
        """A true or false, which templates may write as text; absent is false."""
        return str(self.properties.get(name, False)).lower() == "true"


@dataclass(frozen=True)
class Created:
    """What Ref gives, and what Fn::GetAtt gives."""

    ref: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """A resource that was created and is to be read back."""

    wanted: Wanted
    created: Created

    @property
    def ref(self) -> str:
        return self.created.ref

    @property
    def properties(self) -> Properties:
        return self.wanted.properties

    def client(self, service: str) -> Client:
        return self.wanted.client(service)


@dataclass(frozen=True)
class ResourceType:
    """One CloudFormation type: what of it is made and compared, and what is inert, with the reason.

    `read` gives the properties in CloudFormation's own form; those named in `made` must equal the template's.
    A type without `create` is inert as a whole: `inert` then has one reason under "*". `left_out` tells of one resource
    why it is not made although its type is, or None.
    """

    name: str
    made: frozenset[str] = frozenset()
    create: Callable[[Wanted], Created] | None = None
    read: Callable[[Made], Properties] | None = None
    inert: Mapping[str, str] = field(default_factory=dict)
    attributes: frozenset[str] = frozenset()
    left_out: Callable[[Mapping[str, Any]], str | None] = lambda _: None

    def unknown_properties(self, properties: Mapping[str, Any]) -> list[str]:
        if "*" in self.inert or self.left_out(properties):
            return []
        return sorted(set(properties) - self.made - set(self.inert))


def differences(wanted: Mapping[str, Any], found: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """The named properties that differ, as sentences; the order within a list does not count."""
    return [
        f"{name} should be {_canonical(wanted[name])} and reads back as {_canonical(found.get(name))}"
        for name in sorted(set(names) & set(wanted))
        if _canonical(wanted[name]) != _canonical(found.get(name))
    ]


def projected(wanted: Any, found: Any) -> Any:
    """`found` without the fields that `wanted` does not have: defaults that the service fills in."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        return {key: projected(wanted[key], found.get(key)) for key in wanted}
    if isinstance(wanted, list) and isinstance(found, list) and wanted:
        if len(wanted) == len(found):
            return [projected(one, other) for one, other in zip(wanted, found, strict=True)]
        return [projected(wanted[0], other) for other in found]
    return found


def make(kind: ResourceType, wanted: Wanted, where: str) -> Created:
    """Create one resource and compare it with what was wanted. Raises ResourceError, which begins with `where`."""
    if kind.create is None or kind.read is None or kind.left_out(wanted.properties):
        # Only other inert resources take these.
        return Created(wanted.name, dict.fromkeys(kind.attributes, wanted.name))
    unknown = kind.unknown_properties(wanted.properties)
    if unknown:
        raise ResourceError(f"{where}: the lab knows no property {', '.join(unknown)}")
    try:
        created = kind.create(wanted)
        found = kind.read(Made(wanted, created))
    except (ClientError, BotoCoreError, KeyError) as error:
        raise ResourceError(f"{where}: {type(error).__name__}: {error}") from error
    wrong = differences(wanted.properties, found, kind.made)
    if wrong:
        raise ResourceError(f"{where}: {'; '.join(wrong)}")
    return created


def _canonical(value: Any) -> str:
    return json.dumps(_plain(value), sort_keys=True)


def _plain(value: Any) -> Any:
    """Numbers and booleans are compared as strings: CloudFormation writes them either way."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return sorted((_plain(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(int(value) if value == int(value) else value)
    return value
