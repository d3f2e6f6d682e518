"""Can a lab start on this machine? Says in one sentence what is missing, before anything is started."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path

from lab.host import state_folder
from lab.settings import LabSettings

OLDEST_PYTHON = (3, 11)
LEAST_FREE_BYTES = 1 << 30  # two servers of about 100 MB, their WAL, logs and a copy of the binaries


class PreflightError(RuntimeError):
    """The machine cannot run a lab; the text says what is wrong and what to do."""


def check(settings: LabSettings, state_parent: Path | None = None) -> None:
    """Raise PreflightError when Python is too old, TMPDIR names no folder to use, the disk is full or a port is taken."""
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(str(part) for part in sys.version_info[:2])
        raise PreflightError(f"drlab needs Python 3.11 or newer; this is {found}.")
    _require_the_named_folder()
    parent = state_parent or state_folder.parent()
    free = shutil.disk_usage(parent).free
    if free < LEAST_FREE_BYTES:
        raise PreflightError(
            f"{parent} has {free / 2**20:.0f} MiB free and a lab needs {LEAST_FREE_BYTES / 2**20:.0f} MiB:"
            " free some space, or name another folder in TMPDIR."
        )
    for option, port in (("--cloud-port", settings.cloud_port), ("--public-port", settings.public_port)):
        if port and (reason := _refusal(port)) is not None:
            raise PreflightError(f"port {port} ({option}) {reason}, or choose another; 0 takes any.")


def _require_the_named_folder() -> None:
    """Python's tempfile goes on to the next folder that it knows, and does not say so.

    https://docs.python.org/3/library/tempfile.html#tempfile.gettempdir
    """
    named = os.environ.get("TMPDIR")
    if not named:
        return
    if not Path(named).is_absolute():
        raise PreflightError(
            f"TMPDIR names {named}, which each process would look for below a folder of its own: name it from the root, as"
            f" {Path(named).absolute()}, or unset TMPDIR."
        )
    try:
        with tempfile.TemporaryFile(dir=named):
            pass
    except OSError as error:
        raise PreflightError(
            f"TMPDIR names {named}, and no file can be made in it ({error.strerror}): make that folder, name another, or"
            " unset TMPDIR."
        ) from error


def check_reports(folder: Path) -> None:
    """Raise PreflightError when no report could be written there: who has drilled wants to read of it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise PreflightError(
            f"no report can be written to {folder} ({error.strerror}): name another folder with --reports."
        ) from error


def _refusal(port: int) -> str | None:
    """Why nothing could listen there, and what to do; None when it could."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            return "is one that this user may not listen on: run as one who may"
        except OSError:
            return "is taken: stop what listens there"
    return None
