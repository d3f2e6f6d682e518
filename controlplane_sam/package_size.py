"""How large is what is uploaded? The zipped code of a finished `sam build` with each of its layers, held to 15 MB."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

LIMIT_MEGABYTES = 15


def zipped_megabytes(folder: Path) -> float:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return buffer.tell() / 1e6


def main(build: Path) -> int:
    """Exit status 1 when there is no build, or it is too large."""
    layers, functions = sorted(build.glob("*Layer")), sorted(build.glob("*Function"))
    if not layers or not functions:
        print(f"{build} holds no build of the control plane: run `make sam-build`", file=sys.stderr)  # noqa: T201
        return 1
    # Every function has the same code.
    code = zipped_megabytes(functions[0])
    sizes = {layer.name: zipped_megabytes(layer) for layer in layers}
    for name, size in sizes.items():
        print(  # noqa: T201
            f"a function {code:.1f} MB and {name} {size:.1f} MB, zipped: {code + size:.1f} MB "
            f"of the {LIMIT_MEGABYTES} MB that are allowed here"
        )
    return 0 if all(code + size <= LIMIT_MEGABYTES for size in sizes.values()) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
