"""What have this test run's drills shown of the roles? Kept in files: drills run in more than one process."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

POLL_SECONDS = 0.2


class Shown:
    """What `CloudControl.permissions()` said at the end of each drill of this test run, in whichever process it ran."""

    folder: Path

    def append(self, report: dict[str, Any] | None) -> None:
        assert report is not None, "the emulated AWS did not answer at the end of the drill"
        _write(self.folder / f"{uuid.uuid4().hex}.report.json", json.dumps(report))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for path in sorted(self.folder.glob("*.report.json")):
            yield json.loads(path.read_text())

    def __len__(self) -> int:
        return len(list(self.folder.glob("*.report.json")))

    def over(self, test: str) -> None:
        """This test has ended, well or not."""
        _write(self._mark(test), test)

    def wait_for(self, tests: list[str], within_seconds: float) -> list[str]:
        """The tests that have not ended in that time: none, where all went as it should."""
        deadline = time.monotonic() + within_seconds
        while (left := [test for test in tests if not self._mark(test).exists()]) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        return left

    def _mark(self, test: str) -> Path:
        return self.folder / f"{hashlib.sha256(test.encode()).hexdigest()[:32]}.over"


def _write(path: Path, text: str) -> None:
    """Whole or not at all: another process may be reading."""
    draft = path.with_suffix(".draft")
    draft.write_text(text)
    draft.rename(path)


SEEN = Shown()
