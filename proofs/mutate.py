"""`make mutate`: would the tests notice if a decision, or the leader record, were slightly wrong?

mutmut changes one thing at a time and runs the tests that reach it. A mutant that survives is a test that is missing, or stands
in explained.json with the reason why it changes nothing that matters. Exit status 0 when every survivor is explained.

    make mutate ARGS="leader-record"       one area; --help names them all
    make mutate ARGS="--keep"              writes the counts to runbooks/evidence/mutation
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from proofs.survivors import Mutant, read_mutants, unexplained

ROOT = Path(__file__).resolve().parents[1]
STAGED, KEPT = ROOT / "build" / "mutation", ROOT / "runbooks" / "evidence" / "mutation"
EXPLAINED = Path(__file__).with_name("explained.json")
READ_BY_TESTS = ("statemachines", "dataplane_cdk/synthesized")
KILLED, TIMEOUT = 1, -24
# mutmut gives a mutant its tests' time and so much more, twice over, and then ends it by the clock: on a busy machine also one
# that is merely slow. Those that it ended are asked once more, with more time.
AT_FIRST, ONCE_MORE = timedelta(seconds=5), timedelta(seconds=30)


@dataclass(frozen=True)
class Area:
    """Modules below functions/failover, and which tests are asked about them."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]

    def only(self, names: Collection[str]) -> Area:
        """The modules of these names; no names: all of them."""
        return Area(tuple(one for one in self.modules if not names or Path(one).stem in names), self.tests)


OF_THE_RECORD = ("domain/leader_record.py", "domain/lease.py", "domain/register_protocol.py")
OF_ITS_COPIES = ("application/leader_register.py", "adapters/s3_leader_record.py")
# Real servers, a mocked AWS and drawn schedules are not needed to tell a wrong decision, and take most of the time.
SLOW = (
    *(f"--ignore=tests/unit/control_plane/test_{name}.py" for name in ("postgres", "aws_adapters", "s3_heartbeat")),
    *(f"--ignore=tests/unit/control_plane/test_{name}.py" for name in ("service_probe", "check_primary_health")),
    "--ignore=tests/unit/leader_record/test_leader_record_model.py",
    "--deselect=tests/unit/leader_record/test_every_interleaving.py::test_three_runs_keep_every_promise",
)
DECISIONS = (
    "abandoned_run",
    "alarm_event",
    "alarm_notice",
    "approval",
    "deploy_guard",
    "digest",
    "heartbeat",
    "incident",
    "instants",
    "intake",
    "journal",
    "lease_holders",
    "loss_bound",
    "object_backlog",
    "object_versions",
    "primary_health",
    "replica",
    "run",
    "run_input",
    "signals",
    "withheld",
)
READINESS = (
    *("capacity", "check", "checks", "database", "evaluation", "keys", "objects", "parity", "practice", "record"),
    "routing",
)


def _of(modules: Collection[str], *tests: str, under: str = "control_plane") -> Area:
    """Modules of the domain by their names, and the tests of `under` by theirs."""
    files = tuple(f"domain/{module}.py" for module in modules)
    return Area(files, tuple(f"tests/unit/{under}/test_{one}.py" for one in tests))


RECORD_TESTS = tuple(
    f"tests/unit/leader_record/test_{one}.py"
    for one in ("leader_record", "lease", "leader_register", "every_interleaving")
)
AREAS = {
    "leader-record": Area(OF_THE_RECORD, RECORD_TESTS),
    "record-copies": Area(OF_ITS_COPIES, (*RECORD_TESTS, "tests/unit/leader_record/test_s3_leader_record.py")),
    "decisions": Area(
        tuple(f"domain/{name}.py" for name in DECISIONS),
        (
            *("tests/unit/control_plane", "tests/unit/leader_record", "tests/unit/objects"),
            "--ignore=tests/unit/leader_record/test_s3_leader_record.py",
        ),
    ),
    "outcomes": _of(
        ("outcome", "outcomes", "rebuild_outcome", "rehearsal_outcome", "leading_on"),
        *(
            "ends_word_for_word",
            "run_and_outcome",
            "record_outcome",
            "notify",
            "take_over_run",
            "reconcile_run",
            "staying_swapped",
        ),
        *("answers_fit_the_workflow", "answers_fit_the_rebuild"),
    ),
    "plan": _of(
        ("plan", "plan_alarms", "plan_reader", "plan_timing", "leading_size"),
        *("plan", "leading_size"),
    ),
    "rebuild": _of(
        ("rebuild", "divergence", "by_hand"),
        *(
            "by_hand",
            "divergence",
            "start_rebuild",
            "check_rebuild",
            "export_divergence",
            "release_old_primary",
            "create_replica",
        ),
        *("keep_old_primary", "install_replica", "verify_standby"),
    ),
    "restore": _of(
        ("recovery_point", "rehearsal", "restored_content", "isolated_promotion"),
        *("recovery_point", "what_a_rehearsal_proves", "rehearse_promotion", "rehearse_restore", "keep_rehearsal"),
        *("restore_from_latest_snapshot", "check_secondary_readiness", "start_rehearsal", "check_rehearsal"),
    ),
    # Not those of evaluate_readiness: mutmut forks, and does not get through beside their threads.
    "readiness": _of([f"readiness/{name}" for name in READINESS], "what_a_check_finds", "tell_readiness"),
    "statuses": _of(
        ("instance_status",), "check_secondary_readiness", "what_a_check_finds", "take_over_run", "check_rebuild"
    ),
    "aurora": _of(("global_database",), "global_database", "failover_global_cluster", "switchover_global_cluster"),
    "refused-events": _of(("refused_event",), "refused_event", "receive_alarm"),
}


