"""Does a command find out at once that it speaks to no AWS, and does a lab stay out of every account?"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from lab import cli
from lab.operations.target import Target, choose_account
from lab.settings import SettingsError

TOKEN = "failover-e1-0123abcd.aaaaaaaaaaaaaaaaaaaaaaaa"
ACCOUNT = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Has signed in. What is set meanwhile is as before afterwards."""
    monkeypatch.setattr(os, "environ", {key: value for key, value in os.environ.items() if key not in ACCOUNT})
    os.environ.update(
        {
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(tmp_path / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        }
    )
    monkeypatch.setattr(cli, "_end_on_signals", lambda: None)


def a_free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_a_lab_that_does_not_run_is_named_with_what_starts_one(capsys: pytest.CaptureFixture[str]) -> None:
    port = a_free_port()
    assert cli.main(["status", "--target", "lab", "--cloud-port", str(port)]) == cli.UNUSABLE
    said = " ".join(capsys.readouterr().err.split())
    assert said.startswith(f"drlab: no lab listens on 127.0.0.1:{port}. `make up` keeps one running")


@pytest.fixture(params=["<html>hello</html>", '{"ok": true}'], ids=["html", "json"])
def another_server(request: pytest.FixtureRequest) -> Iterator[int]:
    """It answers everything with 200, and is no AWS."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = request.param.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            """Of no interest."""

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield server.server_port
        server.shutdown()
        serving.join()


@pytest.mark.parametrize("command", ["status", "guard", "verify"])
def test_what_listens_there_and_is_no_lab_is_named(
    another_server: int, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([command, "--target", "lab", "--cloud-port", str(another_server)]) == cli.UNUSABLE
    said = " ".join(capsys.readouterr().err.split())
    assert said == (
        f"drlab: what listens on 127.0.0.1:{another_server} is no lab that answers: say the port of one with --cloud-port,"
        " as `make up` prints it"
    )


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SSM"])
@pytest.mark.parametrize("address", ["not a url", "http://[::1", "127.0.0.1:5055", "http://127.0.0.1:99999", "ftp://x"])
def test_an_address_that_is_none_is_named_before_anything_is_asked(
    name: str, address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """botocore's own ValueError would be a traceback."""
    monkeypatch.setitem(os.environ, name, address)
    assert cli.main(["status"]) == cli.UNUSABLE
    said = " ".join(capsys.readouterr().err.split())
    assert said == (
        f"drlab: {name} is {address!r}, which is no http or https address such as http://127.0.0.1:5055:"
        " set it to one, or unset it"
    )


@pytest.mark.parametrize(
    "written",
    [
        "[default]\nendpoint_url = nowhere\n",
        "[default]\nservices = own\n[services own]\nssm =\n  endpoint_url = nowhere\n",
    ],
    ids=["of the profile", "of a service"],
)
def test_an_address_in_the_configuration_file_that_is_none_is_named_too(
    written: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(os.environ["AWS_CONFIG_FILE"]).write_text(written, encoding="utf-8")
    assert cli.main(["status"]) == cli.UNUSABLE
    said = " ".join(capsys.readouterr().err.split())
    assert said.startswith(
        "drlab: endpoint_url in the AWS configuration is 'nowhere', which is no http or https address"
    )


@pytest.mark.parametrize("file", ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"])
@pytest.mark.parametrize("written", [b"[[[ bad", b"\xff\xfe[default]"], ids=["no section", "no text"])
def test_a_configuration_file_that_cannot_be_parsed_is_named(
    file: str, written: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(os.environ[file]).write_bytes(written)
    assert cli.main(["guard"]) == cli.UNUSABLE
    said = " ".join(capsys.readouterr().err.split())
    assert said == (
        f"drlab: the AWS configuration cannot be used: Unable to parse config file: {os.environ[file]}. Mend it, or name"
        f" another with {file}"
    )


SIGNED_IN = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_SESSION_TOKEN": "z"}


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        # What `aws configure export-credentials --format env` exported, an hour later.
        (
            {**SIGNED_IN, "AWS_CREDENTIAL_EXPIRATION": "2026-01-01T00:00:00Z"},
            "the refreshed credentials are still expired",
        ),
        ({**SIGNED_IN, "AWS_CREDENTIAL_EXPIRATION": "soon"}, "Unknown string format: soon"),
        ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/x"}, "Unsupported host 'example.com'"),
        ({"AWS_METADATA_SERVICE_TIMEOUT": "x"}, "invalid literal for int() with base 10: 'x'"),
    ],
    ids=["expired", "no moment", "another host", "no number"],
)
def test_credentials_that_cannot_be_used_are_told_in_a_sentence(
    environment: dict[str, str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """botocore has errors of its own for some of them alone."""
    os.environ.update(environment)
    assert cli.main(["status"]) == cli.UNUSABLE
    said = " ".join(capsys.readouterr().err.split())
    assert said.startswith("drlab: the AWS credentials cannot be used: ")
    assert why in said
    assert said.endswith("Sign in again, or mend what names them.")


@pytest.mark.parametrize("process", ["echo hi", '"unclosed', "/not/there"])
def test_a_process_that_gives_no_credentials_is_told_in_a_sentence(
    process: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(os.environ["AWS_CONFIG_FILE"]).write_text(f"[default]\ncredential_process = {process}\n", encoding="utf-8")
    assert cli.main(["status"]) == cli.UNUSABLE
    assert "drlab: the AWS credentials cannot be used: " in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    "command",
    [
        ["rehearse", "--region", "mars"],
        ["failover", "--plan-only", "--to", "mars"],
        ["failover", "--break-glass", "--region", "mars", "--reason", "x"],
        ["approve", TOKEN, "--region", "mars", "--accept-loss", "1"],
        ["refuse", TOKEN, "--region", "mars"],
        ["initialise", "--region", "mars"],
        ["switchover", "--to", "mars", "--reason", "x"],
        ["rebuild-standby", "--region", "mars", "--reason", "x"],
        ["release-old-primary", "app-us-west-2-diverged-3", "--region", "mars", "--reason", "x"],
        ["s3", "undelete", "app-data/", "--region", "mars"],
        ["drill", "--isolated", "--region", "mars"],
    ],
    ids=lambda command: command[0],
)
@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("lab", "the lab's plan has no Region 'mars': name ap-southeast-2 or us-west-2"),
        ("aws", "AWS has no Region 'mars': name one of the installation's, which `drlab status` lists"),
    ],
    ids=["lab", "aws"],
)
def test_a_region_that_cannot_be_is_refused_before_anything_is_asked(
    capsys: pytest.CaptureFixture[str], command: list[str], target: str, sentence: str
) -> None:
    """No lab listens, and nobody has signed in: neither is looked for."""
    assert cli.main([*command, "--target", target, "--cloud-port", str(a_free_port())]) == cli.UNUSABLE
    assert sentence in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["status", "--service", ""], "--service '' is no service's name; allowed: up to 20 of a-z, 0-9 and -"),
        (["guard", "--service", "../x"], "--service '../x' is no service's name; allowed: up to 20 of a-z, 0-9 and -"),
        (["approve", "", "--accept-loss", "1"], "This is no token: copy the whole line from the message."),
        (["refuse", "token"], "This is no token: copy the whole line from the message."),
        (["approve", TOKEN, "--accept-loss", "nan"], "--accept-loss 'nan' is no figure such as 12.5: copy the one in"),
        (["approve", TOKEN, "--accept-loss", "-1"], "--accept-loss '-1' is no figure such as 12.5: copy the one in"),
        (["disarm", "--for", "2 hours", "--reason", "x"], "--for '2 hours' is no duration such as 30m, 2h or 1d"),
        (["disarm", "--for=-1h", "--reason", "x"], "--for '-1h' is no duration such as 30m, 2h or 1d"),
        (["disarm", "--for", "\u0663h", "--reason", "x"], "is no duration such as 30m, 2h or 1d"),
        (["disarm", "--for", "0h", "--reason", "x"], "--for '0h' is out of range: 1m to 7d"),
        (["disarm", "--for", "9999d", "--reason", "x"], "--for '9999d' is out of range: 1m to 7d"),
        (["disarm", "--for", "99999999d", "--reason", "x"], "--for '99999999d' is no duration such as 30m, 2h or 1d"),
        (["disarm", "--for", "2h", "--reason", "  "], "--reason: A reason of 1 to 300 characters is needed."),
        (["switchover", "--to", "", "--reason", "x"], "AWS has no Region ''"),
        (["switchover", "--to", "us-west-2", "--reason", ""], "--reason: A reason of 1 to 300 characters is needed."),
        (["rebuild-standby", "--region", "us-west-2", "--reason", ""], "--reason: A reason of 1 to 300 characters"),
        (
            ["release-old-primary", "app", "--region", "us-west-2", "--reason", "x"],
            "'app' is not what a rebuild keeps:",
        ),
        (
            ["release-old-primary", "app-us-west-2-diverged-3", "--region", "us-west-2", "--reason", "x" * 301],
            "--reason: A reason of 1 to 300 characters is needed.",
        ),
        (["failover", "--print-policy"], "--print-policy goes with --break-glass alone: add that, or leave it out"),
        (["failover", "--plan-only", "--accept-loss", "0"], "--accept-loss goes with --break-glass alone: add that"),
        (["failover", "--resume", "RUN"], "--resume goes with --break-glass alone: add that, or leave it out"),
        (["failover", "--break-glass", "--reason", " "], "--reason: A reason of 1 to 300 characters is needed."),
        (["failover", "--break-glass", "--reason", "x", "--resume", ""], "--resume '' is no run's name"),
        (["failover", "--break-glass", "--reason", "x", "--take-over", "a b"], "--take-over 'a b' is no run's name"),
        (["s3", "compare", "app-data/", "--service", "A"], "--service 'A' is no service's name"),
        (["s3", "undelete", "app-data/", "--region", ""], "AWS has no Region ''"),
        (["cost", "--usage", ""], "--usage '' is no file's name"),
    ],
    ids=lambda one: " ".join(one)[:60] if isinstance(one, list) else "",
)
def test_what_can_be_seen_to_be_wrong_is_refused_before_anything_is_asked(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody has signed in, and that is not what is said."""
    assert cli.main(arguments) == cli.UNUSABLE
    assert sentence in " ".join(capsys.readouterr().err.split())


def test_a_service_in_cdk_json_that_is_none_is_named_as_such(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("lab.commands.options.configured", lambda name: ["My App"])
    assert cli.main(["status"]) == cli.UNUSABLE
    assert "drlab: service in dataplane_cdk/cdk.json 'My App' is no service's name" in " ".join(
        capsys.readouterr().err.split()
    )


@pytest.mark.parametrize("region", ["eu-west-1", "ap-southeast-9", "us-gov-west-1"])
def test_a_region_of_aws_is_none_the_less_for_being_new(region: str) -> None:
    with pytest.raises(SettingsError, match="no AWS credentials were found"):
        Target("aws", 0).enter(region)


def test_without_credentials_it_is_said_how_to_sign_in() -> None:
    with pytest.raises(
        SettingsError, match=r"no AWS credentials were found. Sign in, for instance with `aws sso login`"
    ):
        Target("aws", 0).enter("us-west-2")


def test_a_profile_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    os.environ["AWS_PROFILE"] = "nobodys"
    assert cli.main(["status"]) == cli.UNUSABLE
    assert "The config profile (nobodys) could not be found" in " ".join(capsys.readouterr().err.split())


def test_a_profile_is_looked_for_before_anything_that_needs_it_is_imported() -> None:
    os.environ["AWS_PROFILE"] = "nobodys"
    with pytest.raises(SettingsError, match=r"The config profile \(nobodys\) could not be found"):
        choose_account("aws")


@pytest.mark.parametrize("target", [None, "lab"])
def test_a_lab_hears_of_no_profile(target: str | None) -> None:
    """Also of none that is not there, which boto3 refuses as soon as a session is made."""
    os.environ["AWS_PROFILE"] = os.environ["AWS_DEFAULT_PROFILE"] = "nobodys"
    choose_account(target)
    assert not {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"} & os.environ.keys()
    assert os.environ["AWS_CONFIG_FILE"] == os.environ["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull


def test_every_command_chooses_before_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    os.environ["AWS_PROFILE"] = "nobodys"
    seen: list[str | None] = []

    def run(*_: object) -> int:
        seen.append(os.environ.get("AWS_PROFILE"))
        return 0

    monkeypatch.setattr("lab.commands.cost.run", run)
    assert cli.main(["cost"]) == 0
    assert seen == [None]
