"""Is a throwaway replica promoted on real servers under live writes, and does no client notice?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.cli import main

pytestmark = pytest.mark.drill


def test_a_throwaway_replica_is_promoted_and_production_is_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(
        ["drill", "--isolated", "--rate", "100", "--warm-up", "1", "--settle", "1", "--reports", str(tmp_path)]
    )
    said = capsys.readouterr().out
    assert status == 0, said
    (folder,) = tmp_path.iterdir()
    told = json.loads((folder / "result.json").read_text())
    assert [one["step"] for one in told["steps"]] == ["create", "catch up", "promote", "check", "delete"]
    assert (told["complaints"], told["changed"], told["left_behind"]) == ([], [], None)
    assert told["clients"]["acknowledged"] > 0
    assert told["clients"]["others"] == 0
    assert told["clients"]["slots_before"] == told["clients"]["slots_after"] == ["database_us_west_2"]
    assert told["before"]["replicas"] == told["after"]["replicas"]
    assert told["before"]["record"] == told["after"]["record"]
    assert told["content"]["writes"] > 0
    assert told["price"]["usd"] > 0
    for name in ("report.md", "report.html"):
        assert told["verdict"] in (folder / name).read_text()
