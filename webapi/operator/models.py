"""What do the operators' API's questions and answers look like? Each has an example."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

RUN = "by-hand-0f3a1c5e7b9d2468"
PERSON = "arn:aws:iam::123456789012:user/maria"
AT = "2026-11-24T03:00:00Z"
RECORD: dict[str, Any] = {
    "epoch": 4,
    "leader": "ap-southeast-2",
    "state": "open",
    "run": None,
    "changed_at": AT,
    "hold_until": None,
    "acknowledged": True,
    "disarmed": None,
}
DISARMED_TOLD = "No alarm and no probe starts a run before 2026-11-24 05:00:00 UTC: storage upgrade"
ENTRY = {"number": 12, "at": AT, "kind": "disarmed", "by": PERSON, "reason": DISARMED_TOLD, "run": None}
WORK = {"kind": "rebuild", "name": "rebuild-e3-20261124T030000Z", "since": AT, "state": "CreateReplica", "by": PERSON}
KNOWN_RUN = {"name": RUN, "status": "SUCCEEDED", "started_at": AT, "ended_at": "2026-11-24T03:00:41Z"}


def example(**fields: Any) -> ConfigDict:
    """A model that takes nothing else, with this example in OpenAPI."""
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [fields]})


# Shown on terminals and in messages: no control characters.
Reason = Annotated[
    str, Field(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$", description="Is shown to everybody")
]


class Disarmed(BaseModel):
    """Until then neither an alarm nor a probe starts a run."""

    model_config = example(until="2026-11-24T05:00:00Z", by=PERSON, reason="storage upgrade")

    until: datetime
    by: str
    reason: str


class Record(BaseModel):
    """The leader record: which Region may accept writes."""

    model_config = example(**RECORD)

    epoch: int = Field(ge=1)
    leader: str
    state: Literal["open", "fenced"]
    run: str | None
    changed_at: datetime
    hold_until: datetime | None
    acknowledged: bool
    disarmed: Disarmed | None


class Entry(BaseModel):
    """What was decided or done, by whom and why."""

    model_config = example(**ENTRY)

    number: int = Field(ge=1)
    at: datetime
    kind: str
    by: str
    reason: str
    run: str | None


class RegionEntry(Entry):
    """An entry, and in which Region's journal it is."""

    model_config = example(region="us-west-2", **ENTRY)

    region: str


class UnderWay(BaseModel):
    """What is in progress: a run of a workflow, or a person's drill. `by` and `state` null: not known (yet)."""

    model_config = example(**WORK)

    kind: Literal["failover", "rebuild", "rehearsal", "drill"]
    name: str
    since: datetime | None
    state: str | None
    by: str | None


class RegionStatus(BaseModel):
    """`running` are the failovers and switchovers among what is under way. `silent`: why the Region gave no answer, null when
    it did."""

    model_config = example(region="us-west-2", running=[], under_way=[WORK], silent=None)

    region: str
    running: list[str]
    under_way: list[UnderWay]
    silent: str | None


class Status(BaseModel):
    """`record` null: no majority of its copies answers, and `unknown` says so. `held_back`: why no alarm starts a run."""

    model_config = example(
        record=RECORD,
        unknown=None,
        held_back=None,
        regions=[{"region": "us-west-2", "running": [], "under_way": [], "silent": None}],
        entries=[{"region": "us-west-2", **ENTRY}],
    )

    record: Record | None
    unknown: str | None
    held_back: str | None
    regions: list[RegionStatus]
    entries: list[RegionEntry]


class KnownRun(BaseModel):
    """A run, in Step Functions' words; ABANDONED is one whose terminal is silent. `ended_at` null: it goes on."""

    model_config = example(**KNOWN_RUN)

    name: str
    status: str
    started_at: datetime
    ended_at: datetime | None


class Runs(BaseModel):
    """This Region's newest runs, the newest first."""

    model_config = example(runs=[KNOWN_RUN])

    runs: list[KnownRun]


class VisitedState(BaseModel):
    """A state that the run entered. `left_at` null: it is in it, or ended there."""

    model_config = example(state="CheckPrimaryHealth", entered_at=AT, left_at="2026-11-24T03:00:20Z")

    state: str
    entered_at: datetime
    left_at: datetime | None


