"""Which texts are instants? ISO 8601 with a time zone: one without cannot be compared with any other."""

from __future__ import annotations

from datetime import UTC, datetime


def aware(text: str) -> datetime:
    """Raises TypeError or ValueError on anything else, such as a moment before the year 1 or after 9999 in UTC."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    try:
        instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text} is no moment in UTC") from error
    return instant
