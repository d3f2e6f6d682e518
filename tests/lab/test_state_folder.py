"""Where does a lab keep its files?"""

from __future__ import annotations

import tempfile
from collections import namedtuple
from pathlib import Path

import pytest

from lab.host import state_folder

Usage = namedtuple("Usage", "free")
Memory = namedtuple("Memory", "available")
ROOM = state_folder.ROOM_BYTES, state_folder.LEAST_AVAILABLE_BYTES


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """One with just enough room, where nobody has named a folder."""
    monkeypatch.delenv("TMPDIR", raising=False)
    with_room(monkeypatch, *ROOM)
    return monkeypatch


def with_room(machine: pytest.MonkeyPatch, free: int, available: int) -> None:
    machine.setattr(state_folder.shutil, "disk_usage", lambda _: Usage(free))
    machine.setattr(state_folder.psutil, "virtual_memory", lambda: Memory(available))


def test_it_is_in_memory_where_there_is_room(machine: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert state_folder.parent(tmp_path) == tmp_path


@pytest.mark.parametrize("scarce", [(ROOM[0] - 1, ROOM[1]), (ROOM[0], ROOM[1] - 1)])
def test_it_is_the_temporary_folder_where_memory_is_scarce(
    machine: pytest.MonkeyPatch, tmp_path: Path, scarce: tuple[int, int]
) -> None:
    """Containers often give /dev/shm no more than 64 MB."""
    with_room(machine, *scarce)
    assert state_folder.parent(tmp_path) == Path(tempfile.gettempdir())


def test_it_is_the_temporary_folder_where_the_machine_has_none_in_memory(
    machine: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert state_folder.parent(tmp_path / "none") == Path(tempfile.gettempdir())


def test_the_folder_that_somebody_named_is_taken(machine: pytest.MonkeyPatch, tmp_path: Path) -> None:
    machine.setenv("TMPDIR", str(tmp_path / "named"))
    machine.setattr(tempfile, "tempdir", str(tmp_path / "named"))
    assert state_folder.parent(tmp_path) == tmp_path / "named"
