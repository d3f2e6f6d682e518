"""Is a template that cfn-lint finds fault with found fault with each time, and asked about anew when anything is changed?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.templates import linting

QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}}


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(linting, "CLEAN", tmp_path / "clean")
    return tmp_path / "template.json"


def written(template: Path, **properties: Any) -> list[Path]:
    queue = {**QUEUE, "Properties": {**QUEUE["Properties"], **properties}}  # type: ignore[dict-item]
    template.write_text(json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Q": queue}}))
    return [template]


def test_a_mistake_is_found_however_often_it_is_looked_for(template: Path) -> None:
    for _ in range(2):
        (found,) = linting.findings(written(template, DelaySecond=1))
        assert "DelaySecond" in found


def test_only_a_text_that_was_asked_about_in_the_same_way_is_taken_as_clean(
    template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linting, "_asked", lambda *_: [])
    assert linting.findings(written(template)) == []
    monkeypatch.setattr(linting, "_asked", lambda *_: ["a match"])
    assert linting.findings(written(template)) == []
    assert linting.findings(written(template), regions=["us-west-2"]) == ["a match"]
    assert linting.findings(written(template, DelaySeconds=1)) == ["a match"]
