"""Is a standby that could not take over seen long before it has to, and is what nobody knows never called ready?"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from control_plane_world import PRIMARY, STANDBY
from readiness_world import SETTINGS, World, waiting

from failover.application.errors import RunRefused, TransientFailure
from failover.application.evaluate_readiness import EvaluateReadiness, NotEvaluated
from failover.application.ports import Answer, Silence
from failover.application.readiness_questions import Question, its_own_evaluation
from failover.domain.object_backlog import UnknownBacklog
from failover.domain.readiness import checks
from failover.domain.readiness.check import Verdict, judged
from failover.domain.readiness.evaluation import Evaluation
from failover.domain.readiness.parity import TaskShape
from failover.domain.readiness.practice import Subscribed
from failover.domain.readiness.routing import FailoverRecord, HealthCheckSeen

Spoil = Callable[[World], object]


def no_longer(world: World, **changes: object) -> None:
    """The replica's instance is otherwise."""
    world.here.instance = replace(world.here.instance, **changes)


def heartbeat(world: World, age: timedelta) -> None:
    world.answers[STANDBY] = world.served(
        in_recovery=True, streaming=True, heartbeats={PRIMARY: (world.clock.now() - age).isoformat()}
    )


def test_a_standby_that_has_everything_is_ready() -> None:
    evaluation = World().evaluate()
    assert isinstance(evaluation, Evaluation)
    assert [one.to_dict() for one in evaluation.checked if one.finding.verdict is not Verdict.OK] == []
    assert (evaluation.verdict, evaluation.standby, evaluation.leader) == (Verdict.OK, STANDBY, PRIMARY)
    assert [one.check for one in evaluation.checked] == list(checks.ALL)


