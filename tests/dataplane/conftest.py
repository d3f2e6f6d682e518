"""One synthesis for all tests of a session, kept by a hash of what it is made from."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("dataplane_cdk", "webapi", "functions/failover", "requirements")


def digest() -> str:
    """Of everything that a template, or an asset's place in it, can depend on."""
    found = hashlib.sha256()
    for source in SOURCES:
        for path in sorted((ROOT / source).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and "synthesized" not in path.parts:
                found.update(str(path.relative_to(ROOT)).encode())
                found.update(path.read_bytes())
    return found.hexdigest()[:20]


@pytest.fixture(scope="session")
def synthesized() -> dict[str, str]:
    """The files that `make synth` would write now, by name."""
    kept = ROOT / "build" / "synth" / f"{digest()}.json"
    if not kept.is_file():
        # Imported late: jsii starts a process when it is loaded.
        from dataplane_cdk.synthesize import synthesize

        folder = kept.with_suffix("")
        folder.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(synthesize({}, folder)))
    files: dict[str, str] = json.loads(kept.read_text())
    return files
