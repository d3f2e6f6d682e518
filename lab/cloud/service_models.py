"""How often does a process read botocore's service models? Once, however many sessions it makes.

Each session would parse them anew: a fifth of a second before its first client, and moto makes a session in many of
its modules. What a loader has read is only read from.
"""

from __future__ import annotations

import botocore.loaders
import botocore.session


def share() -> None:
    """From now on all sessions of this process have one loader, and so has moto if it is imported after this."""
    loader = botocore.loaders.create_loader()
    for module in (botocore.loaders, botocore.session):
        module.create_loader = lambda _search_path=None: loader
