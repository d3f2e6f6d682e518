"""Is everything but a fresh, listed, unmuted alarm refused with a reason, whatever the event looks like?"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest
from control_plane_world import ACCOUNT, ALARM_ARN, NOW, alarm_event, alarm_notice, plan_with
from hypothesis import given
from hypothesis import strategies as st

from failover.domain.alarm_event import AlarmEvent, NotAnAlarm, ReportedAlarm, accept, overtaken, read_report
from failover.domain.alarm_notice import as_event
from failover.domain.leader_record import Refusal
from failover.domain.signals import Health
from failover.domain.withheld import Withheld


def test_a_fresh_alarm_of_ours_is_accepted() -> None:
    report = read_report(alarm_event())
    assert isinstance(report, ReportedAlarm)
    assert report.account_id == ACCOUNT
    event = accept(report, plan_with(), NOW)
    assert isinstance(event, AlarmEvent)
    assert event.alarm.arn == ALARM_ARN
    assert event.observed_at == NOW - timedelta(seconds=30)


REFUSED: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda e: e.update(source="aws.monitoring"), "source is aws.monitoring"),
    (lambda e: e.update(source=None), "source is a NoneType"),
    (lambda e: e.update({"detail-type": "CloudWatch Alarm Configuration Change"}), "type is"),
    (lambda e: e.pop("detail"), "alarmName"),
    (lambda e: e["detail"].pop("alarmName"), "alarmName"),
    (lambda e: e["detail"].update(state="ALARM"), "no alarm state"),
    (lambda e: e["detail"]["state"].update(value="BROKEN"), "no alarm state"),
    (lambda e: e["detail"]["state"].update(value="OK"), "is OK, not ALARM"),
    (lambda e: e["detail"]["state"].pop("timestamp"), "timestamp"),
    (lambda e: e["detail"]["state"].update(timestamp="yesterday"), "timestamp"),
    (lambda e: e["detail"]["state"].update(timestamp="2026-11-23T02:59:30"), "timestamp"),
    (lambda e: e.update(resources=[]), "does not name one alarm"),
    (lambda e: e.update(resources=["arn:aws:s3:::bucket"]), "does not name one alarm"),
    (lambda e: e.update(resources=ALARM_ARN), "does not name one alarm"),
    (lambda e: e.update(region="us-west-2"), "contradicts itself"),
    (lambda e: e.update(account="210987654321"), "contradicts itself"),
    (lambda e: e["detail"].update(alarmName="other"), "contradicts itself"),
    (lambda e: e.update(alarmData={}), "EventBridge and SNS only"),
]


@pytest.mark.parametrize(("change", "why"), REFUSED, ids=[f"{n}-{why}" for n, (_, why) in enumerate(REFUSED)])
def test_an_event_that_is_no_alarm_of_ours_is_refused_from_its_shape_alone(
    change: Callable[[dict[str, Any]], object], why: str
) -> None:
    event = copy.deepcopy(alarm_event())
    change(event)
    refusal = read_report(event)
    assert isinstance(refusal, Refusal)
    assert why in refusal.reason


WITHHELD: list[tuple[dict[str, Any], str, bool]] = [
    ({"value": "INSUFFICIENT_DATA"}, "is INSUFFICIENT_DATA", True),
    ({"muteDetail": {"mutedBy": "x"}}, "muted by a mute rule", True),
    ({"actionsSuppressedBy": "Alarm"}, "another alarm suppresses", True),
    ({"actionsSuppressedBy": "WaitPeriod"}, "held until that ends", False),
    ({"actionsSuppressedBy": "ExtensionPeriod"}, "held until that ends", False),
    # Data that is gone tells nothing, muted or not.
    ({"value": "INSUFFICIENT_DATA", "actionsSuppressedBy": "WaitPeriod"}, "is INSUFFICIENT_DATA", True),
]


@pytest.mark.parametrize(("state", "why", "told"), WITHHELD, ids=[f"{n}-{w}" for n, (_, w, _) in enumerate(WITHHELD)])
def test_a_change_that_starts_nothing_and_is_no_all_clear_is_withheld(
    state: dict[str, Any], why: str, told: bool
) -> None:
    """What ends by itself is reported again; of the rest nobody would hear if people were not told."""
    event = alarm_event()
    event["detail"]["state"].update(state)
    report = read_report(event)
    assert isinstance(report, ReportedAlarm)
    assert report.withheld is not None
    assert (why in report.withheld.reason, report.withheld.told) == (True, told)


def test_the_mute_rule_may_be_named_beside_the_state() -> None:
    event = alarm_event()
    event["detail"]["muteDetail"] = {"mutedBy": "x"}
    report = read_report(event)
    assert isinstance(report, ReportedAlarm)
    assert report.withheld is not None


def test_an_alarm_that_leaves_its_wait_period_is_reported_again_and_counts() -> None:
    """From ALARM to ALARM: a filter on the previous state would lose it."""
    event = alarm_event()
    event["detail"]["previousState"] = {"value": "ALARM", "actionsSuppressedBy": "WaitPeriod"}
    report = read_report(event)
    assert isinstance(report, ReportedAlarm)
    assert report.withheld is None


@pytest.mark.scenario("F03")
@pytest.mark.parametrize(
    ("health", "since_seconds", "over"),
    [
        (Health.HEALTHY, 1, True),
        (Health.HEALTHY, 0, False),
        (Health.HEALTHY, -1, False),
        (Health.HEALTHY, None, False),
        (Health.UNHEALTHY, 1, False),
        (Health.INSUFFICIENT, 1, False),
        (Health.UNREACHABLE, None, False),
    ],
)
def test_a_change_is_over_only_when_its_alarm_is_ok_since_a_later_moment(
    health: Health, since_seconds: int | None, over: bool
) -> None:
    """Ordered by CloudWatch's own timestamps, never by the order of arrival; silence is no all-clear."""
    report = read_report(alarm_event())
    assert isinstance(report, ReportedAlarm)
    event = accept(report, plan_with(), NOW)
    assert isinstance(event, AlarmEvent)
    since = None if since_seconds is None else event.observed_at + timedelta(seconds=since_seconds)
    refusal = overtaken(event, health, since)
    assert (refusal is not None) is over
    assert refusal is None or "late or out of order" in refusal.reason


