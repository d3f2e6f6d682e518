"""What of the context is refused, and does each choice synthesize?"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dataplane_cdk import app
from dataplane_cdk.app import build, context_of
from dataplane_cdk.config import KEYS, Config, ConfigError
from tests.dataplane.templates import PRIMARY, STANDBY

ROOT = Path(__file__).parents[2]
CONTEXT = json.loads((ROOT / "dataplane_cdk" / "cdk.json").read_text())["context"]
OWN = {key: CONTEXT[key] for key in KEYS}
# A digit for Unicode and for Python's \\d, and none for AWS.
FULL_WIDTH = "\uff11"
NO_EMAIL = ("a..b@example.com", "a.@example.com", ".a@example.com", "a@-x-.com", "a@x..com", f"{'a' * 65}@example.com")
NO_URL = (
    *(
        "ftp://x",
        "https://...",
        "https://a:99999/x",
        "https://a:0/x",
        "https://-a/x",
        "https://a-.com",
        "https://a..b/x",
    ),
    *("https:///x", f"https://{'a' * 64}.com/", f"https://{'a.' * 127}com/"),
)
CERTIFICATE = f"arn:aws:acm:{PRIMARY}:123456789012:certificate/11111111-2222"


def test_the_context_of_cdk_json_is_accepted() -> None:
    config = Config.parse(OWN)
    assert (config.primary.name, config.secondary.name, config.witness_region) == (PRIMARY, STANDBY, "us-east-1")
    assert (config.primary.tasks, config.secondary.tasks) == (2, 1)


def test_a_failover_goes_on_with_the_full_size_unless_another_minimum_is_given() -> None:
    assert Config.parse({**OWN, "primaryTasks": 4}).minimum_tasks == 4
    assert Config.parse({**OWN, "primaryTasks": 4, "minimumTasks": "3"}).minimum_tasks == 3


def test_values_given_on_the_command_line_are_texts_and_are_read_alike() -> None:
    config = Config.parse({**OWN, "primaryTasks": "5", "canaryEnabled": "true", "availabilityZones": "{}"})
    assert (config.primary_tasks, config.canary_enabled) == (5, True)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"primryRegion": "eu-west-1"}, ('primryRegion is "eu-west-1"', "no such key", "primaryRegion")),
        ({"primaryRegion": "sydney"}, ('primaryRegion is "sydney"', "us-west-2")),
        ({"secondaryRegion": PRIMARY}, (f'Region is "{PRIMARY}"', "given twice")),
        ({"primaryRegion": "us-east-1"}, ('Region is "us-east-1"', "given twice")),
        ({"witnessRegion": "eu-west-1"}, ('witnessRegion is "eu-west-1"', "us-east-1")),
        ({"dbMode": "mysql"}, ('dbMode is "mysql"', "rds-postgres or aurora-global")),
        ({"routing": "weighted"}, ('routing is "weighted"', "failover or explicit")),
        ({"failoverPolicy": "never"}, ('failoverPolicy is "never"', "auto or approve or auto-within-rpo")),
        ({"fencing": "advisory"}, ('fencing is "advisory"', "lease")),
        ({"alarmEmail": "nobody"}, ('alarmEmail is "nobody"', "an e-mail address, or nothing")),
        *(({"alarmEmail": one}, (f'alarmEmail is "{one}"', "an e-mail address, or nothing")) for one in NO_EMAIL),
        *(({"webhookUrl": one}, (f'webhookUrl is "{one[:70]}', "http or https")) for one in NO_URL),
        ({"account": FULL_WIDTH * 12}, ("account is ", "12 digits, as a text")),
        ({"leaseSeconds": FULL_WIDTH * 2}, ("leaseSeconds is ", "10 to 300")),
        ({"primaryRegion": f"us-west-{FULL_WIDTH}"}, ("primaryRegion is ", "us-west-2")),
        ({"certificateArns": {PRIMARY: CERTIFICATE.replace("1", FULL_WIDTH)}}, ("certificateArns.", "ACM certificate")),
        ({"no\nkey": "x"}, ('no\\nkey is "x"', "no such key")),
        ({"domainName": "App Example"}, ('domainName is "App Example"', "DNS name")),
        ({"hostedZoneId": "example.com"}, ('hostedZoneId is "example.com"', "hosted zone's id")),
        ({"account": 123456789012}, ("account is 123456789012", "12 digits, as a text")),
        ({"service": "My App"}, ('service is "My App"', "a letter first")),
        ({"service": "app-"}, ('service is "app-"', "each - between two others")),
        ({"service": "my--app"}, ('service is "my--app"', "each - between two others")),
        ({"primaryTasks": 0}, ("primaryTasks is 0", "1 to 1000")),
        ({"minimumTasks": 3}, ("minimumTasks is 3", "1 to 2")),
        ({"primaryTasks": True}, ("primaryTasks is true", "whole number")),
        ({"warmStandbyTasks": 3}, ("warmStandbyTasks is 3", "at most primaryTasks, which is 2")),
        ({"canaryEnabled": "yes"}, ('canaryEnabled is "yes"', "true or false")),
        ({"leaseSeconds": 1}, ("leaseSeconds is 1", "10 to 300")),
        ({"signalsRequired": 4}, ("signalsRequired is 4", "1 to 3")),
        ({"certificateArns": {PRIMARY: "x"}}, (f'certificateArns.{PRIMARY} is "x"', "ACM certificate")),
        ({"certificateArns": {PRIMARY: CERTIFICATE}}, (f"certificateArns.{STANDBY} is null", "both Regions")),
        ({"certificateArns": {"eu-west-1": "x"}}, ("certificateArns.eu-west-1", f"only {PRIMARY}")),
        ({"availabilityZones": {STANDBY: ["us-west-2a"]}}, (f"availabilityZones.{STANDBY}", "two zones")),
        ({"certificateArns": "x"}, ('certificateArns is "x"', "a JSON object")),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(changed: dict[str, Any], told: tuple[str, ...]) -> None:
    """With the key, the value and what is allowed."""
    with pytest.raises(ConfigError) as refused:
        Config.parse({**OWN, **changed})
    text = str(refused.value)
    assert [part for part in told if part not in text] == [], text
    assert text.startswith("context: ")
    assert text.endswith(".")
    assert "\n" not in text


@pytest.mark.parametrize("address", ["a@example.com", "a.b+c_d%e-f@x-y.example.co", "A1@a.b.c.io"])
def test_an_address_that_mail_can_have_is_accepted(address: str) -> None:
    assert Config.parse({**OWN, "alarmEmail": address}).alarm_email == address


@pytest.mark.parametrize("url", ["https://a/x", "http://127.0.0.1:65535", "https://hooks.example.com/a_b/~c?d=%20&e="])
def test_an_address_that_a_webhook_can_have_is_accepted(url: str) -> None:
    assert Config.parse({**OWN, "webhookUrl": url}).webhook_url == url


@pytest.mark.parametrize("value", [math.nan, math.inf, {PRIMARY: [math.nan]}, b"x"])
def test_what_is_no_json_is_refused_before_the_toolkit_is_given_it(value: object) -> None:
    """It would end the process that synthesizes, and every later synthesis of this one with it."""
    with pytest.raises(ConfigError, match=r"^context: leaseSeconds is .*; allowed: a value of JSON") as refused:
        build({"leaseSeconds": value})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"{", "is no JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (b"", "is no JSON: Expecting value: line 1 column 1 (char 0)"),
        (b'{"context": "\xff"}', "is not UTF-8"),
        (b"[]", "holds no object named context"),
        (b"{}", "holds no object named context"),
        (b'{"context": []}', "holds no object named context"),
        (
            b"[" * 100_000,
            "is no JSON: maximum recursion depth exceeded while decoding a JSON array from a unicode string",
        ),
    ],
    ids=["missing", "no JSON", "empty", "not UTF-8", "no object", "no context", "no object in it", "too deep"],
)
def test_a_cdk_json_that_cannot_be_used_is_named_in_a_sentence(
    content: bytes | None,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "cdk.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        context_of(path)
    assert str(refused.value) == f"{path} {told}; allowed: a JSON object in UTF-8, with an object named context in it."
    monkeypatch.setattr(app, "CDK_JSON", path)
    assert app.main() == 1
    assert str(refused.value) in capsys.readouterr().err


def test_a_missing_key_is_refused() -> None:
    with pytest.raises(ConfigError, match="dbMode is null; allowed: a value: the key is missing"):
        Config.parse({key: value for key, value in OWN.items() if key != "dbMode"})


def test_a_region_without_a_price_is_refused() -> None:
    with pytest.raises(ConfigError, match=f'secondaryRegion is "{STANDBY}"; allowed: a Region with a price: {PRIMARY}'):
        Config.parse(OWN, {PRIMARY})


def test_another_pair_and_another_service_are_configuration_alone() -> None:
    changed = {"primaryRegion": "eu-west-1", "secondaryRegion": "eu-central-1", "service": "orders"}
    config = Config.parse({**OWN, **changed})
    assert config.primary.availability_zones == ("eu-west-1a", "eu-west-1b")


def test_the_toolkits_command_writes_where_it_was_typed_and_tells_what_is_wrong_without_a_traceback() -> None:
    """The toolkit names the folder for the output relative to its own, and reads it there."""
    folder = ROOT / "dataplane_cdk"
    out = f"cdk.out/test-{os.getpid()}"
    ended = subprocess.run(  # noqa: S602 -- the toolkit gives it to a shell too
        json.loads((folder / "cdk.json").read_text())["app"],
        shell=True,
        cwd=folder,
        env={**os.environ, "CDK_CONTEXT_JSON": json.dumps({"dbMode": "mysql"}), "CDK_OUTDIR": out},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    try:
        assert (folder / out).is_dir(), "the toolkit looks there alone"
    finally:
        for made in (folder / out, ROOT / out):
            shutil.rmtree(made, ignore_errors=True)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert 'context: dbMode is "mysql"; allowed: rds-postgres or aurora-global.' in ended.stderr
