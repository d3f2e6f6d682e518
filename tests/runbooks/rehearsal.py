"""How is a page rehearsed on a lab? Its cues bring the lab to where the page begins, its commands are typed as written."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from failover.application.leader_register import NoMajority
from failover.domain.leader_record import disarm
from failover.domain.plan import Plan
from lab.drills.faults import FAULTS
from lab.host.processes import Processes
from lab.laboratory import Laboratory
from lab.settings import FAULT_NAMES, PRIMARY_REGION, SECONDARY_REGION, WITNESS_REGION
from tests.runbooks.page import Command, Cue, PageError, name_of, steps
from tests.runbooks.terminal import Terminal

PATIENCE_SECONDS = 60
QUESTION = re.compile(r"drlab approve (\S+) --accept-loss (\S+) --region")


@dataclass
class Told:
    """What a page's rehearsal came to."""

    executed: int = 0
    on_aws_only: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


class Rehearsal:
    """On one lab, for one page after the other; without a lab, for pages whose commands bring up their own."""

    def __init__(self, processes: Processes, lab: Laboratory | None) -> None:
        self._processes, self._laboratory = processes, lab
        self._answered = 0
        # The alarms' pages begin with the same few looks, on the same lab: each is typed once.
        self._looks: dict[str, tuple[str, int]] = {}
        self._cues: dict[str, Callable[[str], None]] = {
            "fault": self._fault,
            "disarm": self._disarm,
            "await-question": self._await_question,
            "await-leader": self._await_leader,
            "await-alarm": self._await_alarm,
            "await-backup": self._await_backup,
            "global-table": self._global_table,
            "damaged-objects": self._damaged_objects,
            "await-replicas": self._await_replicas,
        }

    @property
    def _lab(self) -> Laboratory:
        assert self._laboratory is not None, "the page asks for something of a lab, and has none"
        return self._laboratory

    def play(self, page: Path) -> Told:
        """Every step, whatever came of those before: one slip in a page hides no other. Raises PageError."""
        self._terminal = Terminal(self._processes, self._known())
        told, status, aws_only = Told(), 0, ""
        for step in steps(page):
            where = f"{name_of(page)}, line {step.line}"
            if isinstance(step, Command) and aws_only:
                told.on_aws_only.append(f"{where}: {step.text} ({aws_only})")
                aws_only = ""
            elif isinstance(step, Command):
                told.executed += 1
                told.wrong += self._type(step, where, status, looks=page.parent.name == "alarms")
                status = 0
            elif step.word == "exits":
                status = int(step.rest)
            elif step.word == "aws-only":
                aws_only = step.rest
            else:
                self._cue(step, where)
        return told

    def _known(self) -> dict[str, str]:
        """What the index page has the reader set first."""
        if self._laboratory is None:
            return {}
        return {
            "AWS_ENDPOINT_URL": self._lab.cloud.endpoint,
            "AWS_ACCESS_KEY_ID": "operator",
            "AWS_SECRET_ACCESS_KEY": "lab",
            "PUBLIC": self._lab.public_url,
        }

    def _type(self, command: Command, where: str, expected: int, looks: bool) -> list[str]:
        seen = self._looks.get(command.text) if looks else None
        printed, status = self._looks[command.text] = seen or self._terminal.type(command.text)
        wrong = []
        if difference := command.difference(printed):
            wrong.append(f"{where}: {command.text}\n{difference}")
        if status != expected:
            wrong.append(f"{where}: {command.text}\nexit status {status}, not {expected}")
        return wrong

    def _cue(self, cue: Cue, where: str) -> None:
        try:
            act = self._cues[cue.word]
        except KeyError:
            raise PageError(f"{where}: the lab has no {cue.word!r}, only {', '.join(self._cues)}") from None
        act(cue.rest)

    def _fault(self, name: str) -> None:
        FAULTS[next(one for one in FAULT_NAMES if one == name)].inject(self._lab)

    def _disarm(self, _: str) -> None:
        """So that no alarm forestalls the reader."""
        now = datetime.now(UTC)
        self._lab.register.change(disarm(now + timedelta(hours=1), "the rehearsal", "the reader starts the run", now))

    def _await_question(self, _: str) -> None:
        """The newest message that asks a person, with its token and its figure."""

        def asked() -> list[tuple[str, str]]:
            texts = [str(message.get("Message")) for message in self._lab.webhook.received()]
            return [found for text in texts for found in QUESTION.findall(text)]

        awaited("the question", lambda: len(asked()) > self._answered)
        questions = asked()
        self._answered = len(questions)
        token, figure = questions[-1]
        self._terminal.know("TOKEN", token)
        self._terminal.know("SECONDS_LOST", figure)

    def _await_leader(self, region: str) -> None:
        """It leads, its record is open, no run is in progress, and the public name is answered by it."""

        def leads() -> bool:
            try:
                record = self._lab.leader_record()
            except NoMajority:
                return False
            return (record.leader, record.state.value) == (region, "open") and self._lab.public_health() == (
                True,
                region,
            )

        awaited(f"{region} as leader", lambda: leads() and not self._running())

    def _await_alarm(self, name: str) -> None:
        """The one of the witness Region has fired: that is what the reader was called by."""

        def fired() -> bool:
            alarms = self._lab.client("cloudwatch", WITNESS_REGION).describe_alarms(AlarmNames=[name])["MetricAlarms"]
            return bool(alarms) and alarms[0]["StateValue"] == "ALARM"

        awaited(f"{name} in ALARM", fired)

    def _await_backup(self, of: str) -> None:
        """RDS ends a segment of the log every five minutes; here nobody writes, so one is ended at once.

        `of` a-write: somebody has written, and that is in it, as in any ledger of a service that is used.
        """
        rds, server = self._lab.client("rds", SECONDARY_REGION), self._lab.servers[PRIMARY_REGION]
        if of:
            server.rows("insert into writes (writer, number, body, region, epoch) values ('w', 1, 'x', 'r', 1)")
        written = datetime.now(UTC)

        def there() -> bool:
            server.rows("select pg_switch_wal()")
            found = rds.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"]
            return any(not of or one["RestoreWindow"]["LatestTime"] > written for one in found)

        awaited("a replicated backup", there)

    def _running(self) -> bool:
        states = self._lab.client("stepfunctions", SECONDARY_REGION)
        found = states.list_executions(stateMachineArn=self._lab.state_machine_arn, statusFilter="RUNNING")
        return bool(found["executions"])

    def _global_table(self, _: str) -> None:
        """What `dynamodbGlobalTable` deploys; it is off by default, so the lab's templates have none."""
        table = {
            "TableName": f"drlab-{self._lab.plan['service']}-sessions",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        }
        table["DeletionProtectionEnabled"] = True
        for region in (PRIMARY_REGION, SECONDARY_REGION):
            self._lab.client("dynamodb", region).create_table(**table)

    def _damaged_objects(self, prefix: str) -> None:
        """Three objects in both Regions, then one deleted and one overwritten; $LAST_GOOD is between the two."""
        s3, bucket = self._lab.client("s3", PRIMARY_REGION), _objects_of(self._lab.plan)
        for name in "abc":
            s3.put_object(Bucket=bucket, Key=f"{prefix}{name}", Body=name.encode())
        self._await_replicas(prefix)
        # S3 tells times to the second.
        time.sleep(1.1)
        self._terminal.know("LAST_GOOD", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
        time.sleep(1.1)
        s3.delete_object(Bucket=bucket, Key=f"{prefix}a")
        s3.put_object(Bucket=bucket, Key=f"{prefix}b", Body=b"encrypted")
        self._await_replicas(prefix)

    def _await_replicas(self, prefix: str) -> None:
        """Whatever is there was replicated."""
        s3, bucket = self._lab.client("s3", PRIMARY_REGION), _objects_of(self._lab.plan)

        def replicated() -> bool:
            keys = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])]
            told = [s3.head_object(Bucket=bucket, Key=key).get("ReplicationStatus") for key in keys]
            return set(told) <= {"COMPLETED", None}

        awaited("the replicas", replicated)


def _objects_of(plan: dict[str, Any]) -> str:
    """The bucket of the leader's objects."""
    return Plan.parse(json.dumps(plan)).objects_bucket(PRIMARY_REGION)


def awaited(what: str, true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {PATIENCE_SECONDS} s")
        time.sleep(0.05)
