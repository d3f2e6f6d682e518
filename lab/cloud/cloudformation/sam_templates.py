"""How does a SAM template become the plain CloudFormation that AWS would deploy?

`sam package` does two things that are done here without it: code goes to S3 and its address into the
template, and AWS's own translator (the aws-sam-translator library) expands the template.
"""

from __future__ import annotations

import copy
import hashlib
import io
import json
import logging
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import yaml
from samtranslator.parser.parser import Parser
from samtranslator.public.exceptions import InvalidDocumentException
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import intrinsics_multi_constructor

Template = dict[str, Any]

# It warns of usage metrics that it would have sent to AWS's own transform service.
logging.getLogger("samtranslator.metrics.metrics").disabled = True

SAM_TRANSFORM = "AWS::Serverless-2016-10-31"

_CODE_PROPERTIES = ("CodeUri", "ContentUri")
# A fixed date, so that the same sources give the same archive and the same key.
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
# The policies that SAM attaches by itself, at the addresses that AWS gives them.
_MANAGED_POLICIES = {
    name: f"arn:aws:iam::aws:policy/service-role/{name}"
    for name in ("AWSLambdaBasicExecutionRole", "AWSLambdaVPCAccessExecutionRole")
}


class _CloudFormationYaml(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """With CloudFormation's short forms, as SAM's translator reads them, but six times as fast where libyaml is there."""


_CloudFormationYaml.add_multi_constructor("!", intrinsics_multi_constructor)


class TemplateError(ValueError):
    """A template that cannot be read or expanded; the text says where and why."""


@dataclass(frozen=True)
class CodePackage:
    """An archive of one code directory, under a key that follows from its content."""

    directory: str
    key: str
    content: bytes


def package(root: Path, directory: str) -> CodePackage:
    """Zip a code directory of the repository. Caches and compiled files stay out. Raises TemplateError."""
    base = root / directory
    if not base.is_dir():
        raise TemplateError(f"{directory} is named as code, but {base} is not a directory")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(base.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                entry = zipfile.ZipInfo(path.relative_to(base).as_posix(), _ZIP_EPOCH)
                archive.writestr(entry, path.read_bytes())
    content = buffer.getvalue()
    return CodePackage(directory, f"code/{hashlib.sha256(content).hexdigest()}.zip", content)


def load(path: Path) -> Template:
    """Parse a template with CloudFormation's short forms. Raises TemplateError."""
    try:
        parsed = yaml.load(path.read_text(), _CloudFormationYaml)  # noqa: S506 - a safe loader
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise TemplateError(f"{path}: {error}") from error
    if not isinstance(parsed, dict) or "Resources" not in parsed:
        raise TemplateError(f"{path}: not a CloudFormation template, it has no Resources")
    return parsed


def code_directories(template: Template) -> list[str]:
    """The local directories that a SAM template names as code, in the order of their names."""
    return sorted({str(holder[name]) for holder, name in _code_holders(template)})


def expand(template: Template, base: Path, region: str, packages: Mapping[str, str]) -> Template:
    """The template as plain CloudFormation, for one Region.

    `base` is the directory that its paths start from; `packages` gives the s3:// address of each directory that
    it names as code. A state machine's definition file is put into the template. The template given is left as
    it is. Raises TemplateError.
    """
    template = copy.deepcopy(template)
    if template.get("Transform") != SAM_TRANSFORM:
        return template
    for holder, name in _code_holders(template):
        holder[name] = packages[str(holder[name])]
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::StateMachine" and "DefinitionUri" in properties:
            definition = base / properties.pop("DefinitionUri")
            properties["Definition"] = json.loads(definition.read_text())
    translator = Translator(_MANAGED_POLICIES, Parser(), boto_session=boto3.session.Session(region_name=region))
    try:
        expanded: Template = translator.translate(template, {}, feature_toggle=None)
    except InvalidDocumentException as error:
        reasons = "; ".join(cause.message for cause in error.causes)
        raise TemplateError(reasons) from error
    return expanded


def _code_holders(template: Template) -> list[tuple[dict[str, Any], str]]:
    shared = template.get("Globals", {}).get("Function", {})
    holders = [shared, *(resource.get("Properties", {}) for resource in template["Resources"].values())]
    return [(holder, name) for holder in holders for name in _CODE_PROPERTIES if isinstance(holder.get(name), str)]
