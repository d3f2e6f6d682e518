"""Which texts are instants? ISO 8601 with a time zone: one without cannot be compared with any other."""

from __future__ import annotations

from datetime import datetime


def aware(text: str) -> datetime:
    """Raises TypeError or ValueError on anything else."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return instant
