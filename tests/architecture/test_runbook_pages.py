"""Does each message that sends people to a page send them to one that is there?"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from failover.application import notify, reconcile_run
from failover.domain.outcome import Result
from failover.domain.readiness.checks import BY_NAME
from tests.templates.expanded import CONTROL_PLANE, WITNESS, expanded, text

ROOT = Path(__file__).parents[2]


def test_each_check_of_readiness_has_its_section_and_no_section_is_of_no_check() -> None:
    pages = {check.page.partition("#")[0] for check in BY_NAME.values()}
    assert pages == {"runbooks/readiness.md"}
    sections = set(re.findall(r"(?m)^## ([a-z-]+)$", (ROOT / "runbooks" / "readiness.md").read_text()))
    assert sections == set(BY_NAME)


def alarms() -> dict[str, str]:
    """Of every template that is deployed: the alarm's name, and its description."""
    found: dict[str, str] = {}
    synthesized = [
        json.loads(path.read_text()) for path in (ROOT / "dataplane_cdk" / "synthesized").glob("*.template.json")
    ]
    options = json.loads((ROOT / "dataplane_cdk" / "synthesized" / "options" / "differences.json").read_text())
    on_request = [
        {"Resources": {name: one for name, one in stack["resources"].items() if one}}
        for stacks in options.values()
        for stack in stacks.values()
    ]
    for template in (*synthesized, *on_request, expanded(CONTROL_PLANE), expanded(WITNESS)):
        for resource in template["Resources"].values():
            if resource["Type"] in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
                name = resource["Properties"]["AlarmName"]
                found[name if isinstance(name, str) else text(name)] = resource["Properties"].get(
                    "AlarmDescription", ""
                )
    return found


ALARMS = alarms()


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_names_the_page_that_says_what_to_do(name: str) -> None:
    link = re.search(r"Runbook: (runbooks/alarms/[a-z-]+\.md)$", ALARMS[name])
    assert link is not None, f"{name}: {ALARMS[name]!r}"
    page = ROOT / link[1]
    assert page.is_file(), link[1]
    if not name.startswith("burns-"):
        assert page.stem == name.removesuffix("-of-drlab-app").removeprefix("drlab-app-")
    sections = re.findall(r"(?m)^## (.+)$", page.read_text())
    assert sections == ["Impact", "Diagnosis", "Mitigation"]


def test_no_page_is_of_an_alarm_that_does_not_exist() -> None:
    pages = {path.stem for path in (ROOT / "runbooks" / "alarms").glob("*.md")} - {"README"}
    named = {one.removesuffix("-of-drlab-app").removeprefix("drlab-app-") for one in ALARMS}
    assert pages - named == set()
    index = (ROOT / "runbooks" / "alarms" / "README.md").read_text()
    assert set(re.findall(r"\]\(([a-z-]+)\.md\)", index)) == pages


def test_each_message_of_a_run_names_a_page() -> None:
    """Of every way in which a run ends, of a question, and of what a dead run left behind."""
    assert set(notify.PAGES) == set(Result)
    source = (ROOT / "functions" / "failover" / "application" / "await_approval.py").read_text()
    named = {*notify.PAGES.values(), reconcile_run.PAGE, *re.findall(r"runbooks/[a-z_]+\.md", source)}
    assert len(named) == 6
    assert [page for page in named if not re.fullmatch(r"runbooks/[a-z_]+\.md", page)] == []
