"""Would the image build, and hold what the service needs and no more? Read, for no engine is at hand."""

from __future__ import annotations

import ast
import fnmatch
import json
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "webapi" / "service" / "Dockerfile"
LOCK = ROOT / "requirements" / "runtime.lock"


def instructions() -> list[tuple[str, str]]:
    """Each instruction and its argument, continued lines joined."""
    text = re.sub(r"\\\n\s*", " ", DOCKERFILE.read_text())
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [(word.upper(), rest) for word, _, rest in (line.partition(" ") for line in lines)]


def arguments(instruction: str) -> list[str]:
    return [rest for word, rest in instructions() if word == instruction]


def stages() -> list[list[tuple[str, str]]]:
    found: list[list[tuple[str, str]]] = []
    for word, rest in instructions():
        if word == "FROM":
            found.append([])
        if found:
            found[-1].append((word, rest))
    return found


def copied_from_context() -> list[str]:
    return [source for rest in arguments("COPY") if "--from=" not in rest for source in rest.split()[:-1]]


def reaches_the_context(path: str) -> bool:
    """By .dockerignore's rule: the last pattern that matches the path, or a folder above it, decides.

    https://docs.docker.com/build/concepts/context/#dockerignore-files
    """
    parts = Path(path).parts
    above = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    kept = True
    for line in (ROOT / ".dockerignore").read_text().split():
        pattern, keeps = line.removeprefix("!").rstrip("/"), line.startswith("!")
        names = [re.sub(r"^\*\*/", "", pattern)]
        if any(fnmatch.fnmatchcase(one, pattern) for one in above) or (
            pattern.startswith("**/") and any(part in names for part in parts)
        ):
            kept = keeps
    return kept


def test_every_stage_starts_from_the_same_pinned_slim_python() -> None:
    bases = [rest.split()[0] for rest in arguments("FROM")]
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+(\.\d+)?-slim(-\w+)?(@sha256:[0-9a-f]{64})?", bases[0])


@pytest.mark.parametrize("source", copied_from_context())
def test_what_is_copied_exists_and_is_not_ignored(source: str) -> None:
    assert (ROOT / source).exists()
    assert reaches_the_context(source)


@pytest.mark.parametrize("path", [".git", ".venv", "tests/service", "lab", "webapi/service/__pycache__", ".env"])
def test_the_context_holds_nothing_else(path: str) -> None:
    assert not reaches_the_context(path)


def test_dependencies_are_pinned_and_hashed() -> None:
    (install,) = [rest for rest in arguments("RUN") if "pip install" in rest]
    assert "--require-hashes" in install
    assert "runtime.lock" in install
    blocks = re.split(r"\n(?=\S)", LOCK.read_text())
    pinned = [block for block in blocks if block and not block.startswith("#")]
    assert len(pinned) > 10
    for block in pinned:
        assert re.match(r"[A-Za-z0-9._\[\]-]+==\S+", block), block
        assert "--hash=sha256:" in block, block


def test_everything_the_service_imports_is_locked() -> None:
    """A package that only the tests' environment has would be missing in the image."""
    locked = {name.lower().replace("_", "-") for name in re.findall(r"^([A-Za-z0-9._-]+)==", LOCK.read_text(), re.M)}
    locked |= {name.partition("-")[0] if name == "psycopg-pool" else name for name in locked}
    allowed = {"failover", "webapi", *(name.replace("-", "_") for name in locked)}
    for path in [*(ROOT / "webapi").rglob("*.py"), *(ROOT / "functions" / "failover").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                roots = {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                roots = {node.module.partition(".")[0]}
            else:
                continue
            assert {root for root in roots if not is_standard(root)} <= allowed, path


def is_standard(module: str) -> bool:
    return module in sys.stdlib_module_names


def test_the_last_stage_runs_as_an_ordinary_user_without_build_tools() -> None:
    last = stages()[-1]
    words = [word for word, _ in last]
    users = [rest for word, rest in last if word == "USER"]
    assert users
    assert users[-1].split(":")[0] not in ("root", "0")
    assert words.index("USER") > max(index for index, word in enumerate(words) if word in ("COPY", "RUN"))
    assert not any("pip" in rest or "apt" in rest for word, rest in last if word == "RUN")


def test_the_image_starts_the_service_and_asks_whether_it_is_alive() -> None:
    command = json.loads(arguments("CMD")[-1])
    assert command[:3] == ["python", "-m", "webapi.service"]
    assert command[command.index("--host") + 1] == "0.0.0.0"  # noqa: S104 - a container's port is reached from outside
    port = command[command.index("--port") + 1]
    assert arguments("EXPOSE") == [port]
    (check,) = arguments("HEALTHCHECK")
    assert f":{port}/livez" in check
    assert "--timeout=" in check
    program = json.loads(check[check.index("CMD") + 4 :])
    assert program[:2] == ["python", "-c"]
    ast.parse(program[2])


def test_nothing_secret_is_baked_into_the_image() -> None:
    for rest in [*arguments("ENV"), *arguments("ARG")]:
        assert not re.search(r"(?i)secret|password|token|access_key", rest)
