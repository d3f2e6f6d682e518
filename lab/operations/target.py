"""Which AWS does a command speak to: a running lab, or the account that the environment is signed in to?"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args
from urllib.parse import urlsplit

from lab.settings import PRIMARY_REGION, SECONDARY_REGION, SERVICE, SettingsError, within

if TYPE_CHECKING:
    from botocore.session import Session

TargetName = Literal["lab", "aws"]
TARGETS: tuple[TargetName, ...] = get_args(TargetName)
LAB_HOST = "127.0.0.1"
LAB_ANSWERS_WITHIN_SECONDS = 5.0
LAB_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "OPERATOR", "AWS_SECRET_ACCESS_KEY": "lab"}


@dataclass(frozen=True)
class Target:
    """`port` is that of the lab's AWS APIs; `service` is part of every name."""

    name: TargetName
    port: int
    service: str = SERVICE

    def require(self, region: str) -> None:
        """Raises SettingsError for what can be no Region there, before anything is asked."""
        _require_the_region(self.name, region)

    def enter(self, region: str) -> None:
        """From now on this process acts in `region` of the target, as an operator. Raises SettingsError where it cannot:
        there is no such Region, no lab runs, or nobody has signed in.
        """
        self.require(region)
        os.environ["AWS_REGION"] = os.environ["AWS_DEFAULT_REGION"] = region
        os.environ["PLAN_PARAMETER"] = f"/drlab/{self.service}/plan"
        if self.name == "lab":
            os.environ["AWS_ENDPOINT_URL"] = f"http://{LAB_HOST}:{self.port}"
            os.environ.update(LAB_CREDENTIALS)
            _require_a_lab(self.port)
            return
        if not os.environ.get("AWS_ENDPOINT_URL"):
            os.environ.pop("AWS_ENDPOINT_URL", None)
        _require_credentials()


def target(name: str, port: int, service: str = SERVICE) -> Target:
    """Raises SettingsError."""
    if name not in TARGETS:
        raise SettingsError(f"--target {name!r} is not one of {', '.join(TARGETS)}")
    within("--cloud-port", port, 1, 65_535, "the TCP port of the lab's AWS APIs")
    return Target(name, port, service)


def choose_account(name: str | None) -> None:
    """Which of the environment's accounts a command may see, before any session is made: none but that of `--target aws`.

    A lab is nobody's account, so that no profile, and none that is not there, has a say in it. Raises SettingsError.
    https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
    """
    if name == "aws":
        _require_the_configuration()
        return
    for profile in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        os.environ.pop(profile, None)
    for file in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        os.environ[file] = os.devnull


def _require_the_region(name: TargetName, region: str) -> None:
    """Of an account only the plan tells which Regions count; but what AWS cannot have is not asked for a plan.

    A Region that is newer than botocore is known by the pattern of its name:
    https://github.com/boto/botocore/blob/develop/botocore/regions.py (EndpointResolver.get_partition_for_region)
    """
    if name == "lab":
        if region not in (PRIMARY_REGION, SECONDARY_REGION):
            raise SettingsError(f"the lab's plan has no Region {region!r}: name {PRIMARY_REGION} or {SECONDARY_REGION}")
        return
    # Imported late: a refused setting should not wait for it.
    import boto3
    from botocore.exceptions import UnknownRegionError

    try:
        boto3.session.Session().get_partition_for_region(region)
    except UnknownRegionError as error:
        raise SettingsError(
            f"AWS has no Region {region!r}: name one of the installation's, which `drlab status` lists"
        ) from error


def _require_a_lab(port: int) -> None:
    try:
        socket.create_connection((LAB_HOST, port), LAB_ANSWERS_WITHIN_SECONDS).close()
    except OSError as error:
        raise SettingsError(
            f"no lab listens on {LAB_HOST}:{port}. `make up` keeps one running in another terminal; of one that runs on"
            " another port, say --cloud-port"
        ) from error
    # Imported late: a refused setting should not wait for it.
    from lab.cloud.control_client import CloudControl, CloudUnavailable

    try:
        is_lab = "databases" in CloudControl(f"http://{LAB_HOST}:{port}").desired()
    except (CloudUnavailable, ValueError):
        is_lab = False
    if not is_lab:
        raise SettingsError(
            f"what listens on {LAB_HOST}:{port} is no lab that answers: say the port of one with --cloud-port, as `make up`"
            " prints it"
        )


def _require_the_configuration() -> None:
    """Asked before the functions' modules are imported: Powertools makes a session as it is, and would end in a traceback.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """
    # Imported late: a refused setting should not wait for it.
    import botocore.session
    from botocore.exceptions import BotoCoreError, ConfigParseError
    from botocore.utils import is_valid_endpoint_url

    session = botocore.session.Session()
    try:
        addresses = list(_addresses(session))
    except ConfigParseError as error:
        credentials = Path(os.path.expandvars(session.get_config_variable("credentials_file"))).expanduser()
        name = "AWS_SHARED_CREDENTIALS_FILE" if Path(error.kwargs["path"]) == credentials else "AWS_CONFIG_FILE"
        raise SettingsError(
            f"the AWS configuration cannot be used: {error}. Mend it, or name another with {name}"
        ) from error
    except BotoCoreError as error:
        raise SettingsError(f"the AWS profile cannot be used: {error}") from error
    for where, address in addresses:
        try:
            parts = urlsplit(address)
            fits = parts.scheme in ("http", "https") and parts.port != 0 and is_valid_endpoint_url(address)
        except ValueError:
            fits = False
        if not fits:
            raise SettingsError(
                f"{where} is {address!r}, which is no http or https address such as http://127.0.0.1:5055: set it to one,"
                " or unset it"
            )


def _addresses(session: Session) -> Iterator[tuple[str, str]]:
    """Where AWS is to be, as somebody set it. Raises BotoCoreError for what cannot be read."""
    profile = session.get_scoped_config()
    services = session.full_config.get("services", {}).get(profile.get("services"), {})
    for name, value in os.environ.items():
        if name.startswith("AWS_ENDPOINT_URL") and value:
            yield name, value
    for section in (profile, *services.values()):
        if isinstance(section, dict) and section.get("endpoint_url"):
            yield "endpoint_url in the AWS configuration", str(section["endpoint_url"])


def _require_credentials() -> None:
    """Whether AWS takes them is seen at the first call."""
    # Imported late: a refused setting should not wait for it.
    import boto3
    from botocore.exceptions import BotoCoreError

    try:
        found = boto3.session.Session().get_credentials()
        if found is not None and found.method == "env":
            # Nothing is asked for these, and whether they have expired is in the environment as well.
            found.get_frozen_credentials()
    except (BotoCoreError, OSError, RuntimeError, ValueError) as error:
        # Of what is not installed, does not answer, is malformed or has expired: botocore has no error of its own for each.
        why = str(error).rstrip(". ")
        raise SettingsError(
            f"the AWS credentials cannot be used: {why}. Sign in again, or mend what names them."
        ) from error
    if found is None:
        raise SettingsError(
            "no AWS credentials were found. Sign in, for instance with `aws sso login` and AWS_PROFILE; or ask a lab that"
            " `make up` keeps running, with --target lab"
        )
