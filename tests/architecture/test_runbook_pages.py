"""Does each message that sends people to a page send them to one that is there?"""

from __future__ import annotations

import re
from pathlib import Path

from failover.domain.readiness.checks import BY_NAME

ROOT = Path(__file__).parents[2]


def test_each_check_of_readiness_has_its_section_and_no_section_is_of_no_check() -> None:
    pages = {check.page.partition("#")[0] for check in BY_NAME.values()}
    assert pages == {"runbooks/readiness.md"}
    sections = set(re.findall(r"(?m)^## ([a-z-]+)$", (ROOT / "runbooks" / "readiness.md").read_text()))
    assert sections == set(BY_NAME)
