"""Do the three reports say what the result says, and only that?"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from drill_records import a_record
from rich.console import Console

from lab import evidence, report, result

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]


def text_of(found: dict[str, object]) -> str:
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(report.summary(found))
    return console.export_text()


def test_a_clean_drill_passes_and_its_reports_agree(tmp_path: Path) -> None:
    found = result.build(a_record())
    paths = report.write(found, tmp_path)
    assert found["passed"]
    assert json.loads(paths["result.json"].read_text()) == found
    for name in ("report.md", "report.html"):
        text = paths[name].read_text()
        assert found["verdict"] in text
        assert "Lab seconds are not AWS seconds" in text
        assert "2 rows, 10 ms" in text or "2 rows, 10.0 ms" in text
    assert "2 of 198 acknowledged rows lost" in text_of(found)


def test_unknown_is_never_shown_as_zero(tmp_path: Path) -> None:
    found = result.build(a_record(survivor_rows=None, runs=(), attempts=()))
    assert not found["passed"]
    markdown = report.write(found, tmp_path)["report.md"].read_text()
    assert "| of them missing in us-west-2 (RPO) | unknown rows, unknown ms |" in markdown
    assert "| **total (RTO)** | **unknown** |" in markdown
    assert "unknown" in text_of(found)


def test_a_violated_invariant_fails_the_drill_even_if_writes_flow(tmp_path: Path) -> None:
    found = result.build(a_record(mailbox_messages=0))
    assert not found["passed"]
    assert found["verdict"].startswith("Failed: 1 invariant violated")


def test_a_missed_target_fails_the_drill() -> None:
    settings = {**a_record().settings, "rto_target_minutes": 0.1}
    found = result.build(a_record(settings=settings))
    assert found["verdict"] == "Failed: RTO over the target."


def test_hostile_text_is_escaped(tmp_path: Path) -> None:
    found = result.build(a_record(fault_description="<script>alert(1)</script> | x"))
    paths = report.write(found, tmp_path)
    assert "<script>" not in paths["report.html"].read_text()
    assert "hc <b>" not in paths["report.html"].read_text()


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: the page was not looked at")
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_a_phone_and_a_desk_in_a_real_browser(tmp_path: Path, width: int) -> None:
    page = report.write(result.build(a_record()), tmp_path)["report.html"]
    probe = (
        "<script>addEventListener('load', () => { const svg = document.querySelector('svg').getBoundingClientRect();"
        " document.body.dataset.seen = [document.documentElement.scrollWidth <= innerWidth, svg.width > 300,"
        " svg.height > 200, performance.getEntriesByType('resource').length].join(); });</script>"
    )
    # The page forbids scripts; the copy that is looked at lets this one in.
    text = page.read_text().replace(
        "style-src 'unsafe-inline'", "style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    )
    looked_at = tmp_path / "probed.html"
    looked_at.write_text(text.replace("</body>", f"{probe}</body>"))
    seen = subprocess.run(
        [
            str(CHROMIUM),
            *QUIET,
            f"--user-data-dir={tmp_path / 'browser'}",
            f"--window-size={width},900",
            "--dump-dom",
            looked_at.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    assert 'data-seen="true,true,true,0"' in seen, seen[-300:]


def test_the_evidence_table_is_what_the_kept_reports_say() -> None:
    table = evidence.table([result.build(a_record())])
    assert (
        "| region-dark | 50 ms | 2.0 s | 4.5 s | 1.5 s | 2.0 s | 10.0 s | 2 | 10 | 3000 ms | 6 held, 0 violated |"
        in table
    )


def test_a_readme_without_markers_is_refused() -> None:
    with pytest.raises(evidence.EvidenceError, match="evidence:begin"):
        evidence.with_table("# no markers", [])
