"""Which templates would be deployed? `make synth` writes them for review; the lab deploys exactly these.

`make synth-options` writes what each option would change in them, for `drlab cost`: a dozen syntheses more.

Scrubbed: the hashes of assets, which change with every line of code, and the metadata of the toolkit.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dataplane_cdk.app import build
from dataplane_cdk.config import ConfigError
from dataplane_cdk.option_differences import FILE as DIFFERENCES
from dataplane_cdk.option_differences import differences

SYNTHESIZED = Path(__file__).parent / "synthesized"
HASH = re.compile(r"[0-9a-f]{64}")


def synthesize(context: dict[str, Any], folder: Path) -> dict[str, str]:
    """The files of `synthesized/` by name. `folder` gets the whole cloud assembly. Raises ConfigError."""
    build(context, str(folder)).synth()
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    stacks = {name: one for name, one in manifest["artifacts"].items() if one["type"] == "aws:cloudformation:stack"}
    files: dict[str, str] = {}
    described = []
    for name in _in_order(stacks):
        template = json.loads((folder / stacks[name]["properties"]["templateFile"]).read_text(encoding="utf-8"))
        files[f"{name}.template.json"] = _scrubbed(template)
        described.append(
            {
                "name": name,
                "region": stacks[name]["environment"].rsplit("/", 1)[-1],
                "template": f"{name}.template.json",
                "depends_on": sorted(set(stacks[name].get("dependencies", [])) & set(stacks)),
            }
        )
    files["deployment.json"] = json.dumps({"stacks": described}, indent=1) + "\n"
    return files


def _in_order(stacks: dict[str, Any]) -> list[str]:
    """Dependencies first, otherwise as the app made them."""
    ordered: list[str] = []

    def visit(name: str) -> None:
        if name in stacks and name not in ordered:
            for dependency in stacks[name].get("dependencies", []):
                visit(dependency)
            ordered.append(name)

    for name in stacks:
        visit(name)
    return ordered


def _scrubbed(template: dict[str, Any]) -> str:
    for resource in template.get("Resources", {}).values():
        resource.pop("Metadata", None)
    template.pop("Parameters", None)
    text = json.dumps(template, indent=1, sort_keys=True)
    return HASH.sub("0" * 64, text) + "\n"


def _in_a_folder_of_its_own(context: dict[str, Any]) -> dict[str, str]:
    with tempfile.TemporaryDirectory(prefix="drlab-synth-") as folder:
        return synthesize(context, Path(folder))


def main(arguments: Sequence[str]) -> int:
    """Exit status 1 when the context is refused."""
    try:
        told = _write_differences() if "--options" in arguments else _write_templates()
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    print(told)  # noqa: T201
    return 0


def _write_templates() -> str:
    files = _in_a_folder_of_its_own({})
    SYNTHESIZED.mkdir(exist_ok=True)
    for stale in SYNTHESIZED.glob("*.json"):
        if stale.name not in files:
            stale.unlink()
    for name, text in files.items():
        (SYNTHESIZED / name).write_text(text, encoding="utf-8")
    return f"{len(files) - 1} templates are in {SYNTHESIZED.parent.name}/{SYNTHESIZED.name}"


def _write_differences() -> str:
    DIFFERENCES.parent.mkdir(parents=True, exist_ok=True)
    DIFFERENCES.write_text(differences(_in_a_folder_of_its_own), encoding="utf-8")
    return f"what each option changes is in {SYNTHESIZED.parent.name}/{DIFFERENCES.relative_to(SYNTHESIZED.parent)}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
