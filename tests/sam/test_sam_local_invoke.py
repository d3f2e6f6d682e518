"""Does `sam local invoke` run every function, in a container, against the lab's emulated cloud?

Judged by what is printed: SAM CLI returns 0 for a function that raised, timed out or died.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/using-sam-cli-local-invoke.html
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from container_engine import LAYERED_IMAGE, cannot, engine
from emulator import ROOT, SAM_ENVIRONMENT
from events import EVENTS, FAILOVER_BY_HAND, REBUILD, REFUSED, event, of_now
from judgements import judge, observed
from sam_local_invoke import Printed, Sam, Started, environment, forked

from lab.laboratory import Laboratory
from lab.sam_local.reach import reachable
from lab.settings import SECONDARY_REGION

pytestmark = [
    pytest.mark.sam,
    pytest.mark.skipif(
        cannot() is not None and not os.environ.get("DRLAB_REQUIRE_SAM_LOCAL"), reason=cannot() or "it can"
    ),
]
BUILD = ROOT / "build" / "sam-local"
AFTERWARDS = {name: "nothing further is changed" for name in REBUILD if name != "CheckRebuild"} | {
    "ExportDivergence": "has not both: the old primary, and a replica"
}
X86 = ("--parameter-overrides", "Architecture=x86_64")


@pytest.fixture(scope="module")
def sam(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sam]:
    assert (reason := cannot()) is None, reason
    with engine() as started, forked() as program:
        yield Sam(program, started, tmp_path_factory.mktemp("sam"))


@dataclass(frozen=True)
class Built:
    """The project's own `sam build`: its template, and the same one without the layer that its functions share.

    At each call SAM CLI makes the image of a function with a layer of its template anew. Here it makes it for one call, and
    is given what it made for the others.
    """

    template: Path
    without_shared_layer: Path
    with_own_layers: frozenset[str]


@pytest.fixture(scope="module")
def built(sam: Sam) -> Built:
    """With a layer for this machine."""
    programs = SAM_ENVIRONMENT / "bin"
    settings = {**environment(dict(os.environ)), "LAYER_PLATFORM": "x86_64-manylinux_2_28"}
    done = subprocess.run(
        [*(programs / "sam", "build", "--build-dir", BUILD, "--cache-dir", f"{BUILD}-cache"), *X86],
        env={**settings, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert "Build Succeeded" in done.stdout + done.stderr, done.stderr
    template = BUILD / "template.yaml"
    told = yaml.safe_load(template.read_text())
    (shared,) = told["Globals"]["Function"].pop("Layers")
    sam.engine.compile_layer(BUILD / shared["Ref"])
    bare = BUILD / "without_shared_layer.json"
    bare.write_text(json.dumps(told))
    own = [name for name, one in told["Resources"].items() if "Layers" in one.get("Properties", {})]
    return Built(template, bare, frozenset(own))


@pytest.fixture(scope="module")
def variables(sam: Sam, lab: Laboratory) -> Iterator[Path]:
    """The committed environment file, with this lab's address in it."""
    committed = json.loads((EVENTS / "env.json").read_text())
    with reachable(lab.cloud.endpoint, sam.engine.bridge) as endpoint:
        committed["Parameters"]["AWS_ENDPOINT_URL"] = endpoint
        path = sam.folder / "env.json"
        path.write_text(json.dumps(committed))
        yield path


def test_a_failover_by_hand_goes_through_every_function(
    sam: Sam, built: Built, variables: Path, lab: Laboratory
) -> None:
    options = ("--env-vars", str(variables), *X86)

    def as_built(name: str, given: dict[str, Any]) -> Printed:
        return sam.invoke(f"{name}Function", given, built.template, *options)

    def layered(name: str, given: dict[str, Any]) -> Printed:
        if f"{name}Function" in built.with_own_layers:
            return as_built(name, given)
        return sam.invoke(f"{name}Function", given, built.without_shared_layer, *options, image=LAYERED_IMAGE)

    # One after another: SAM CLI draws a port for each, and two at once may draw the same.
    invoke = as_built
    for name, given in FAILOVER_BY_HAND:
        if name not in REBUILD:
            before = observed(lab)
            check(lab, name, invoke(name, of_now(given)), before)
        if invoke is as_built:
            sam.engine.name_layered_image()
            invoke = layered
    # A container's way leads to the servers that were there at its beginning, and a rebuild makes one. Here its steps find that
    # the leadership moved meanwhile; under the emulator each does its work.
    checked = invoke("CheckRebuild", event("CheckRebuild")).answer
    assert isinstance(checked, dict)
    assert (checked["allowed"], checked["leader"], checked["epoch"]) == (False, SECONDARY_REGION, 5)
    for name, words in (AFTERWARDS | REFUSED).items():
        printed = invoke(name, event(name))
        assert isinstance(printed.answer, dict), (name, printed.log)
        assert printed.answer.get("errorType") == "RunRefused", (name, printed)
        assert words in printed.answer["errorMessage"]


def check(lab: Laboratory, name: str, printed: Printed, before: dict[str, Any]) -> None:
    assert isinstance(printed.answer, dict), (name, printed.log)
    assert "errorType" not in printed.answer, (name, printed)
    judge(lab, name, printed.answer, before)


@pytest.mark.parametrize(
    ("do", "printed"),
    [
        ("raise", '"errorType": "TransientFailure"'),
        ("exit", "Runtime.ExitError"),
        ("sleep", "timed out after 1 seconds"),
    ],
)
def test_an_end_that_no_function_should_have_is_printed(sam: Sam, do: str, printed: str) -> None:
    template = Path(__file__).parent / "misbehaving" / "template.yaml"
    found = sam.invoke("Misbehaving", {"do": do}, template)
    assert printed in json.dumps(found.answer) + found.log


def test_a_function_that_behaves_is_answered_by_the_same_way(sam: Sam) -> None:
    """Forked from a SAM CLI that is loaded already, as all others, and by a `sam` as a shell starts it."""
    template = Path(__file__).parent / "misbehaving" / "template.yaml"
    for one in (sam, replace(sam, program=Started())):
        assert one.invoke("Misbehaving", {}, template).answer == {"answered": True}
