"""Is everything that cannot work refused in a sentence, before anything is started?"""

from __future__ import annotations

import socket
from collections import namedtuple
from datetime import timedelta
from pathlib import Path

import pytest

from bench import series
from lab import cli
from lab.host import preflight
from lab.settings import DrillSettings, LabSettings, SettingsError


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"replication_delay": timedelta(seconds=-1)}, "--replication-delay -1000 is out of range: 0 to 5000"),
        ({"synchronous_mode": "maybe"}, "--synchronous 'maybe' is not one of off, remote_write, on, remote_apply"),
        ({"cloud_port": 70000}, "--cloud-port 70000 is out of range"),
        ({"time_scale": 0.5}, "--time-scale 0.5 is out of range"),
        ({"database_mode": "mysql"}, "--db-mode 'mysql' is not one of rds-postgres, aurora-global"),
        (
            {"database_mode": "aurora-global", "synchronous_mode": "on"},
            "--synchronous on does not go with --db-mode aurora-global: an Aurora global database replicates asynch",
        ),
    ],
)
def test_a_labs_setting_that_cannot_be_used_is_named(wrong: dict[str, object], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        LabSettings(**wrong)  # type: ignore[arg-type]


def test_a_fault_that_asks_for_a_restore_is_refused_where_the_workflow_restores_nothing() -> None:
    with pytest.raises(SettingsError, match="replica-lost does not go with --db-mode aurora-global"):
        DrillSettings(LabSettings(database_mode="aurora-global"), fault="replica-lost")
    with pytest.raises(SettingsError, match="its throwaway replica is of an RDS instance"):
        DrillSettings(LabSettings(database_mode="aurora-global"), isolated=True)


def test_an_unknown_fault_is_named_with_those_that_exist() -> None:
    with pytest.raises(SettingsError, match="--fault 'meteor' is not one of region-dark, database-killed"):
        DrillSettings(fault="meteor")  # type: ignore[arg-type]


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(preflight.PreflightError, match=rf"port {port} \(--cloud-port\) is taken"):
            preflight.check(LabSettings(cloud_port=port))


def test_a_port_that_is_not_this_users_to_take_is_not_called_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def bind(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", bind)
    with pytest.raises(
        preflight.PreflightError, match=r"port 80 \(--cloud-port\) is one that this user may not listen on"
    ):
        preflight.check(LabSettings(cloud_port=80))


def test_a_full_disk_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(10, 9, 1))
    with pytest.raises(preflight.PreflightError, match=r"MiB free and a lab needs 1024 MiB"):
        preflight.check(LabSettings())


@pytest.mark.parametrize("where", ["not-there", "file/below"])
def test_a_folder_that_tmpdir_names_and_that_takes_no_file_is_refused(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python would go on to the next folder that it knows, and the lab's files be where nobody wanted them."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("TMPDIR", str(tmp_path / where))
    with pytest.raises(preflight.PreflightError) as refused:
        preflight.check(LabSettings())
    assert str(refused.value).startswith(f"TMPDIR names {tmp_path / where}, and no file can be made in it (")
    assert str(refused.value).endswith("): make that folder, name another, or unset TMPDIR.")


def test_a_folder_that_tmpdir_does_not_name_from_the_root_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lab's processes run in the root folder, where they would look for it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", ".")
    with pytest.raises(preflight.PreflightError, match=rf"name it from the root, as {tmp_path}, or unset TMPDIR"):
        preflight.check(LabSettings())


def test_a_folder_that_tmpdir_names_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    preflight.check(LabSettings())
    assert list(tmp_path.iterdir()) == []


def test_an_old_python_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.version_info", (3, 10, 1))
    with pytest.raises(preflight.PreflightError, match=r"needs Python 3\.11 or newer; this is 3\.10"):
        preflight.check(LabSettings())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--runs", "0"], "--runs 0 is out of range: 1 to 1000 (drills)"),
        (["--replication-delay", "nan"], "--replication-delay nan is no length of time"),
        (["--replication-delay", "5001"], "--replication-delay 5001 is out of range: 0 to 5000 (milliseconds)"),
    ],
)
def test_a_series_that_cannot_be_is_refused_before_its_first_drill(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of no drill at all every one has passed."""
    with pytest.raises(SystemExit, match="2"):
        series.main(arguments)
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("command", ["drill", "roundtrip"])
def test_a_folder_that_takes_no_report_is_refused_before_the_drill(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found out afterwards, the whole drill is for nothing. Root writes everywhere, but not below a file."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setattr(cli, "_end_on_signals", lambda: None)
    folder = tmp_path / "file" / "reports"
    assert cli.main([command, "--reports", str(folder)]) == cli.UNUSABLE
    said = capsys.readouterr().err.replace("\n", "")
    assert "no report can be written to" in said
    assert "name another folder with --reports" in said


def test_a_folder_for_reports_is_made_where_there_is_none(tmp_path: Path) -> None:
    preflight.check_reports(tmp_path / "not" / "yet")
    assert list((tmp_path / "not" / "yet").iterdir()) == []