class Outcome(BaseModel):
    """How the run ended. `leader` null: nobody leads, or it is not known who does."""

    model_config = example(
        result="stood-down",
        reason="ap-southeast-2 is healthy.",
        summary="app: the run stood down and ap-southeast-2 leads as before (epoch 4). ap-southeast-2 is healthy.",
        leader="ap-southeast-2",
        epoch=4,
        recorded_at="2026-11-24T03:00:40Z",
    )

    result: str
    reason: str
    summary: str
    leader: str | None
    epoch: int | None
    recorded_at: datetime


class Timeline(BaseModel):
    """A run from its start: states in the order in which they were entered, decisions, and the outcome once there is one."""

    model_config = example(
        run=KNOWN_RUN,
        states=[{"state": "CheckPrimaryHealth", "entered_at": AT, "left_at": "2026-11-24T03:00:20Z"}],
        decisions=[{**ENTRY, "kind": "run-started", "reason": f"{RUN} was started.", "run": RUN}],
        outcome=None,
    )

    run: KnownRun
    states: list[VisitedState]
    decisions: list[Entry]
    outcome: Outcome | None


class Step(BaseModel):
    """One state. `goes_on` null: it was not asked, since it would change something; `reason` then says what."""

    model_config = example(state="CheckPrimaryHealth", goes_on=False, reason="ap-southeast-2 is healthy.")

    state: str
    goes_on: bool | None
    reason: str


class Preview(BaseModel):
    """What a failover to this Region would do now. `stands_down_at` null: it would go through."""

    model_config = example(
        region="us-west-2",
        stands_down_at="CheckPrimaryHealth",
        steps=[{"state": "CheckPrimaryHealth", "goes_on": False, "reason": "ap-southeast-2 is healthy."}],
    )

    region: str
    stands_down_at: str | None
    steps: list[Step]


class Journal(BaseModel):
    """The newest entries of this Region's journal, the newest last."""

    model_config = example(region="us-west-2", entries=[ENTRY])

    region: str
    entries: list[Entry]


class Verification(BaseModel):
    """`newest`: digest of the newest entry. Kept elsewhere, it shows also a journal whose last versions were removed."""

    model_config = example(region="us-west-2", whole=True, entries=12, outcomes=1, newest="9f" * 32, flaws=[])

    region: str
    whole: bool
    entries: int = Field(ge=0)
    outcomes: int = Field(ge=0)
    newest: str | None
    flaws: list[str]


class Changed(BaseModel):
    """It was done. `recorded` false: it could not be written to the journal. `repeated`: it had been done before, with the
    same key, and nothing was done this time.
    """

    model_config = example(reason=DISARMED_TOLD, run=None, recorded=True, repeated=False)

    reason: str
    run: str | None
    recorded: bool
    repeated: bool


class NewRun(BaseModel):
    """A run to this Region, by hand. `mode` unplanned: a failover from a leader that is down, with what may be lost.
    planned: a switchover from a healthy one, which loses no acknowledged write.
    """

    model_config = example(mode="planned", reason="ap-southeast-2 loses power at noon")

    mode: Literal["unplanned", "planned"] = "unplanned"
    reason: Reason


class Accept(BaseModel):
    """Accept the loss that the run asks about, by its figure."""

    model_config = example(answer="accept", token=f"{RUN}.dGhpcyBpcyBub3QgYSB0b2tlbiE", accepted_seconds="2.4")

    answer: Literal["accept"]
    token: str = Field(min_length=1, max_length=200, description="From the message")
    accepted_seconds: str = Field(pattern=r"^\d{1,7}\.\d$", description="The figure in the message")


class Refuse(BaseModel):
    """Refuse the loss: the run stands down."""

    model_config = example(answer="refuse", token=f"{RUN}.dGhpcyBpcyBub3QgYSB0b2tlbiE")

    answer: Literal["refuse"]
    token: str = Field(min_length=1, max_length=200, description="From the message")


class Disarm(BaseModel):
    """No alarm and no probe starts a run for so long, at most a week. A person still can."""

    model_config = example(duration_seconds=7200, reason="storage upgrade")

    duration_seconds: int = Field(ge=1, le=604_800, strict=True)
    reason: Reason
