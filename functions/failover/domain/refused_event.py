"""What is kept of an event that is none of an alarm, so that a person can tell who sends such things?

Anybody may have written it: it is bounded in every direction, and what could be a secret is left out. A topic's messages
carry some themselves: whoever has an UnsubscribeUrl can end the subscription.
https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import islice

LONGEST_EVENT = 4000
LONGEST_TEXT = 300
MOST_ITEMS = 30
DEEPEST = 8
SECRET = re.compile(
    r"pass|secret|token|signature|signing|unsubscribe|credential|authorization|cookie|key\b", re.IGNORECASE
)
WITHHELD = "(withheld)"


def kept_text(event: object, reason: str) -> str:
    """JSON `{refused, event}`, ASCII alone; `event` is a text, cut after LONGEST_EVENT characters. Never raises."""
    return json.dumps({"refused": reason, "event": json.dumps(_bounded(event, 0))[:LONGEST_EVENT]})


def _bounded(value: object, depth: int) -> object:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        # Python writes no integer of more than some thousand digits.
        return value if abs(value) < 10**18 else "(a large number)"
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    if depth >= DEEPEST:
        return "(deeper)"
    if isinstance(value, Mapping):
        items = islice(value.items(), MOST_ITEMS)
        return {str(name)[:LONGEST_TEXT]: _named(str(name), inner, depth + 1) for name, inner in items}
    if isinstance(value, list | tuple):
        return [_bounded(inner, depth + 1) for inner in islice(value, MOST_ITEMS)]
    return f"(a {type(value).__name__})"


def _named(name: str, value: object, depth: int) -> object:
    if SECRET.search(name):
        return WITHHELD
    # People are told by the same kind of message: its text may hold the answer to an approval.
    if name == "Message" and isinstance(value, str):
        found = _read(value)
        return _bounded(found, depth) if isinstance(found, dict) else f"(a text of {len(value)} characters)"
    return _bounded(value, depth)


def _read(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
