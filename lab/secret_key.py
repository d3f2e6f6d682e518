"""With which AWS secret key does what runs in a Region sign?

The emulated AWS checks no signature of theirs. The key is kept like a secret all the same: a drill looks for it in everything
that was told, and one that reads like any other word could not be found there.
"""

from __future__ import annotations


def secret_key(region: str) -> str:
    """Of the Region's functions and tasks."""
    return f"secret-key-of-what-runs-in-{region}"
