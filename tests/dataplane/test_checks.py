"""Do the checkers that need no account find the templates in order?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.dataplane.templates import FOLDER
from tests.templates import linting

# W3010: zones are named on purpose, so that a synthesis needs no account to ask (availabilityZones changes them).
# W3005: the CDK names a construct's resources in DependsOn, and so repeats what a reference says already.
LEFT_OUT = ["W3010", "W3005"]


@pytest.fixture(scope="session")
def findings(kept: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What AwsSolutions found unacknowledged, which acknowledgments there are, and every plugin's conclusion."""
    file = kept / "findings.json"
    if not file.is_file():
        file.write_text(json.dumps(_find(tmp_path_factory.mktemp("checked"))))
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def _find(folder: Path) -> dict[str, Any]:
    from dataplane_cdk.acknowledged import check, reasons
    from dataplane_cdk.app import build, context_of
    from dataplane_cdk.config import KEYS, Config

    config = Config.parse({key: value for key, value in context_of().items() if key in KEYS})
    app = build({}, str(folder))
    check(app, config)
    failed = ""
    try:
        app.synth()
    except RuntimeError as error:
        failed = str(error)
    report = folder / "validation-report.json"
    plugins = json.loads(report.read_text())["pluginReports"] if report.is_file() else []
    return {
        "failed": failed,
        "unacknowledged": [
            f"{violation['ruleName']} at {at['constructPath']}"
            for plugin in plugins
            for violation in plugin["violations"]
            for at in violation["violatingConstructs"]
        ],
        "plugins": [plugin["pluginName"] for plugin in plugins],
        "reasons": dict(reasons(config)),
    }


def test_every_finding_of_aws_solutions_is_acknowledged(findings: dict[str, Any]) -> None:
    assert (findings["failed"], findings["unacknowledged"]) == ("", [])


def test_each_acknowledgment_has_a_reason_of_its_own(findings: dict[str, Any]) -> None:
    assert [finding for finding, reason in findings["reasons"].items() if len(reason.split()) < 4] == []


def test_cfn_lint_finds_nothing() -> None:
    templates = sorted(FOLDER.glob("*.template.json"))
    assert len(templates) > 15
    assert linting.findings(templates, ignore_checks=LEFT_OUT) == []
