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
    """To a file, and where it names a heading to that heading."""
    for document in [
        *ROOT.glob("*.md"),
        *(
            path
            for name in ("docs", "runbooks", "dataplane_cdk", "statemachines")
            for path in ROOT.glob(f"{name}/**/*.md")
        ),
    ]:
        for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
            if "://" not in target:
                path, _, heading = target.partition("#")
                found = (document.parent / path) if path else document
                assert found.exists(), f"{document.name} links to {target}"
                assert not heading or heading in headings(found), f"{document.name} links to {target}"


def test_every_deployment_after_the_first_asks_the_guard_first() -> None:
    """Of the first, before there is a leader record, it would only say that who leads is unknown."""
    text = (ROOT / "dataplane_cdk" / "deploy.md").read_text(encoding="utf-8").replace(" \\\n", " ")
    first, there_is_a_record, later = text.partition("\nand in step 7\n")
    assert there_is_a_record
    typed = re.findall(r"(?m)^ {4,}(.*(?:sam deploy|aws-cdk@\S+ deploy) .*)$", later)
    assert len(typed) >= 6
    assert [line for line in typed if not line.lstrip().startswith(".venv/bin/drlab guard && ")] == []
    assert "drlab guard && " not in first.partition("## The order")[0]


def headings(document: Path) -> set[str]:
    """By the names that GitHub gives them.

    https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#section-links
    """
    titles = re.findall(r"(?m)^#+ (.+)$", document.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}