@pytest.mark.scenario("F02")
def test_an_alarm_from_a_topic_is_the_same_report_as_the_event_of_the_same_change() -> None:
    """So that the execution's name is the same too, and the alarm that comes both ways starts one run."""
    assert read_report(alarm_notice()) == read_report(alarm_event())


REFUSED_NOTICES: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda e: e.update(Records=[]), "does not hold one SNS message"),
    (lambda e: e.update(Records="x"), "does not hold one SNS message"),
    (lambda e: e["Records"].append(e["Records"][0]), "does not hold one SNS message"),
    (lambda e: e["Records"][0].update(EventSource="aws:sqs"), "does not hold one SNS message"),
    (lambda e: e["Records"][0].pop("Sns"), "no JSON object"),
    (lambda e: e["Records"][0]["Sns"].update(Message="the disk is full"), "no JSON object"),
    (lambda e: e["Records"][0]["Sns"].update(Message="[]"), "no JSON object"),
    (lambda e: tell(e, NewStateValue="OK"), "is OK, not ALARM"),
    (lambda e: tell(e, NewStateValue=None), "no alarm state"),
    (lambda e: tell(e, AlarmName="other"), "contradicts itself"),
    (lambda e: tell(e, AWSAccountId="210987654321"), "contradicts itself"),
    (lambda e: tell(e, AlarmArn=None), "does not name one alarm"),
    (lambda e: tell(e, StateChangeTime="yesterday"), "timestamp"),
]


@pytest.mark.parametrize(
    ("change", "why"), REFUSED_NOTICES, ids=[f"{n}-{w}" for n, (_, w) in enumerate(REFUSED_NOTICES)]
)
def test_a_message_that_is_no_alarm_of_ours_is_refused(change: Callable[[dict[str, Any]], object], why: str) -> None:
    event = alarm_notice()
    change(event)
    refusal = read_report(event)
    assert isinstance(refusal, Refusal)
    assert why in refusal.reason


def tell(event: dict[str, Any], **changes: Any) -> None:
    sns = event["Records"][0]["Sns"]
    sns["Message"] = json.dumps({**json.loads(sns["Message"]), **changes})


