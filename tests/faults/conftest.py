"""The service's tasks, as tests/service runs them, beside the servers of both Regions."""

from __future__ import annotations

import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
# Each folder's own support modules are imported by their bare names there.
for folder in ("service", "unit/control_plane"):
    sys.path.append(str(TESTS / folder))
