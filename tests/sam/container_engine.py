"""A container engine of the test's own, and an image for python3.13 that comes from no registry.

The image is a Debian 13 (whose Python is 3.13) with AWS's runtime client; SAM CLI adds its emulator as the entry point.
AWS's own image has more in it, so this shows our code and SAM's reading of the template, not AWS's image.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from emulator import ROOT, SAM_ENVIRONMENT, missing

from lab.host import state_folder

TOOLS = {
    "dockerd": "docker.io",
    "docker": "docker-cli",
    "containerd": "containerd",
    "runc": "runc",
    "ip": "iproute2",
    "debootstrap": "debootstrap",
}
BRIDGE, ADDRESS = "drlab-sam0", "172.30.213.1/24"
IMAGE = "drlab-lambda-python313"
LAYERED_IMAGE = f"{IMAGE}-layered"
# How SAM CLI names what it makes of an image for a call: with layers, and without (samcli/local/docker/lambda_image.py).
SAM_REPOSITORY, SAM_TAG = "samcli/lambda-python", "rapid-x86_64"
# By content, not by time: a layer is copied into an image.
COMPILE = ("python3", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash")
RELEASE = "trixie"
STARTS_WITHIN_SECONDS = 30
# An empty machine makes the image in about 100 s.
MAKES_WITHIN_SECONDS = 600

BOOTSTRAP = """#!/bin/sh
export PYTHONPATH=/var/task:/opt/python:/var/runtime
cd "$LAMBDA_TASK_ROOT"
exec /usr/bin/python3 -m awslambdaric "$_HANDLER"
"""
SETTINGS = (
    "ENV PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime",
    "WORKDIR /var/task",
)


def cannot() -> str | None:
    """Why no container can be run here, in one sentence; None when it can."""
    if reason := missing():
        return reason
    if os.geteuid() != 0:
        return "starting a container engine of its own takes root"
    if platform.machine() != "x86_64":
        return f"the image is made for x86_64, and this is {platform.machine()}"
    absent = sorted({package for tool, package in TOOLS.items() if shutil.which(tool) is None})
    if absent:
        return f"not installed: apt-get install --no-install-recommends {' '.join(absent)}"
    if "overlay" not in Path("/proc/filesystems").read_text():
        return "the kernel has no overlay file system, and without it every call copies the whole image"
    return None


@dataclass(frozen=True)
class Engine:
    """A running engine: its address, and the bridge that containers reach this machine by."""

    host: str
    bridge: str

    def environment(self) -> dict[str, str]:
        return {**os.environ, "DOCKER_HOST": self.host}

    def run(self, *arguments: str) -> str:
        return _run("docker", *arguments, environment=self.environment())

    def compile_layer(self, folder: Path) -> None:
        """Put the bytecode of a built layer beside it: every container is new, and would compile the same once more."""
        mounted = ("--rm", "--network", "none", "--volume", f"{folder}:/opt")
        self.run("run", *mounted, IMAGE, *COMPILE, "/opt/python")

    def name_layered_image(self) -> None:
        """Give the one image that SAM CLI has built of IMAGE and a layer a name that `--invoke-image` can ask for."""
        (built,) = self.run("images", "--format", "{{.Repository}}:{{.Tag}}", SAM_REPOSITORY).split()
        self.run("tag", built, f"{LAYERED_IMAGE}:{SAM_TAG}")


@contextmanager
def engine() -> Iterator[Engine]:
    """An engine with the image in it. Leaving it ends the engine, and removes its bridge and all that it stored."""
    with contextlib.ExitStack() as stack:
        # Short: the socket's path has to fit into 108 bytes.
        folder = Path(tempfile.mkdtemp(prefix="drlab-sam-", dir=_parent()))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        if (Path("/sys/class/net") / BRIDGE).exists():
            # Of a lane that was killed: nobody else has this name.
            _run("ip", "link", "delete", BRIDGE)
        _run("ip", "link", "add", BRIDGE, "type", "bridge")
        stack.callback(_run, "ip", "link", "delete", BRIDGE)
        _run("ip", "address", "add", ADDRESS, "dev", BRIDGE)
        _run("ip", "link", "set", BRIDGE, "up")
        started = Engine(f"unix://{folder}/docker.sock", ADDRESS)
        stack.enter_context(_daemon(folder, started))
        _import(image_archive(), started)
        yield started


@contextmanager
def _daemon(folder: Path, started: Engine) -> Iterator[None]:
    """No firewall rule and no forwarding: containers reach this machine over the bridge, and nothing else."""
    options = {"data-root": "data", "exec-root": "exec", "pidfile": "pid"}
    switches = ("iptables", "ip6tables", "ip-forward", "ip-masq")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *("dockerd", "--host", started.host, "--bridge", BRIDGE, "--config-file", str(_settings(folder))),
                *(f"--{name}={folder / path}" for name, path in options.items()),
                *(f"--{name}=false" for name in switches),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _await_answer(process, started, folder / "log")
        yield
    finally:
        process.terminate()
        try:
            process.wait(STARTS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


def _parent() -> Path:
    """Where labs are made, in memory: an engine stores and removes some hundred megabytes. Not where nothing may be run."""
    parent = state_folder.parent()
    forbids = os.statvfs(parent).f_flag & (os.ST_NOEXEC | os.ST_NODEV | os.ST_NOSUID)
    return Path(tempfile.gettempdir()) if forbids else parent


def _settings(folder: Path) -> Path:
    """Not those of an engine that is installed here."""
    path = folder / "daemon.json"
    path.write_text("{}")
    return path


def _await_answer(process: subprocess.Popen[bytes], started: Engine, log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    while True:
        answered = subprocess.run(
            ["docker", "version"], env=started.environment(), capture_output=True, check=False, timeout=10
        )
        if answered.returncode == 0:
            return
        ended = process.poll() is not None
        assert not ended, f"dockerd ended. {log.read_text(errors='replace')[-800:]}"
        assert time.monotonic() < deadline, f"dockerd did not answer. {log.read_text(errors='replace')[-800:]}"
        time.sleep(0.1)


def image_archive() -> Path:
    """The image's root file system, from the cache or made anew."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "drlab"
    recipe = "".join(
        [inspect.getsource(_make), *COMPILE, BOOTSTRAP, RELEASE, (ROOT / "requirements" / "sam.lock").read_text()]
    )
    path = cache / f"{IMAGE}-{hashlib.sha256(recipe.encode()).hexdigest()[:16]}.tar.gz"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="drlab-image-", dir=_parent()) as name:
            _make(Path(name) / "root", part := path.with_suffix(".part"))
        part.rename(path)
    return path


