"""Does the audit tell a clean package from a vulnerable one, and both from one that nobody could be asked about?"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from proofs import audit_packages
from proofs.audit_packages import ROOT, audit, locks, main

LOCK = ROOT / "requirements" / "runtime.lock"
CLEAN = {"name": "idna", "version": "3.20", "vulns": []}
BROKEN = {"name": "urllib3", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"], "aliases": []}]}
SKIPPED = {"name": "boto3", "skip_reason": "Dependency not found on PyPI and could not be audited: boto3 (1.0)"}


def answers(monkeypatch: pytest.MonkeyPatch, **by_service: Any) -> list[str]:
    """pip-audit's reports by service; text stands for an error instead of a report."""
    asked: list[str] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        service = command[command.index("--vulnerability-service") + 1]
        asked.append(service)
        told = by_service[service]
        if isinstance(told, str):
            return subprocess.CompletedProcess(command, 1, "", told)
        return subprocess.CompletedProcess(command, 0, json.dumps({"dependencies": told, "fixes": []}), "")

    monkeypatch.setattr(audit_packages.subprocess, "run", run)
    return asked


def test_all_clean_passes_and_asks_one_service(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = answers(monkeypatch, pypi=[CLEAN])
    assert audit([LOCK]) == 0
    assert asked == ["pypi"]
    assert capsys.readouterr().out == "1 packages were asked about, 0 are vulnerable.\n"


def test_a_vulnerable_package_fails_and_says_which_version_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers(monkeypatch, pypi=[CLEAN, BROKEN])
    assert main(["--allow-unreachable"]) == 1
    assert "VULNERABLE urllib3 1.0: PYSEC-1 (fixed in 1.1)\n" in capsys.readouterr().out


def test_a_package_that_one_service_skips_is_asked_of_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip-audit itself exits with 0 when PyPI knows none of the packages."""
    assert answers(monkeypatch, pypi=[CLEAN, SKIPPED], osv=[CLEAN]) == []
    assert audit([LOCK]) == 0


@pytest.mark.parametrize(("arguments", "status"), [([], 2), (["--allow-unreachable"], 0)])
def test_what_nobody_could_be_asked_about_is_told_and_passes_only_when_that_is_allowed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int
) -> None:
    answers(monkeypatch, pypi=[SKIPPED], osv="Traceback ...\nConnectionError: api.osv.dev")
    assert main(arguments) == status
    told = capsys.readouterr().out
    assert "NOT AUDITED requirements/runtime.lock: pypi: Dependency not found on PyPI" in told
    assert "osv: ConnectionError: api.osv.dev" in told
    assert "nothing is known of those" in told


def test_a_vulnerability_is_told_even_where_another_package_could_not_be_asked_about(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers(monkeypatch, pypi=[BROKEN, SKIPPED], osv="down")
    assert main(["--allow-unreachable"]) == 1


def test_every_file_that_pins_packages_is_asked_about() -> None:
    found = {path.relative_to(ROOT).as_posix() for path in locks()}
    assert {"requirements/runtime.lock", "controlplane_sam/layer/requirements.txt"} <= found
    pinning = {
        path.relative_to(ROOT).as_posix()
        for folder in ("requirements", "controlplane_sam", "webapi")
        for path in Path(ROOT / folder).rglob("*")
        if path.suffix in {".txt", ".lock"} and "--hash=sha256:" in path.read_text(errors="replace")
    }
    assert pinning == found