@pytest.mark.scenario("F10", "F42")
@pytest.mark.parametrize(
    ("age_seconds", "accepted"), [(900, True), (901, False), (86_400, False), (-120, True), (-121, False)]
)
def test_an_alarm_counts_only_while_it_is_fresh(age_seconds: int, accepted: bool) -> None:
    """EventBridge retries for a day; clocks of two services differ by seconds, not by minutes."""
    report = read_report(alarm_event())
    assert isinstance(report, ReportedAlarm)
    outcome = accept(report, plan_with(), report.observed_at + timedelta(seconds=age_seconds))
    assert isinstance(outcome, AlarmEvent if accepted else Refusal)


def test_an_alarm_of_another_account_or_off_the_list_is_refused() -> None:
    foreign = ALARM_ARN.replace(ACCOUNT, "210987654321")
    report = read_report(alarm_event(account="210987654321", resources=[foreign]))
    assert isinstance(report, ReportedAlarm)
    outcome = accept(report, plan_with(), NOW)
    assert isinstance(outcome, Refusal)
    assert "210987654321" in outcome.reason
    event = alarm_event(resources=[f"{ALARM_ARN}-2"])
    event["detail"]["alarmName"] += "-2"
    report = read_report(event)
    assert isinstance(report, ReportedAlarm)
    outcome = accept(report, plan_with(), NOW)
    assert isinstance(outcome, Refusal)
    assert "not on the plan's list" in outcome.reason


def test_what_cloudwatch_says_is_kept_on_one_short_line() -> None:
    """The reason goes into the run's input, logs and mail: no control characters, no flood."""
    event = alarm_event()
    event["detail"]["state"]["reason"] = "a\nb\x1b[31m" + "x" * 1000
    report = read_report(event)
    assert isinstance(report, ReportedAlarm)
    assert report.reason.startswith("a b [31m")
    assert len(report.reason) == 300
    event["detail"]["state"]["reason"] = None
    report = read_report(event)
    assert isinstance(report, ReportedAlarm)
    assert report.reason == "CloudWatch gave no reason."


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=10,
)
PATHS = [
    ("source",),
    ("detail-type",),
    ("resources",),
    ("account",),
    ("region",),
    ("detail",),
    ("detail", "alarmName"),
    ("detail", "state"),
    ("detail", "state", "value"),
    ("detail", "state", "timestamp"),
    ("detail", "state", "reason"),
    ("detail", "state", "actionsSuppressedBy"),
    ("Records",),
]


@pytest.mark.scenario("F09")
@given(st.one_of(JSON, st.just(alarm_event())), st.sampled_from(PATHS), JSON)
def test_no_event_raises(event: Any, path: tuple[str, ...], value: Any) -> None:
    event = copy.deepcopy(event)
    place = event
    for key in path[:-1]:
        place = place.get(key) if isinstance(place, dict) else None
    if isinstance(place, dict):
        place[path[-1]] = value
    outcome = read_report(event)
    if isinstance(outcome, Refusal):
        assert outcome.reason.endswith(".")
        assert "\n" not in outcome.reason


def report_of(**state: Any) -> Any:
    event = alarm_event()
    event["detail"]["state"].update(state)
    return read_report(event)


def test_a_report_and_an_event_hold_what_cloudwatch_said() -> None:
    report = read_report(alarm_event())
    told = "2026-11-23T02:59:30.000+0000"
    assert report == ReportedAlarm(ALARM_ARN, ACCOUNT, "Threshold Crossed", NOW - timedelta(seconds=30), told)
    assert isinstance(report, ReportedAlarm)
    muted = Withheld("muted")
    event = accept(replace(report, withheld=muted), plan_with(), NOW)
    alarm = plan_with().alarms[0]
    assert event == AlarmEvent(alarm, "Threshold Crossed", report.observed_at, told, muted)


def test_an_instant_is_told_in_utc_wherever_it_was_written() -> None:
    report = report_of(timestamp="2026-11-23T08:29:30+05:30")
    assert report.observed_at.isoformat() == "2026-11-23T02:59:30+00:00"
    event = accept(report, plan_with(), NOW)
    assert isinstance(event, AlarmEvent)
    over = overtaken(event, Health.HEALTHY, NOW.astimezone(timezone(timedelta(hours=11))))
    assert over is not None
    assert "is OK since 2026-11-23 03:00:00 UTC, which is later" in over.reason


