"""What does `drlab cost` print, and how does it end?"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.cli import main
from lab.cost.quote import quote

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def own_signals() -> Iterator[None]:
    """The command takes Ctrl-C and an ordinary kill for itself; the tests after it must have theirs back."""
    kept = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for name, handler in kept.items():
        signal.signal(name, handler)


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")


@pytest.mark.usefixtures("wide")
def test_the_month_the_options_and_a_drill_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["cost"])
    told = capsys.readouterr().out
    month = quote().month
    assert status == (0 if month.within_budget else 1)
    for expected in ("ap-southeast-2", "us-west-2", "us-east-1", "RDS", f"{month.total:,.2f}", "databaseMultiAz=true"):
        assert expected in told
    assert "monthlyBudgetUsd, which is 400.00." in told
    assert "One drill costs" in told
    assert "Unconfirmed: " in told


@pytest.mark.usefixtures("wide")
def test_a_cheaper_month_is_within_the_budget_and_a_dearer_one_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "usage.yaml"
    own.write_text("hours_per_month: 100\n")
    assert main(["cost", "--usage", str(own)]) == 0
    assert "below monthlyBudgetUsd" in capsys.readouterr().out
    own.write_text("requests_per_month: 1000000000\n")
    assert main(["cost", "--usage", str(own)]) == 1
    assert "ABOVE monthlyBudgetUsd" in capsys.readouterr().out


def test_json_has_the_same_figures_with_every_item_price_and_assumption(capsys: pytest.CaptureFixture[str]) -> None:
    main(["cost", "--json"])
    told = json.loads(capsys.readouterr().out)
    found = quote()
    assert told["monthly_total"] == pytest.approx(float(found.month.total), abs=0.0001)
    assert told["within_budget"] == found.month.within_budget
    assert sum(one["usd"] for one in told["items"]) == pytest.approx(told["monthly_total"], abs=0.05)
    assert len(told["prices"]) == len(found.used)
    assert {one["confirmed"] for one in told["prices"]} == {True, False}
    assert all(one["source"].startswith("https://") and one["listed"] for one in told["prices"])
    assert {one["option"] for one in told["options"]} == {one.name for one in found.options}
    assert told["usage"]["hours_per_month"]["value"] == 730
    assert told["drill"]["total"] > 0


def test_a_usage_file_that_cannot_be_used_ends_with_one_sentence_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "usage.yaml"
    own.write_text("hours_per_month: often\n")
    assert main(["cost", "--usage", str(own)]) == 2
    told = capsys.readouterr().err
    assert told.startswith("drlab: ")
    assert "hours_per_month is 'often'; allowed: a number, 0 or more." in told
    assert "Traceback" not in told


def test_no_cdk_is_needed(tmp_path: Path) -> None:
    """The CDK is 720 MB, and a first look at the price should not wait for it."""
    blocked = tmp_path / "aws_cdk"
    blocked.mkdir()
    (blocked / "__init__.py").write_text("raise ImportError('the CDK was imported')")
    path = os.pathsep.join((str(tmp_path), str(ROOT), str(ROOT / "functions")))
    done = subprocess.run(
        [sys.executable, "-m", "lab.cli", "cost", "--json"],
        env={**os.environ, "PYTHONPATH": path},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode in (0, 1), done.stderr
    assert json.loads(done.stdout)["currency"] == "USD"
