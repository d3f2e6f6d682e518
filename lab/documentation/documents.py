"""Which documents are generated, and from what? The workflows' README, the README's table of drills, the fault scenarios."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from lab.documentation import evidence, scenarios, workflow

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW_README = ROOT / "statemachines" / "README.md"
README = ROOT / "README.md"


def write_all(console: Console, check_only: bool) -> int:
    """Write what is out of date, or only say so: exit status 0 when nothing is (any more), else 1."""
    stale = {path: text for path, text in rendered().items() if not path.exists() or path.read_text("utf-8") != text}
    for path, text in stale.items():
        console.print(f"{'out of date' if check_only else 'wrote'}: {path.relative_to(ROOT)}", markup=False)
        if not check_only:
            path.write_text(text, encoding="utf-8")
    return 1 if stale and check_only else 0


def rendered() -> dict[Path, str]:
    """Every generated document as it should be."""
    return {
        WORKFLOW_README: workflow.render(),
        scenarios.DOCUMENT: scenarios.render(scenarios.scenarios(), scenarios.marked()),
        README: evidence.with_table(
            README.read_text(encoding="utf-8"), evidence.reports(), evidence.beside_production()
        ),
    }
