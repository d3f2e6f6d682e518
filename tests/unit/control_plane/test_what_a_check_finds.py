"""Is each finding of readiness judged and told right, up to the very edge, and is what nobody knows never ok?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from control_plane_world import NOW, PRIMARY, STANDBY, WITNESS

from failover.domain.leader_record import genesis
from failover.domain.object_backlog import Backlog, UnknownBacklog
from failover.domain.readiness import capacity, database, keys, objects, parity, practice, record, routing
from failover.domain.readiness.check import PAGE, Check, Checked, Finding, Verdict
from failover.domain.readiness.database import ServedDatabase
from failover.domain.readiness.evaluation import Evaluation, Memory, news, remembered
from failover.domain.readiness.keys import SecretSeen
from failover.domain.readiness.parity import TaskShape
from failover.domain.readiness.practice import Subscribed
from failover.domain.readiness.routing import FailoverRecord, HealthCheckSeen

OK, NOT_OK, UNKNOWN = Verdict.OK, Verdict.NOT_OK, Verdict.UNKNOWN
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
RECORD = genesis(PRIMARY, NOW)
HERE, THERE = "sha256:" + "a" * 20, "b" * 20


def served(streams: bool | None = True, recovering: bool = True, **heartbeats: datetime) -> ServedDatabase:
    return ServedDatabase(
        recovering, streams, {name.replace("_", "-"): at for name, at in heartbeats.items()}, "schema"
    )


def lagging(behind: timedelta) -> Finding:
    return database.lag(PRIMARY, served(ap_southeast_2=NOW), served(ap_southeast_2=NOW - behind), 5 * MINUTE)


def shape(**settings: Any) -> TaskShape:
    return TaskShape("image", 0.5, settings)


def two(first: FailoverRecord, second: FailoverRecord, *more: FailoverRecord) -> Finding:
    return routing.records("app.example", (first, second, *more))


LEADS, STANDS = FailoverRecord(PRIMARY, "PRIMARY", "1"), FailoverRecord(STANDBY, "SECONDARY", "2")
ASKS = HealthCheckSeen("/healthz", disabled=False, inverted=False)

FOUND: list[tuple[Callable[[], Finding], Verdict, str]] = [
    (
        lambda: capacity.fargate(None, 1, 1, 1),
        UNKNOWN,
        "Service Quotas does not tell the quota of Fargate On-Demand vCPUs here",
    ),
    (lambda: capacity.fargate(6, 2, 0.5, 8), OK, "6 vCPUs, 2 used, 4 more for the full size"),
    (lambda: capacity.fargate(6, 2.5, 0.5, 8), NOT_OK, "6 vCPUs, 2.5 used, 4 more for the full size"),
    (lambda: capacity.fargate(4, None, 0.5, 8), OK, "4 vCPUs, no use published, 4 more for the full size"),
    (lambda: capacity.fargate(4, 0, 0.5, 8), OK, "4 vCPUs, 0 used, 4 more for the full size"),
    (lambda: capacity.fargate(4, 4, 2, -1), OK, "4 vCPUs, 4 used, 0 more for the full size"),
    (lambda: capacity.fargate(4, 4, 1, 1), NOT_OK, "4 vCPUs, 4 used, 1 more for the full size"),
    (lambda: database.replica("app", None, None), NOT_OK, "there is no database instance app"),
    (lambda: database.replica("app", "available", "it is none"), NOT_OK, "it is none"),
    (lambda: database.replica("app", "available", None), OK, "app is available"),
    (lambda: database.replica("app", "storage-optimization", None), OK, "app is storage-optimization"),
    (lambda: database.replica("app", "failing-over", None), NOT_OK, "app is failing-over"),
    (
        lambda: database.replica("app", "polishing", None),
        UNKNOWN,
        "app is polishing, a status of which this version does not know what it means",
    ),
    (lambda: database.replica("app", "backing-up", None), NOT_OK, "app is backing-up"),
    (lambda: database.replica("app", "failed", None), NOT_OK, "app is failed"),
    (
        lambda: database.streaming(served(recovering=False)),
        NOT_OK,
        "the database here is not in recovery: it replicates from nobody",
    ),
    (lambda: database.streaming(served(None)), UNKNOWN, "the service does not tell whether a WAL receiver runs"),
    (lambda: database.streaming(served(True)), OK, "streams"),
    (lambda: database.streaming(served(False)), NOT_OK, "no WAL receiver runs"),
    (lambda: database.synchronized("app", None), UNKNOWN, "Aurora names no synchronization status of app"),
    (lambda: database.synchronized("app", "connected"), OK, "app is connected"),
    (lambda: database.synchronized("app", "pending-resync"), NOT_OK, "app is pending-resync"),
    (
        lambda: database.lag(PRIMARY, served(), served(), MINUTE),
        UNKNOWN,
        f"{PRIMARY} has written no heartbeat to compare with",
    ),
    (
        lambda: database.lag(PRIMARY, served(ap_southeast_2=NOW), served(), MINUTE),
        NOT_OK,
        f"no heartbeat of {PRIMARY} has ever arrived",
    ),
    (lambda: lagging(5 * MINUTE), OK, "300.0 s behind; the RPO is 300 s"),
    (lambda: lagging(5 * MINUTE + timedelta(seconds=1)), NOT_OK, "301.0 s behind; the RPO is 300 s"),
    (lambda: lagging(-MINUTE), OK, "0.0 s behind; the RPO is 300 s"),
    (lambda: database.backups(7, 7), OK, "kept 7 days here, 7 in the leader's Region"),
    (lambda: database.backups(8, 7), OK, "kept 8 days here, 7 in the leader's Region"),
    (lambda: database.backups(1, 1), OK, "kept 1 days here, 1 in the leader's Region"),
    (lambda: database.backups(0, 0), NOT_OK, "kept 0 days here, 0 in the leader's Region"),
    (lambda: database.backups(6, 7), NOT_OK, "kept 6 days here, 7 in the leader's Region"),
    (lambda: database.instance_class(None, "m"), UNKNOWN, "RDS did not name the class of both"),
    (lambda: database.instance_class("m", None), UNKNOWN, "RDS did not name the class of both"),
    (lambda: database.instance_class("m", "m"), OK, "m here, m in the leader's Region"),
    (lambda: database.instance_class("s", "m"), NOT_OK, "s here, m in the leader's Region"),
    (lambda: keys.key("alias/a", None), NOT_OK, "there is no key alias/a"),
    (lambda: keys.key("alias/a", "Enabled"), OK, "alias/a is Enabled"),
    (lambda: keys.key("alias/a", "Disabled"), NOT_OK, "alias/a is Disabled"),
    (lambda: keys.secret("s", None, None), NOT_OK, "there is no secret s"),
    (lambda: keys.secret("s", SecretSeen(NOW), None), NOT_OK, "s is scheduled to be deleted"),
    (lambda: keys.secret("s", SecretSeen(None), "no"), NOT_OK, "s is there, but the service is not let in: no"),
    (lambda: keys.secret("s", SecretSeen(None), None), OK, "the service is let in with s"),
    (lambda: objects.buckets({"b": None, "a": None, "c": True}, ("b",), "b"), NOT_OK, "missing: a, b"),
    (lambda: objects.buckets({"b": False, "a": False, "c": True}, ("b",), "b"), NOT_OK, "not versioned: a, b"),
    (lambda: objects.buckets({"a": True}, ("x",), "b"), NOT_OK, "the leader's bucket is not replicated to b"),
    (lambda: objects.buckets({"a": True}, ("x", "b"), "b"), OK, "versioned, and replicated"),
    (lambda: objects.backlog(UnknownBacklog("no metric")), UNKNOWN, "no metric"),
    (
        lambda: objects.backlog(Backlog(0, 0, None, NOW)),
        OK,
        "No object was waiting for its replication at 03:00:00 UTC.",
    ),
    (
        lambda: objects.backlog(Backlog(1, 9, None, NOW)),
        NOT_OK,
        "1 object operations (9 bytes) were waiting for replication at 03:00:00 UTC.",
    ),
    (lambda: parity.image(None, HERE), NOT_OK, "the image is not in this Region's registry: no task could be started"),
    (lambda: parity.image(HERE, None), NOT_OK, "the leader's image is not in its registry any more"),
    (lambda: parity.image(HERE, HERE), OK, "aaaaaaaaaaaa here, aaaaaaaaaaaa in the leader's Region"),
    (lambda: parity.image(HERE, THERE), NOT_OK, "aaaaaaaaaaaa here, bbbbbbbbbbbb in the leader's Region"),
    (lambda: parity.task_definition(None, shape()), NOT_OK, "there is no ECS service here"),
    (lambda: parity.task_definition(shape(), None), NOT_OK, "there is no ECS service in the leader's Region"),
    (lambda: parity.task_definition(shape(a=1), shape(a=1)), OK, "the same"),
    (lambda: parity.task_definition(shape(c=1, a=1, d=2), shape(a=2, b=1, d=2)), NOT_OK, "different: a, b, c"),
    (lambda: parity.plan(None, "p"), NOT_OK, "no plan is published here"),
    (lambda: parity.plan("p", None), NOT_OK, "no plan is published in the leader's Region"),
    (lambda: parity.plan("p", "p"), OK, "the same"),
    (lambda: parity.plan("p", "q"), NOT_OK, "148de9c5a7a4 here, 8e35c2cd3bf6 there"),
    (lambda: parity.schema("x" * 13, "x" * 13), OK, "xxxxxxxxxxxx here, xxxxxxxxxxxx in the leader's Region"),
    (lambda: parity.schema("x", "y"), NOT_OK, "x here, y in the leader's Region"),
    (lambda: practice.drill(None, NOW), NOT_OK, "no run has moved the leadership as far back as is remembered"),
    (lambda: practice.drill(NOW - 90 * DAY, NOW), OK, "the last one ended 90 days ago"),
    (lambda: practice.drill(NOW - 90 * DAY - MINUTE, NOW), NOT_OK, "the last one ended 90 days ago"),
    (lambda: practice.rehearsal(None, NOW), NOT_OK, "no rehearsal has succeeded as far back as is remembered"),
    (lambda: practice.rehearsal(NOW - 8 * DAY, NOW), OK, "the last one ended 8 days ago"),
    (lambda: practice.rehearsal(NOW - 8 * DAY - MINUTE, NOW), NOT_OK, "the last one ended 8 days ago"),
    (lambda: practice.rehearsal(NOW - 2 * DAY, NOW), OK, "the last one ended 2 days ago"),
    (lambda: practice.rehearsal(NOW - 2 * DAY + MINUTE, NOW), OK, "the last one ended 47 h 59 min ago"),
    (lambda: practice.rehearsal(NOW - 60 * MINUTE, NOW), OK, "the last one ended 1 h 0 min ago"),
    (lambda: practice.evaluated(None, NOW), UNKNOWN, "the standby has never evaluated itself"),
    (lambda: practice.evaluated(NOW - 45 * MINUTE, NOW), OK, "45 min ago"),
    (lambda: practice.evaluated(NOW - 46 * MINUTE, NOW), NOT_OK, "46 min ago"),
    (lambda: practice.evaluated(NOW - 59.5 * MINUTE, NOW), NOT_OK, "59 min ago"),
    (lambda: practice.evaluated(NOW + MINUTE, NOW), OK, "0 min ago"),
    (
        lambda: practice.subscriptions({STANDBY: (Subscribed("email", True),), PRIMARY: (Subscribed("https", True),)}),
        OK,
        f"confirmed in {PRIMARY}, {STANDBY}",
    ),
    (
        lambda: practice.subscriptions(
            {STANDBY: (), PRIMARY: (Subscribed("email", False), Subscribed("https", False), Subscribed("sms", True))}
        ),
        NOT_OK,
        f"{PRIMARY}: email, https not confirmed; {STANDBY}: nobody is told",
    ),
    (lambda: record.copies({PRIMARY: RECORD, STANDBY: RECORD}, RECORD), OK, "2 copies at epoch 1"),
    (
        lambda: record.copies({WITNESS: replace(RECORD, epoch=2), PRIMARY: "is empty", STANDBY: RECORD}, RECORD),
        NOT_OK,
        f"{PRIMARY} is empty; {WITNESS} is at epoch 2",
    ),
    (lambda: routing.records("app.example", None), NOT_OK, "there is no hosted zone of app.example"),
    (lambda: routing.records("app.example", ()), NOT_OK, "app.example has 0 records: none"),
    (lambda: two(STANDS, replace(LEADS, role=None)), NOT_OK, "app.example has 2 records: None, SECONDARY"),
    (lambda: two(STANDS, LEADS, LEADS), NOT_OK, "app.example has 3 records: PRIMARY, PRIMARY, SECONDARY"),
    (lambda: two(LEADS, replace(STANDS, health_check=None)), NOT_OK, "a record of app.example has no health check"),
    (lambda: two(LEADS, STANDS), OK, f"PRIMARY {PRIMARY}, SECONDARY {STANDBY}"),
    (
        lambda: two(LEADS, replace(STANDS, health_check="1")),
        NOT_OK,
        "both records of app.example share one health check",
    ),
    (lambda: routing.health_checks({}), NOT_OK, "no record has a health check"),
    (lambda: routing.health_checks({PRIMARY: ASKS, STANDBY: ASKS}), OK, "both ask /healthz"),
    (
        lambda: routing.health_checks({STANDBY: None, PRIMARY: replace(ASKS, disabled=True)}),
        NOT_OK,
        f"{PRIMARY}: it is disabled, and so counts as healthy; {STANDBY}: it does not exist",
    ),
    (
        lambda: routing.health_checks({STANDBY: replace(ASKS, path="/"), PRIMARY: replace(ASKS, inverted=True)}),
        NOT_OK,
        f"{PRIMARY}: it is inverted; {STANDBY}: it asks /",
    ),
    (lambda: routing.health_checks({PRIMARY: replace(ASKS, path=None)}), NOT_OK, f"{PRIMARY}: it asks no path"),
]


@pytest.mark.parametrize(("found", "verdict", "value"), FOUND, ids=range(len(FOUND)))
def test_a_finding_is_judged_and_told(found: Callable[[], Finding], verdict: Verdict, value: str) -> None:
    assert found() == Finding(verdict, value)


@pytest.mark.parametrize(
    ("state", "why"), [(None, "There is no key k."), ("Enabled", None), ("PendingDeletion", "k is PendingDeletion.")]
)
def test_a_key_that_opens_nothing_is_told_why(state: str | None, why: str | None) -> None:
    assert keys.why_not_usable("k", state) == why


BODY: Mapping[str, Any] = {
    "in_recovery": True,
    "streaming": None,
    "schema": "s",
    "heartbeats": {PRIMARY: "2026-11-23T03:00:00+00:00"},
}


def test_what_a_service_says_of_its_database_is_read() -> None:
    assert ServedDatabase.parse(BODY) == ServedDatabase(True, None, {PRIMARY: NOW}, "s")
    assert ServedDatabase.parse({**BODY, "streaming": False}).streaming is False


@pytest.mark.parametrize("wrong", [{"in_recovery": 1}, {"streaming": "yes"}, {"schema": None}])
def test_what_no_service_would_say_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="in_recovery and streaming must be true or false"):
        ServedDatabase.parse({**BODY, **wrong})


def checked(name: str, verdict: Verdict) -> Checked:
    return Checked(Check(name, "all well", "it matters"), Finding(verdict, "seen"))


def evaluation(*verdicts: Verdict) -> Evaluation:
    found = tuple(checked(f"c{number}", verdict) for number, verdict in enumerate(verdicts))
    return Evaluation("app", STANDBY, PRIMARY, STANDBY, NOW, 1.23456, found)


@pytest.mark.parametrize(
    ("verdicts", "verdict", "sentence"),
    [
        ((OK, OK), OK, "app: us-west-2 is ready to take over from ap-southeast-2."),
        (
            (OK, UNKNOWN),
            UNKNOWN,
            "app: us-west-2 may not be ready to take over from ap-southeast-2 (1 unknown of 2 checks).",
        ),
        (
            (NOT_OK, UNKNOWN, NOT_OK),
            NOT_OK,
            "app: us-west-2 is NOT READY to take over from ap-southeast-2 (2 not ok, 1 unknown of 3 checks).",
        ),
        ((), UNKNOWN, "app: us-west-2 may not be ready to take over from ap-southeast-2."),
    ],
)
def test_all_checks_together_are_one_sentence(verdicts: tuple[Verdict, ...], verdict: Verdict, sentence: str) -> None:
    found = evaluation(*verdicts)
    assert (found.verdict, found.sentence) == (verdict, sentence)


def test_an_evaluation_is_written_down_whole() -> None:
    one = {
        "name": "c0",
        "verdict": "ok",
        "value": "seen",
        "expected": "all well",
        "why": "it matters",
        "page": f"{PAGE}#c0",
    }
    assert evaluation(OK).to_dict() == {
        "service": "app",
        "region": STANDBY,
        "leader": PRIMARY,
        "standby": STANDBY,
        "at": "2026-11-23T03:00:00+00:00",
        "seconds": 1.235,
        "verdict": "ok",
        "sentence": "app: us-west-2 is ready to take over from ap-southeast-2.",
        "checks": [one],
    }


@pytest.mark.parametrize(
    ("verdict", "seen", "told", "is_news"),
    [
        (OK, None, None, False),
        (NOT_OK, None, None, True),
        (UNKNOWN, None, None, False),
        (OK, "ok", "ok", False),
        (OK, "ok", "not ok", True),
        (NOT_OK, "ok", "ok", True),
        (NOT_OK, "not ok", "not ok", False),
        (UNKNOWN, "ok", "ok", False),
        (UNKNOWN, "unknown", "ok", True),
        (UNKNOWN, "unknown", "unknown", False),
    ],
)
def test_news_is_what_differs_from_what_was_told(
    verdict: Verdict, seen: str | None, told: str | None, is_news: bool
) -> None:
    memory = Memory({"c": seen}, {"c": told}) if seen and told else None
    one = checked("c", verdict)
    assert news([one], memory) == ((one,) if is_news else ())


def test_one_that_was_never_told_of_counts_as_told_ok() -> None:
    assert news([checked("new", OK)], Memory({}, {})) == ()
    assert news([checked("new", UNKNOWN)], Memory({}, {})) == ()


def test_what_was_told_stays_remembered_and_what_was_seen_is_of_this_time() -> None:
    now = [checked("a", NOT_OK), checked("b", UNKNOWN)]
    memory = remembered(now, now[:1], Memory({"gone": "ok"}, {"b": "ok", "gone": "ok"}))
    assert memory == Memory({"a": "not ok", "b": "unknown"}, {"a": "not ok", "b": "ok", "gone": "ok"})
    assert remembered(now, (), None) == Memory({"a": "not ok", "b": "unknown"}, {})
