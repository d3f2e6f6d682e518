"""What have this test run's drills shown of the functions' roles?"""

from __future__ import annotations

from typing import Any

# One for each drill: CloudControl.permissions().
SEEN: list[dict[str, Any]] = []