@pytest.mark.parametrize(
    ("age_seconds", "why"),
    [
        (901.4, "drlab-app-primary-health-check changed 901 s ago, more than the 900 s that count as fresh."),
        (-121, "drlab-app-primary-health-check claims to have changed 121 s in the future."),
    ],
)
def test_an_alarm_that_is_not_fresh_is_told_by_how_much(age_seconds: float, why: str) -> None:
    report = report_of()
    assert accept(report, plan_with(), report.observed_at + timedelta(seconds=age_seconds)) == Refusal(why)


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (None, "The event is malformed: it is no JSON object."),
        (alarm_event(source="x" * 61), f"The event's source is {'x' * 60}, not aws.cloudwatch."),
        (alarm_event(source=" \n"), "The event's source is a str, not aws.cloudwatch."),
        (
            alarm_event(**{"detail-type": ["a"]}),
            "The event's type is a list, not CloudWatch Alarm State Change.",
        ),
        (alarm_event(detail={"alarmName": 5}), "The event is malformed: detail.alarmName is missing."),
        (alarm_event(detail=["alarmName"]), "The event is malformed: detail.alarmName is missing."),
        (
            alarm_event(resources=[ALARM_ARN, ALARM_ARN]),
            "The event is malformed: resources does not name one alarm.",
        ),
        (alarm_event(resources=[5]), "The event is malformed: resources does not name one alarm."),
        (alarm_event(resources={0: ALARM_ARN}), "The event is malformed: resources does not name one alarm."),
    ],
)
def test_a_malformed_event_is_refused_by_what_is_wrong_with_it(event: object, why: str) -> None:
    assert read_report(event) == NotAnAlarm(why)


def test_a_time_that_is_no_text_is_no_instant() -> None:
    refused = report_of(timestamp=5)
    assert refused == NotAnAlarm("The event is malformed: detail.state.timestamp is no instant with a time zone.")


@pytest.mark.parametrize(
    ("text", "line"),
    [("a\tb  c\x00d", "a b c d"), (" ", "CloudWatch gave no reason."), (5, "CloudWatch gave no reason.")],
)
def test_a_reason_is_one_line(text: object, line: str) -> None:
    assert report_of(reason=text).reason == line


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (
            {"value": "INSUFFICIENT_DATA"},
            "drlab-app-primary-health-check is INSUFFICIENT_DATA: it neither finds the leader well nor down.",
        ),
        ({"muteDetail": {"x": 1}}, "drlab-app-primary-health-check is in ALARM, but muted by a mute rule."),
        (
            {"actionsSuppressedBy": "Alarm"},
            "drlab-app-primary-health-check is in ALARM, but another alarm suppresses its actions.",
        ),
    ],
)
def test_what_is_withheld_is_told_by_its_cause(state: dict[str, Any], reason: str) -> None:
    assert report_of(**state).withheld == Withheld(reason, told=True)


def test_each_field_of_a_notice_stands_in_its_place() -> None:
    notice = alarm_notice()
    assert as_event(notice) == {
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "account": ACCOUNT,
        "region": "us-east-1",
        "resources": [ALARM_ARN],
        "detail": {
            "alarmName": "drlab-app-primary-health-check",
            "state": {
                "value": "ALARM",
                "reason": "Threshold Crossed",
                "timestamp": "2026-11-23T02:59:30.000+0000",
            },
        },
    }


@pytest.mark.parametrize(
    ("arn", "region"), [("a:b:c", None), ("a:b:c:here", "here"), ("a:b:c:here:e", "here"), (5, None), (None, None)]
)
def test_a_notices_region_is_read_from_its_arn_where_there_is_one(arn: object, region: str | None) -> None:
    notice = alarm_notice()
    tell(notice, AlarmArn=arn)
    event = as_event(notice)
    assert not isinstance(event, Refusal)
    assert event["region"] == region


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda e: e.update(Records=["x"]), "The event is malformed: Records does not hold one SNS message."),
        (
            lambda e: e.update(Records={0: e["Records"][0]}),
            "The event is malformed: Records does not hold one SNS message.",
        ),
        (lambda e: e["Records"][0].update(Sns="x"), "The SNS message is none of an alarm: its text is no JSON object."),
        (
            lambda e: e["Records"][0]["Sns"].update(Message=5),
            "The SNS message is none of an alarm: its text is no JSON object.",
        ),
    ],
)
def test_a_malformed_notice_is_refused_by_what_is_wrong_with_it(
    change: Callable[[dict[str, Any]], object], why: str
) -> None:
    notice = alarm_notice()
    change(notice)
    assert as_event(notice) == Refusal(why)
