"""When can no price be told?"""

from __future__ import annotations


class CostError(ValueError):
    """The price cannot be told; the text is one sentence that names what stands in the way."""
