"""May a user change an assumption, and is a mistake told in one sentence?"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from lab.cost.errors import CostError
from lab.cost.usage import DEFAULTS, read_usage


def own(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return path


def test_every_assumption_has_a_reason_of_one_line() -> None:
    for name, one in read_usage().assumptions.items():
        assert one.reason.endswith("."), name
        assert "\n" not in one.reason, name


def test_no_assumption_is_there_for_nothing() -> None:
    code = "".join(path.read_text() for path in DEFAULTS.parent.glob("*.py"))
    assert [name for name in read_usage().assumptions if f'"{name}"' not in code] == []


def test_a_figure_of_ones_own_replaces_the_default_and_the_others_stay(tmp_path: Path) -> None:
    usage = read_usage(own(tmp_path, "requests_per_month: 5\nalarm_changes: {value: 1.5, reason: we counted.}\n"))
    assert usage["requests_per_month"] == 5
    assert usage["alarm_changes"] == Decimal("1.5")
    assert usage.assumptions["alarm_changes"].reason == "we counted."
    assert usage["hours_per_month"] == 730


def test_zero_is_a_figure_and_not_an_absence(tmp_path: Path) -> None:
    assert read_usage(own(tmp_path, "requests_per_month: 0\n"))["requests_per_month"] == 0


def test_the_file_itself_can_be_copied_and_passed(tmp_path: Path) -> None:
    assert read_usage(own(tmp_path, DEFAULTS.read_text())).assumptions == read_usage().assumptions


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("requests: 5\n", "requests is no usage assumption; known are access_logs_gb"),
        ("requests_per_month: -1\n", "requests_per_month is -1; allowed: a number, 0"),
        ("requests_per_month: many\n", "requests_per_month is 'many'; allowed: a number"),
        ("requests_per_month: true\n", "requests_per_month is True; allowed: a number"),
        ("requests_per_month:\n", "requests_per_month is None; allowed: a number"),
        ("requests_per_month: .nan\n", "requests_per_month is nan; allowed: a number"),
        ("requests_per_month: .inf\n", "requests_per_month is inf; allowed: a number"),
        ("requests_per_month: {value: 1, unit: x}\n", "requests_per_month has 'unit'; allowed: value and reason"),
        ("hours_per_month: 0\n", "hours_per_month is 0; allowed: a number above 0"),
        ("- 1\n", "is no usage file"),
        ("", "is no usage file"),
        ("a: [\n", "is not YAML"),
    ],
)
def test_a_usage_file_that_cannot_be_used_is_refused_in_one_sentence(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(CostError) as refused:
        read_usage(own(tmp_path, text))
    assert told in str(refused.value)
    assert "mine.yaml" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_usage_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CostError, match="cannot be read: No such file"):
        read_usage(tmp_path / "absent.yaml")
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CostError, match="not a text in UTF-8"):
        read_usage(binary)