def not_covered() -> list[str]:
    """The modules of decisions that no area asks about: nothing is said of their tests."""
    root = ROOT / "functions" / "failover"
    decisions = {path.relative_to(root).as_posix() for path in (root / "domain").rglob("[!_]*.py")}
    return sorted(decisions - {module for area in AREAS.values() for module in area.modules})


def stage(area: Area, folder: Path) -> None:
    """A tree as mutmut wants it: sources in `src`. It changes copies, never the project's own files."""
    shutil.rmtree(folder, ignore_errors=True)
    without = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "functions" / "failover", folder / "src" / "failover", ignore=without)
    shutil.copytree(ROOT / "tests" / "unit", folder / "tests" / "unit", ignore=without)
    for read_by_tests in READ_BY_TESTS:
        shutil.copytree(ROOT / read_by_tests, folder / read_by_tests)
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    settings = {
        "source_paths": ["src"],
        "only_mutate": [f"src/failover/{module}" for module in area.modules],
        "also_copy": [*READ_BY_TESTS, "tests"],
        # Hypothesis draws as for `make test`, and without its deadline, which a busy machine misses.
        "pytest_add_cli_args": [
            *("-p", "no:xdist", "-p", "no:cov", "-p", "no:cacheprovider"),
            "--hypothesis-profile=ci",
        ],
        "pytest_add_cli_args_test_selection": [*area.tests, *SLOW],
    }
    lines = ["[tool.pytest.ini_options]", f"markers = {json.dumps(options['markers'])}", "[tool.mutmut]"]
    lines += [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    lines += ["timeout_multiplier = 2.0", _beyond_its_tests(AT_FIRST)]
    (folder / "pyproject.toml").write_text("\n".join(lines) + "\n")


def _beyond_its_tests(time: timedelta) -> str:
    return f"timeout_constant = {time.total_seconds()}"


def play(folder: Path, workers: int) -> list[Mutant]:
    """Every mutant and what became of it. Raises RuntimeError when mutmut itself did not get through."""
    mutants = _asked(folder, workers)
    if any(one.exit_code == TIMEOUT for one in mutants):
        # Where nothing but the time is another, mutmut goes on and asks these alone.
        settings = folder / "pyproject.toml"
        settings.write_text(settings.read_text().replace(_beyond_its_tests(AT_FIRST), _beyond_its_tests(ONCE_MORE)))
        mutants = _asked(folder, workers)
    return mutants


def _asked(folder: Path, workers: int) -> list[Mutant]:
    # Elsewhere than in UTC: an instant that is told without its zone is then told wrong.
    environment = {**os.environ, "TZ": "Asia/Kolkata", "PYTHONPATH": ""}
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(workers)]
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    mutants = read_mutants(folder / "mutants" / "src")
    if ended.returncode or not mutants or any(one.exit_code is None for one in mutants):
        raise RuntimeError(f"mutmut did not get through: {ended.stdout[-2000:]} {ended.stderr[-500:]}")
    return mutants


def summary(name: str, mutants: list[Mutant], left: list[Mutant]) -> dict[str, object]:
    killed = sum(one.exit_code == KILLED for one in mutants)
    timeouts = sum(one.exit_code == TIMEOUT for one in mutants)
    wording = sum(one.of_wording and one.exit_code not in (KILLED, TIMEOUT) for one in mutants)
    return {
        "area": name,
        "modules": list(AREAS[name].modules),
        "in_no_area": not_covered(),
        "mutants": len(mutants),
        "killed": killed,
        "killed_by_never_ending": timeouts,
        "survived_in_wording_alone": wording,
        "explained": len(mutants) - killed - timeouts - wording - len(left),
        "unexplained": [one.told() for one in left],
    }


def main(arguments: list[str] | None = None) -> int:
    """The command; see above for its exit status."""
    parser = argparse.ArgumentParser(prog="make mutate", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("areas", nargs="*", metavar="AREA", help=f"{', '.join(AREAS)} (default: all)")
    parser.add_argument("--workers", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--keep", action="store_true", help="write the counts to runbooks/evidence/mutation")
    parser.add_argument(
        "--only", action="append", default=[], metavar="MODULE", help="one module of the areas (repeatable)"
    )
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.areas if name not in AREAS]:
        parser.error(f"there is no area {unknown[0]}: name {', '.join(AREAS)}")
    if options.keep and options.only:
        parser.error("--keep publishes whole areas: leave --only away")
    failed = False
    for name in options.areas or AREAS:
        area = AREAS[name].only(options.only)
        if not area.modules:
            continue
        folder = STAGED / "-".join((name, *options.only))
        stage(area, folder)
        mutants = play(folder, options.workers)
        left = unexplained(mutants, json.loads(EXPLAINED.read_text()), (KILLED, TIMEOUT))
        found = summary(name, mutants, left)
        for one in left:
            print(one.told())  # noqa: T201
        print({key: value for key, value in found.items() if isinstance(value, int | str)}, len(left), "unexplained")  # noqa: T201
        if options.keep:
            KEPT.mkdir(parents=True, exist_ok=True)
            (KEPT / f"{name}.json").write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
        failed = failed or bool(left)
    print("in no area:", ", ".join(not_covered()) or "none")  # noqa: T201
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
