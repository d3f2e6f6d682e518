"""One synthesis of each context for all tests, kept in build/ by a hash of what it is made from."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "build" / "synth"
SOURCES = ("dataplane_cdk", "requirements", "runbooks/queries")
# Of what the image is made from, a template holds nothing but a hash, which is scrubbed: only its files' names count.
IN_THE_IMAGE = ("webapi", "functions/failover")
Synthesis = Callable[[dict[str, Any]], dict[str, str]]


def digest() -> str:
    """Of everything that a template, or an asset's place in it, can depend on."""
    found = hashlib.sha256()
    for source in (*SOURCES, *IN_THE_IMAGE):
        for path in sorted((ROOT / source).rglob("*")):
            if path.is_file() and not {"__pycache__", "synthesized", "cdk.out"} & {*path.parts}:
                found.update(str(path.relative_to(ROOT)).encode())
                if source in SOURCES:
                    found.update(path.read_bytes())
    return found.hexdigest()[:20]


@pytest.fixture(scope="session")
def kept() -> Path:
    """The folder of what these sources gave; older ones are removed."""
    folder = KEPT / digest()
    if not folder.is_dir() and KEPT.is_dir():
        shutil.rmtree(KEPT)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def synthesis(kept: Path, tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    """The files that `make synth` would write with that context, by name."""

    def of(context: dict[str, Any]) -> dict[str, str]:
        name = hashlib.sha256(json.dumps(context, sort_keys=True).encode()).hexdigest()[:12]
        file = kept / f"{name}.json"
        if not file.is_file():
            # Imported late: jsii starts a process when it is loaded.
            from dataplane_cdk.synthesize import synthesize

            file.write_text(json.dumps(synthesize(context, tmp_path_factory.mktemp("assembly"))))
        files: dict[str, str] = json.loads(file.read_text())
        return files

    return of


@pytest.fixture(scope="session")
def synthesized(synthesis: Synthesis) -> dict[str, str]:
    """As cdk.json has it."""
    return synthesis({})