def _make(root: Path, archive: Path) -> None:
    _run("debootstrap", "--variant=minbase", "--include=python3,ca-certificates", RELEASE, str(root))
    for folder in ("var/task", "var/runtime", "var/rapid", "opt"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    runtime = root / "var" / "runtime"
    _run(
        *(str(SAM_ENVIRONMENT / "bin" / "uv"), "pip", "install", "--quiet", "--target", str(runtime)),
        *("--python-version", "3.13", "--python-platform", "x86_64-manylinux_2_28", "--only-binary", ":all:"),
        *("--constraint", str(ROOT / "requirements" / "sam.lock"), "awslambdaric", "boto3"),
    )
    _run("chroot", str(root), *COMPILE, "/var/runtime")
    (runtime / "bootstrap").write_text(BOOTSTRAP)
    (runtime / "bootstrap").chmod(0o755)
    left_out = ("proc/*", "sys/*", "dev/*", "var/cache", "var/lib/apt", "usr/share/doc", "usr/share/locale")
    _run(
        *("tar", "-C", str(root), *(f"--exclude=./{path}" for path in left_out)),
        *("--use-compress-program=gzip -1", "-cf", str(archive), "."),
    )


def _import(archive: Path, started: Engine) -> None:
    changes = [part for setting in SETTINGS for part in ("--change", setting)]
    started.run("import", *changes, str(archive), f"{IMAGE}:latest")


def _run(*command: str, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=MAKES_WITHIN_SECONDS
    )
    assert done.returncode == 0, f"{' '.join(command[:3])}: {(done.stderr or done.stdout)[-800:]}"
    return done.stdout