@pytest.mark.scenario("F21", "F29")
@pytest.mark.parametrize(
    ("name", "why", "spoil"),
    [
        ("replica", "there is no database instance", lambda w: setattr(w.here, "instance", None)),
        ("replica", "is no replica", lambda w: no_longer(w, source=None)),
        ("replica", "is storage-full", lambda w: no_longer(w, status="storage-full")),
        (
            "replica-streams",
            "no WAL receiver",
            lambda w: w.answers.update({STANDBY: w.served(in_recovery=True, streaming=False)}),
        ),
        (
            "replica-streams",
            "replicates from nobody",
            lambda w: w.answers.update({STANDBY: w.served(in_recovery=False, streaming=False)}),
        ),
        ("replica-lag", "the RPO is", lambda w: heartbeat(w, timedelta(weeks=3))),
        (
            "replica-lag",
            "has ever arrived",
            lambda w: w.answers.update({STANDBY: w.served(in_recovery=True, streaming=True, heartbeats={})}),
        ),
        ("backups", "kept 0 days", lambda w: no_longer(w, backup_retention_days=0)),
        ("backups", "kept 1 days", lambda w: no_longer(w, backup_retention_days=1)),
        ("database-class", "db.t4g.micro", lambda w: no_longer(w, instance_class="db.t4g.micro")),
        ("key", "is Disabled", lambda w: setattr(w.here, "key_state", "Disabled")),
        ("key", "is PendingDeletion", lambda w: setattr(w.here, "key_state", "PendingDeletion")),
        ("key", "there is no key", lambda w: setattr(w.here, "key_state", None)),
        ("secret", "there is no secret", lambda w: setattr(w.here, "secret", None)),
        (
            "secret",
            "refused the login",
            lambda w: w.answers.update({STANDBY: Answer(503, None, {"detail": "The database refused the login."})}),
        ),
        ("image", "not in this Region's registry", lambda w: setattr(w.here, "image", None)),
        ("image", "5678 here", lambda w: setattr(w.here, "image", "sha256:5678")),
        (
            "task-definition",
            "different: cpu",
            lambda w: setattr(w.here, "shape_", TaskShape("image", 0.5, {**SETTINGS, "cpu": "512"})),
        ),
        ("plan", "here", lambda w: setattr(w.here, "plan", '{"an": "older one"}')),
        ("plan", "no plan is published", lambda w: setattr(w.here, "plan", None)),
        (
            "schema",
            "def",
            lambda w: w.answers.update({STANDBY: w.served(in_recovery=True, streaming=True, schema="def")}),
        ),
        ("fargate-quota", "0.25 vCPUs", lambda w: setattr(w.here, "vcpus", 0.25)),
        ("fargate-quota", "5.9 used", lambda w: setattr(w.here, "vcpus_used", 5.9)),
        ("dns-records", "no hosted zone", lambda w: setattr(w, "dns", None)),
        ("dns-records", "1 records", lambda w: setattr(w, "dns", w.dns[:1])),
        (
            "dns-records",
            "has no health check",
            lambda w: setattr(w, "dns", (w.dns[0], FailoverRecord(STANDBY, "SECONDARY", None))),
        ),
        (
            "dns-records",
            "share one",
            lambda w: setattr(w, "dns", (w.dns[0], FailoverRecord(STANDBY, "SECONDARY", "check-1"))),
        ),
        ("health-checks", "disabled", lambda w: w.checks.update({"check-2": HealthCheckSeen("/healthz", True, False)})),
        ("health-checks", "inverted", lambda w: w.checks.update({"check-1": HealthCheckSeen("/healthz", False, True)})),
        ("health-checks", "/livez", lambda w: w.checks.update({"check-1": HealthCheckSeen("/livez", False, False)})),
        ("health-checks", "does not exist", lambda w: w.checks.update({"check-1": None})),
        ("buckets", "missing", lambda w: setattr(w.here, "versioning", None)),
        ("buckets", "not versioned", lambda w: setattr(w.here, "versioning", False)),
        ("buckets", "not replicated", lambda w: setattr(w.there, "replicated_to", ())),
        ("object-backlog", "12 object operations", lambda w: setattr(w.here, "waiting", waiting(12))),
        ("record-copies", "holds no record", lambda w: w.copies.update({STANDBY: "holds no record"})),
        (
            "record-copies",
            "epoch 7",
            lambda w: w.copies.update({PRIMARY: replace(w.record, epoch=7)}),
        ),
        ("last-drill", "no run has moved", lambda w: setattr(w.here, "moved", None)),
        ("last-drill", "91 days", lambda w: setattr(w.here, "moved", w.clock.now() - timedelta(days=91))),
        ("last-rehearsal", "no rehearsal", lambda w: setattr(w.here, "rehearsed", None)),
        ("last-rehearsal", "9 days", lambda w: setattr(w.here, "rehearsed", w.clock.now() - timedelta(days=9))),
        (
            "subscriptions",
            "email not confirmed",
            lambda w: setattr(w.here, "subscriptions", [Subscribed("email", False)]),
        ),
        ("subscriptions", "nobody is told", lambda w: setattr(w.there, "subscriptions", [])),
    ],
)
def test_what_would_stop_a_failover_is_not_ok_and_says_why(name: str, why: str, spoil: Spoil) -> None:
    world = World()
    spoil(world)
    verdict, value = world.found()[name]
    assert verdict == "not ok"
    assert why in value


@pytest.mark.parametrize(
    ("names", "spoil"),
    [
        ({"replica", "backups", "database-class"}, lambda w: setattr(w.here, "instance", TransientFailure("Slow."))),
        ({"backups", "database-class"}, lambda w: setattr(w.there, "instance", RunRefused("No."))),
        ({"backups", "database-class"}, lambda w: setattr(w.there, "instance", None)),
        (
            {"replica-streams", "replica-lag", "schema", "secret"},
            lambda w: w.answers.update({STANDBY: Silence("timed out")}),
        ),
        ({"replica-lag", "schema"}, lambda w: w.answers.update({PRIMARY: Answer(200, None, {"unheard": "of"})})),
        ({"replica-lag", "schema"}, lambda w: w.answers.update({PRIMARY: Answer(404, None, {})})),
        (
            {"replica-lag"},
            lambda w: w.answers.update({PRIMARY: w.served(in_recovery=False, streaming=False, heartbeats={})}),
        ),
        ({"fargate-quota"}, lambda w: setattr(w.here, "vcpus", None)),
        ({"object-backlog"}, lambda w: setattr(w.here, "waiting", UnknownBacklog("S3 has published no figure."))),
        ({"key"}, lambda w: setattr(w.here, "key_state", RunRefused("AWS refused with AccessDenied."))),
    ],
)
def test_what_nobody_can_say_is_unknown_and_never_ok(names: set[str], spoil: Spoil) -> None:
    world = World()
    spoil(world)
    assert {name for name, (verdict, _) in world.found().items() if verdict != "ok"} == names
    assert {world.found()[name][0] for name in names} == {"unknown"}
    evaluation = world.evaluate()
    assert isinstance(evaluation, Evaluation)
    assert evaluation.verdict is Verdict.UNKNOWN
    assert "may not be ready" in evaluation.sentence


