"""Where is it written what to do about an alarm? In its runbook page, which its description names."""

from __future__ import annotations


def described(sentence: str, page: str) -> str:
    """What an alarm's message says, with the page `runbooks/alarms/<page>.md`."""
    return f"{sentence}. Runbook: runbooks/alarms/{page}.md"
