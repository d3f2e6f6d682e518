"""Where does a lab keep its files? In memory where the machine has room, since all of them go when the lab ends.

A drill ends processes, never the machine, so its files need no disk; and a busy disk makes a server wait for half a
minute before it starts: a copied one first syncs every file that it has.
https://www.postgresql.org/docs/current/runtime-config-error-handling.html#GUC-RECOVERY-INIT-SYNC-METHOD
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import psutil

# Linux's own: https://www.kernel.org/doc/html/latest/filesystems/tmpfs.html
IN_MEMORY = Path("/dev/shm")  # noqa: S108 -- as its parent only: what is made in it has a random name
# A lab takes 100 MB when it is up, and some hundred more with a third server; others may be up beside it.
ROOM_BYTES = 2 << 30
# Its processes need memory of their own.
LEAST_AVAILABLE_BYTES = 4 << 30


def parent(in_memory: Path = IN_MEMORY) -> Path:
    """The folder that labs are made in: the one that TMPDIR names, or one in memory, or the temporary folder."""
    if os.environ.get("TMPDIR") or not _has_room(in_memory):
        return Path(tempfile.gettempdir())
    return in_memory


def _has_room(folder: Path) -> bool:
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        return False
    return shutil.disk_usage(folder).free >= ROOM_BYTES and psutil.virtual_memory().available >= LEAST_AVAILABLE_BYTES
