"""`make audit`: is a vulnerability known of any package that the lock files pin?

Exit status 0 when every package was asked about and none is vulnerable, 1 when one is, and 2 when a package could not be
asked about: then nothing is known of it, which is not the same as nothing being wrong with it.
With --allow-unreachable that is told as loudly, and passes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# Both know the Python Packaging Advisory Database; OSV is asked about what PyPI did not tell.
SERVICES = ("pypi", "osv")
CLEAN, VULNERABLE, UNKNOWN = 0, 1, 2
LONGEST_ASKING_SECONDS = 300
LONGEST_REASON = 160  # characters: a failed look-up tells its whole call stack


@dataclass
class Told:
    """By package and version: the advisories (none: it is clean). `silent`: why the last service did not tell."""

    advisories: dict[str, list[str]] = field(default_factory=dict)
    silent: dict[str, str] = field(default_factory=dict)


def locks() -> list[Path]:
    """Every file that pins a package for somebody."""
    return [*sorted((ROOT / "requirements").glob("*.lock")), *sorted(ROOT.glob("*/*/requirements.txt"))]


def read(report: str, told: Told) -> None:
    """Take over one report of pip-audit's in JSON. Raises ValueError when it is none."""
    for one in json.loads(report)["dependencies"]:
        if "skip_reason" in one:
            # pip-audit names the version in the reason alone.
            told.silent.setdefault(one["name"], str(one["skip_reason"]))
            continue
        told.advisories[f"{one['name']} {one['version']}"] = [_advisory(found) for found in one["vulns"]]


def _advisory(found: dict[str, Any]) -> str:
    fixed = ", ".join(found["fix_versions"]) or "no version yet"
    return f"{found['id']} (fixed in {fixed})"


def asked(lock: Path, service: str) -> tuple[Told, str]:
    """What `service` tells of the packages in `lock`, and why it told nothing at all ("": it told)."""
    command = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off"]
    command += ["--vulnerability-service", service, "--disable-pip", "--require-hashes", "--requirement", str(lock)]
    told = Told()
    try:
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=LONGEST_ASKING_SECONDS, check=False, cwd=ROOT
        )
        read(ended.stdout, told)
    except subprocess.TimeoutExpired:
        return told, f"no answer within {LONGEST_ASKING_SECONDS} s"
    except (ValueError, KeyError):
        return told, (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
    return told, ""


def audit(files: Iterable[Path], services: Iterable[str] = SERVICES) -> int:
    """Ask about each file's packages until a service has told of all of them, and print what was found."""
    advisories: dict[str, list[str]] = {}
    unknown: list[str] = []
    for lock in files:
        name = lock.relative_to(ROOT).as_posix()
        reasons: list[str] = []
        for service in services:
            told, why = asked(lock, service)
            advisories.update(told.advisories)
            silent = why or next(iter(told.silent.values()), "")
            if not silent:
                break
            reasons.append(f"{service}: {silent[:LONGEST_REASON]}")
        else:
            unknown.append(f"{name}: {'; '.join(reasons)}")
    found = {package: ids for package, ids in advisories.items() if ids}
    for package, ids in sorted(found.items()):
        print(f"VULNERABLE {package}: {', '.join(ids)}")  # noqa: T201
    for line in unknown:
        print(f"NOT AUDITED {line}")  # noqa: T201
    print(f"{len(advisories)} packages were asked about, {len(found)} are vulnerable.")  # noqa: T201
    if unknown:
        print(  # noqa: T201
            f"Of {len(unknown)} lock files not every package could be asked about: nothing is known of those. "
            "Run it again where https://pypi.org or https://api.osv.dev answers."
        )
    return VULNERABLE if found else UNKNOWN if unknown else CLEAN


def main(arguments: list[str] | None = None) -> int:
    """The command; see above for its exit status."""
    parser = argparse.ArgumentParser(prog="make audit", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--allow-unreachable", action="store_true", help="pass, loudly, where no service answers")
    options = parser.parse_args(arguments)
    status = audit(locks())
    return CLEAN if status == UNKNOWN and options.allow_unreachable else status


if __name__ == "__main__":
    sys.exit(main())
