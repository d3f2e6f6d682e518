"""By what is a text known without being shown?"""

from __future__ import annotations

import hashlib


def digest_of(text: str) -> str:
    """Its SHA-256, in 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()
