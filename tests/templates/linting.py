"""What does cfn-lint find in a template? Where it found nothing before, in the same text, it is not asked again."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

CLEAN = Path(__file__).parents[2] / "build" / "linted"


def findings(templates: Sequence[Path], **asked: list[str]) -> list[str]:
    """Every match, as a line. `asked` is what cfn-lint's configuration calls `regions`, `ignore_checks` and the like.

    Only that nothing was found is kept: by the texts, by what was asked, and by the releases that answered.
    """
    answering = [f"{name} {version(name)}" for name in ("cfn-lint", "aws-sam-translator")]
    question = [*answering, json.dumps(asked, sort_keys=True), *(path.read_text() for path in templates)]
    clean = CLEAN / hashlib.sha256("\0".join(question).encode()).hexdigest()
    if clean.exists():
        return []
    found = _asked(templates, asked)
    if not found:
        clean.parent.mkdir(parents=True, exist_ok=True)
        clean.touch()
    return found


def _asked(templates: Sequence[Path], asked: dict[str, list[str]]) -> list[str]:
    """Imported late: it is loaded where it is asked, and not by whoever only collects."""
    from cfnlint.api import lint_by_config
    from cfnlint.config import ManualArgs

    # cfn-lint goes three calls deeper for each line of a workflow.
    sys.setrecursionlimit(10_000)
    return [str(match) for match in lint_by_config(ManualArgs(templates=[str(path) for path in templates], **asked))]
