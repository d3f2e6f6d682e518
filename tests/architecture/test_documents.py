"""Are the generated documents what their sources say?"""

from __future__ import annotations

import re
from pathlib import Path

from lab.documentation.documents import rendered

ROOT = Path(__file__).parents[2]


def test_no_generated_document_is_out_of_date() -> None:
    """`make documents` writes them anew."""
    for path, text in rendered().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is out of date: run make documents"


def test_every_link_of_the_documents_leads_somewhere() -> None:
    for document in [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("runbooks/**/*.md"),
    ]:
        for target in re.findall(r"\]\(([^)#\s]+)\)", document.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name} links to {target}"
