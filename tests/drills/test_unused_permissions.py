"""Do the drills need everything that the roles allow, and nothing else? Sorts last: it reads what they did."""

from __future__ import annotations

import re

import pytest

from lab.measuring.permissions import denied, name
from lab.settings import FAULT_NAMES, PRIMARY_REGION, SECONDARY_REGION, WITNESS_REGION
from tests.drills.permissions_seen import SEEN

pytestmark = pytest.mark.drill

PATIENCE_SECONDS = 300

REGION = re.compile("|".join((PRIMARY_REGION, SECONDARY_REGION, WITNESS_REGION)))
# By what a grant is for, or by that and the end of its resource: why no drill used it.
BY_LAMBDA = (
    "Lambda does this with the function's role, beside the function's code; the lab's Lambda writes no CloudWatch logs."
)
# A write that may happen once is tried first, and read back only where somebody else made it before.
MADE_BEFORE = "Reads what an earlier try of the same step left behind; in a drill no step is repeated."
ABSENT = "Lets S3 say that an object is absent; in a drill the object is there before anybody asks."
WITHHELD = "Tells people of an alarm that is muted, suppressed or without data; in a drill it is none of these."
NO_ALARM = "For an event that failed three times, or is none of an alarm; a drill sends alarms that are decided."
BY_STEP_FUNCTIONS = (
    "Step Functions does this with the workflow's role; the lab's writes no CloudWatch logs and no traces."
)
LOG_DELIVERY = (
    *("CreateLogDelivery", "DeleteLogDelivery", "DescribeLogGroups", "DescribeResourcePolicies", "GetLogDelivery"),
    *("ListLogDeliveries", "PutResourcePolicy", "UpdateLogDelivery"),
)
NO_MARKERS = "Delete markers are not replicated unless s3ReplicateDeletes says so."
NO_TAGS = "No object of a drill has tags."
NO_OPTIONS = "RDS puts an instance in an option group, of which the lab's has none."
CUT_OFF = "Looks at the old primary under its later name, where an earlier rebuild was cut off after the exchange."
NOT_BROKEN_SO = (
    "For a backup that is damaged, a snapshot, or a replica that is broken and not gone; its own tests play those."
)
NOT_IN_PROGRESS = "Tells the state of a rebuild or a rehearsal; no drill asks for the status while one is in progress."
NOBODY_BREAKS_GLASS = (
    "Tells of a person's own run; where the glass is broken in a drill there is no control plane to ask."
)
RESTORE, REHEARSE = "drlab-app-restore-from-latest-snapshot", "drlab-app-rehearse-restore"
UNUSED_WITH_REASON = {
    **{("*", f"logs:{action}"): BY_STEP_FUNCTIONS for action in LOG_DELIVERY},
    ("*", "xray:GetSamplingRules"): BY_STEP_FUNCTIONS,
    ("*", "xray:GetSamplingTargets"): BY_STEP_FUNCTIONS,
    ("drlab-app-app-data-123456789012-REGION", "s3:ReplicateDelete"): NO_MARKERS,
    ("drlab-app-app-data-123456789012-REGION", "s3:ReplicateTags"): NO_TAGS,
    ("drlab-app-create-replica", "rds:CreateDBInstanceReadReplica"): NO_OPTIONS,
    ("drlab-app-create-replica", "rds:DescribeDBInstances"): CUT_OFF,
    ("drlab-app-operator-api", "states:GetExecutionHistory"): NOT_IN_PROGRESS,
    ("drlab-app-operator-api", "s3:GetObject runs/break-glass-*"): NOBODY_BREAKS_GLASS,
    ("drlab-app-export-divergence", "s3:GetObject"): MADE_BEFORE,
    (RESTORE, "rds:DeleteDBInstance"): NOT_BROKEN_SO,
    (RESTORE, "rds:ModifyDBInstance"): NOT_BROKEN_SO,
    (RESTORE, "rds:RestoreDBInstanceFromDBSnapshot"): NOT_BROKEN_SO,
    (RESTORE, "rds:RestoreDBInstanceToPointInTime"): NOT_BROKEN_SO,
    (RESTORE, "s3:PutObject"): NOT_BROKEN_SO,
    (REHEARSE, "rds:RestoreDBInstanceFromDBSnapshot"): NOT_BROKEN_SO,
    (REHEARSE, "rds:RestoreDBInstanceToPointInTime"): NOT_BROKEN_SO,
    (REHEARSE, "s3:PutObject"): NOT_BROKEN_SO,
    (REHEARSE, "rds:DeleteDBInstance"): "For what an earlier rehearsal left behind; its own tests leave one.",
    ("*", "logs:CreateLogStream"): BY_LAMBDA,
    ("*", "logs:PutLogEvents"): BY_LAMBDA,
    ("*", "xray:PutTraceSegments"): BY_LAMBDA,
    ("*", "xray:PutTelemetryRecords"): BY_LAMBDA,
    ("drlab-app-receive-alarm", "sqs:SendMessage"): NO_ALARM,
    ("drlab-app-receive-alarm", "sns:Publish"): WITHHELD,
    ("drlab-app-receive-alarm", "s3:GetObject alarms/*"): WITHHELD,
    ("drlab-app-receive-alarm", "s3:PutObject alarms/*"): WITHHELD,
    ("*", "s3:ListBucket"): ABSENT,
    ("drlab-app-await-approval", "s3:GetObject"): MADE_BEFORE,
    ("drlab-app-record-outcome", "s3:GetObject"): MADE_BEFORE,
}


def ends(resource: str) -> tuple[str, str]:
    """The key of an object, and the name of a function."""
    return resource.partition("/")[2], resource.rpartition(":")[2]


def unused() -> set[tuple[str, str, str]]:
    """(who, action, resource) that no drill used, of those that acted.

    Regions are left out: the template is the same in both, and of three copies a majority is asked, whichever answers first.
    """
    held, used = set(), set()
    for report in SEEN:
        for arn, found in report.items():
            for kind, into in (("used", used), ("unused", held)):
                into.update(
                    (REGION.sub("REGION", name(arn)), action, REGION.sub("REGION", resource))
                    for action, resource in found[kind]
                )
    return held - used


@pytest.fixture(autouse=True)
def _after_every_drill(request: pytest.FixtureRequest) -> None:
    """Another process may still be at one."""
    others = [item.nodeid for item in request.session.items if item.path != request.path]
    running = SEEN.wait_for([one for one in others if one.startswith("tests/drills/")], PATIENCE_SECONDS)
    assert not running, f"not over within {PATIENCE_SECONDS} s: {running}"
    if len(SEEN) < len(FAULT_NAMES):
        pytest.skip("needs what the other drills of this test run have shown")


def test_no_call_was_denied() -> None:
    assert [sentence for report in SEEN for sentence in denied(report)] == []


def test_every_grant_was_used_or_has_a_reason() -> None:
    explained = {
        (who, action, resource)
        for who, action, resource in unused()
        if UNUSED_WITH_REASON.keys()
        & {(who, action), ("*", action), *((who, f"{action} {end}") for end in ends(resource))}
    }
    unexplained = sorted(unused() - explained)
    assert not unexplained, "\n".join(" ".join(one) for one in unexplained)
