"""When does moto's grammar read a workflow's definition? Once for a source tree: what it made of it is kept.

It takes a fifth of a second for each of four state machines, as a lab comes up. Kept under `build/`, by the text and by
moto's version, whose classes are what is kept; whoever may write there may change this code as well.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

KEPT = Path(__file__).resolve().parents[3] / "build" / "workflows"
# A short one is read sooner than it is looked up.
WORTH_KEEPING_CHARACTERS = 5_000

Parse = Callable[[str], tuple[Any, Any]]


def kept(parse: Parse, folder: Path = KEPT) -> Parse:
    """`parse`, but of a definition that was read before only the program: the grammar's tree is then None."""
    version = importlib.metadata.version("moto")

    def parse_or_load(definition: str) -> tuple[Any, Any]:
        if len(definition) < WORTH_KEEPING_CHARACTERS:
            return parse(definition)
        key = hashlib.sha256(f"{version} {definition}".encode()).hexdigest()
        path = folder / f"{key}.pickle"
        # Whatever is wrong with the file: it is read anew, and written anew.
        with contextlib.suppress(OSError, pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError):
            return pickle.loads(path.read_bytes()), None  # noqa: S301 - our own file, see above
        program, tree = parse(definition)
        with contextlib.suppress(OSError):
            _write(path, pickle.dumps(program))
        return program, tree

    return parse_or_load


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: another lab may be reading."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as draft:
        draft.write(content)
    Path(draft.name).rename(path)
