"""Is what the lab deploys the project's own templates, expanded as AWS would expand them?"""

from __future__ import annotations

import copy
import io
import zipfile
from pathlib import Path

import pytest

from lab.cloud.cloudformation.sam_templates import TemplateError, code_directories, expand, load, package

ROOT = Path(__file__).parents[2]
SMALL = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {CodeUri: code, Runtime: python3.13, Handler: app.handler}
Resources:
  First: {Type: AWS::Serverless::Function}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: machine.asl.json
      Role: arn:aws:iam::123456789012:role/r
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "template.yaml").write_text(SMALL)
    (tmp_path / "machine.asl.json").write_text('{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}')
    (tmp_path / "code" / "__pycache__").mkdir(parents=True)
    (tmp_path / "code" / "app.py").write_text("def handler(event, context): ...\n")
    (tmp_path / "code" / "__pycache__" / "app.pyc").write_text("compiled")
    return tmp_path


def test_an_archive_holds_the_sources_and_no_caches(project: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(package(project, "code").content)) as archive:
        assert archive.namelist() == ["app.py"]


def test_equal_sources_give_the_same_archive_whenever_they_were_written(project: Path) -> None:
    """A key that follows from the content lets a deployment skip what is already there."""
    first = package(project, "code")
    (project / "code" / "app.py").touch()
    assert package(project, "code") == first
    (project / "code" / "app.py").write_text("changed")
    assert package(project, "code").key != first.key


def test_code_that_is_not_there_is_named(project: Path) -> None:
    with pytest.raises(TemplateError, match="missing is named as code"):
        package(project, "missing")


@pytest.mark.parametrize("content", ["just text", "Parameters: {}"])
def test_a_file_that_is_no_template_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(content)
    with pytest.raises(TemplateError, match="not a CloudFormation template"):
        load(path)


def test_a_template_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="No such file"):
        load(tmp_path / "template.yaml")


def test_code_and_definition_find_their_places(project: Path) -> None:
    template = load(project / "template.yaml")
    resources = expand(template, project, "us-west-2", {"code": "s3://artifacts/c.zip"})["Resources"]
    assert resources["First"]["Type"] == "AWS::Lambda::Function"
    assert resources["First"]["Properties"]["Code"] == {"S3Bucket": "artifacts", "S3Key": "c.zip"}
    assert "Succeed" in str(resources["Machine"]["Properties"]["DefinitionString"])


def test_expanding_leaves_the_template_as_it_is(project: Path) -> None:
    template = load(project / "template.yaml")
    before = copy.deepcopy(template)
    expand(template, project, "us-west-2", {"code": "s3://artifacts/c.zip"})
    assert template == before


def test_what_sam_refuses_is_refused_in_its_own_words(project: Path) -> None:
    template = load(project / "template.yaml")
    template["Resources"]["First"]["Properties"] = {"Events": {"E": {"Type": "NoSuchEvent"}}}
    with pytest.raises(TemplateError, match="NoSuchEvent"):
        expand(template, project, "us-west-2", {"code": "s3://artifacts/c.zip"})


def test_a_plain_template_is_taken_as_it_is() -> None:
    path = ROOT / "controlplane_sam" / "witness.yaml"
    template = load(path)
    assert code_directories(template) == []
    assert expand(template, path.parent, "us-east-1", {}) == template


def test_the_control_plane_names_its_functions_and_its_layers_as_code() -> None:
    assert code_directories(load(ROOT / "template.yaml")) == ["controlplane_sam/layer", "functions/", "webapi"]
