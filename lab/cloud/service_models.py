"""How often does a process read botocore's service models? Once, however many sessions it makes, and as plain dicts.

Each session would parse them anew: a fifth of a second before its first client, and moto makes a session in many of
its modules. What a loader has read is only read from. botocore asks for OrderedDicts, as it did before plain ones kept
their order, and they take twice as long to make.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import IO, Any

import botocore.loaders
import botocore.session


def share() -> None:
    """From now on all sessions of this process have one loader, and so has moto if it is imported after this."""
    botocore.loaders.JSONFileLoader._load_file = _load_file
    loader = botocore.loaders.create_loader()
    # Of each kind of file, botocore looks through the folders of all its services for those that have one.
    folders = tuple(sorted({name for path in loader.search_paths for name in _folders(path)}))
    loader.list_available_services = lambda type_name: folders  # noqa: ARG005 - its name is botocore's
    for module in (botocore.loaders, botocore.session):
        module.create_loader = lambda _search_path=None: loader


def _folders(path: str) -> list[str]:
    return os.listdir(path) if os.path.isdir(path) else []  # noqa: PTH112, PTH208 - as above


def _load_file(_: Any, full_path: str, open_method: Callable[[str, str], IO[bytes]]) -> dict[str, Any] | None:
    if not os.path.isfile(full_path):  # noqa: PTH113 - botocore's own names are text
        return None
    with open_method(full_path, "rb") as file:
        loaded: dict[str, Any] = json.loads(file.read())
    return loaded