def test_no_use_that_is_published_is_said_and_counts_as_none() -> None:
    world = World()
    world.here.vcpus_used = None
    assert world.found()["fargate-quota"] == ("ok", "6 vCPUs, no use published, 0.25 more for the full size")


def test_one_that_is_not_ok_outweighs_those_that_are_unknown() -> None:
    world = World()
    world.here.vcpus, world.here.key_state = None, "Disabled"
    evaluation = world.evaluate()
    assert isinstance(evaluation, Evaluation)
    assert evaluation.verdict is Verdict.NOT_OK
    assert "NOT READY to take over from ap-southeast-2 (1 not ok, 1 unknown of 20 checks)" in evaluation.sentence


def test_no_checks_prove_nothing() -> None:
    evaluation = World().evaluate(lambda _record, _now: [])
    assert isinstance(evaluation, Evaluation)
    assert evaluation.verdict is Verdict.UNKNOWN


def test_while_a_run_holds_the_fence_there_is_no_standby_to_look_at() -> None:
    world = World()
    world.fence()
    found = world.evaluate()
    assert isinstance(found, NotEvaluated)
    assert "a-run holds the fence" in found.reason


def test_a_look_that_several_checks_need_is_made_once_and_fails_once() -> None:
    """A Region that does not answer costs one timeout, not one for every check."""
    world = World()
    world.here.instance = TransientFailure("Slow.")
    world.evaluate()
    assert world.here.calls.count("instance") == 1


def test_a_check_that_hangs_is_unknown_and_keeps_nobody_waiting() -> None:
    """Each is bounded: the others' answers are there all the same."""
    world, let_go = World(), threading.Event()
    slow = Question(checks.KEY, lambda: (let_go.wait(20), judged(True, ""))[1])
    quick = Question(checks.PLAN, lambda: judged(True, "the same"))
    with ThreadPoolExecutor(2) as executor:
        began = time.monotonic()
        evaluation = EvaluateReadiness(
            world.plan, STANDBY, world, lambda _r, _n: [slow, quick], executor, timedelta(seconds=0.5), world.clock
        )()
        assert time.monotonic() - began < 15
        let_go.set()
    assert isinstance(evaluation, Evaluation)
    assert [(one.check.name, one.finding.verdict) for one in evaluation.checked] == [
        ("key", Verdict.UNKNOWN),
        ("plan", Verdict.OK),
    ]


class Kept:
    def __init__(self, text: str | None) -> None:
        self.text = text

    def read(self) -> str | None:
        return self.text

    def write(self, text: str) -> None:
        self.text = text


@pytest.mark.parametrize(("age", "verdict"), [(14, "ok"), (46, "not ok"), (None, "unknown")])
def test_the_leaders_region_notices_a_standby_that_does_not_look_after_itself(age: int | None, verdict: str) -> None:
    now = World().clock.now()
    text = None if age is None else f'{{"at": "{(now - timedelta(minutes=age)).isoformat()}"}}'
    assert its_own_evaluation(Kept(text), now).ask().verdict.value == verdict


def test_an_evaluation_that_cannot_be_read_is_no_evaluation() -> None:
    with pytest.raises(RunRefused, match="cannot be read"):
        its_own_evaluation(Kept("[]"), World().clock.now()).ask()
