"""What does a game day look at? Each function is one probe: a sentence, or a value for a tolerance.

Those that wait raise LabError when what they wait for does not come, which fails the game day.
"""

from __future__ import annotations

import uuid
from typing import Any

import urllib3

from failover.application.leader_register import NoMajority
from lab.gameday.stage import awaited, the_lab, the_stage
from lab.laboratory import LabError
from lab.quiet import disturbance

ANSWER_SECONDS = 2.0
WRITER = "gameday"


def a_write_is_acknowledged_and_read_back() -> bool:
    """By the public name, as a user does it."""
    base, number = the_lab().public_url, uuid.uuid4().int >> 80
    written = _asked("POST", f"{base}/writes", {"writer": WRITER, "number": number, "body": "a probe"})
    if written is None or written.status != 201:
        return False
    read = _asked("GET", f"{base}/writes/{WRITER}/{number}")
    return read is not None and read.status == 200


def record_is_open() -> bool:
    """A majority of the leader record's copies agrees on one leader, which may accept writes."""
    try:
        return the_lab().leader_record().state.value == "open"
    except NoMajority:
        return False


def all_is_quiet(within_seconds: float) -> bool:
    """No run is in progress, and no alarm stands against the leader."""
    try:
        return bool(awaited(lambda: None if disturbance(the_lab()) else "quiet", "a quiet moment", within_seconds))
    except LabError:
        return False


def alarm_fires(name: str, within_seconds: float) -> str:
    """It went to ALARM since the fault struck."""
    since = the_stage().struck_at

    def fired() -> str | None:
        changes = [one for one in _journal("alarm") if one["name"] == name and one["monotonic"] >= since]
        told = [one for one in changes if one["new"] == "ALARM"]
        return f"{name}: {told[-1]['old']} -> ALARM" if told else None

    return awaited(fired, f"{name} in ALARM", within_seconds)


def leads(region: str, within_seconds: float) -> str:
    """The record is open for the Region, and the public name is answered by it."""
    lab = the_lab()

    def taken_over() -> str | None:
        try:
            record = lab.leader_record()
        except NoMajority:
            return None
        open_here = (record.leader, record.state.value) == (region, "open")
        return f"{region} leads, epoch {record.epoch}" if open_here and lab.public_health() == (True, region) else None

    return awaited(taken_over, f"{region} as leader", within_seconds)


def people_are_told(words: str, within_seconds: float) -> str:
    """Since the fault struck, a notification with these words in its subject came by the webhook, and it came by mail."""
    lab, heard = the_lab(), the_stage().heard

    def told() -> str | None:
        subjects = [str(one.get("Subject")) for one in lab.webhook.received()[heard:]]
        mailed = lab.mailbox.read_text(encoding="utf-8") if lab.mailbox.exists() else ""
        found = [one for one in subjects if words in one]
        return found[-1] if found and found[-1] in " ".join(mailed.split()) else None

    return awaited(told, f"a notification with {words!r}", within_seconds)


def refuses_a_client_inside(region: str, within_seconds: float) -> str:
    """Somebody in the Region, whom no cut link keeps away, asks each of its tasks for a write. None may acknowledge it.

    A task that does not answer acknowledges nothing; at least one must answer, or nothing was asked. Raises LabError.
    """

    def refused() -> str | None:
        answers = {address: _write_at(address) for address in the_lab().tasks[region].addresses()}
        if acknowledged := [address for address, status in answers.items() if status == 201]:
            return f"ACKNOWLEDGED at {acknowledged}"
        return f"{len(answers)} tasks of {region} refuse writes" if 503 in answers.values() else None

    told = awaited(refused, f"a refusal by a task of {region}", within_seconds)
    if told.startswith("ACKNOWLEDGED"):
        raise LabError(f"a task of {region} acknowledged a write, though it does not lead: {told}")
    return told


def _write_at(address: tuple[str, int]) -> int | None:
    host, port = address
    body = {"writer": WRITER, "number": uuid.uuid4().int >> 80, "body": "from inside"}
    answer = _asked("POST", f"http://{host}:{port}/writes", body)
    return answer.status if answer is not None else None


def _asked(method: str, url: str, body: Any = None) -> urllib3.BaseHTTPResponse | None:
    try:
        return urllib3.request(method, url, json=body, timeout=ANSWER_SECONDS, retries=False)
    except urllib3.exceptions.HTTPError:
        return None


def _journal(kind: str) -> list[dict[str, Any]]:
    return [one for one in the_lab().cloud.journal()["entries"] if one["kind"] == kind]
