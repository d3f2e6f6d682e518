"""Who hears of the standby's readiness, and when? People on a change alone; the record of it is renewed every time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from failover.application.ports import Journal, Notifications
from failover.application.remembering import remember
from failover.domain.journal import Event
from failover.domain.readiness.check import Checked, Verdict
from failover.domain.readiness.evaluation import Evaluation, Memory, news, remembered

KEY = "readiness.json"


class KeptReadiness(Protocol):
    """The newest evaluation, in a Region's control bucket. Raises TransientFailure or RunRefused."""

    def read(self) -> str | None: ...

    def write(self, text: str) -> None: ...


@dataclass(frozen=True)
class TellReadiness:
    """Answers the sentences that people were told, none when nothing changed."""

    kept: KeptReadiness
    notifications: Notifications
    journal: Journal

    def __call__(self, evaluation: Evaluation) -> list[str]:
        """People first: of two evaluations at once, both tell rather than none. Raises TransientFailure or RunRefused."""
        memory = memory_of(self.kept.read())
        changed = news(evaluation.checked, memory)
        if changed:
            self.notifications.publish(subject_of(evaluation), text_of(evaluation, changed))
            data = {one.check.name: one.finding.verdict.value for one in changed}
            remember(self.journal, Event("readiness-changed", "EvaluateReadiness", evaluation.sentence, None, data))
        kept = remembered(evaluation.checked, changed, memory)
        found: dict[str, Any] = {**evaluation.to_dict(), "told": dict(kept.told)}
        self.kept.write(json.dumps(found, indent=1, sort_keys=True))
        return [line_of(one) for one in changed]


def memory_of(text: str | None) -> Memory | None:
    """None where there is no earlier evaluation, or something that is none: then everything is told anew."""
    try:
        found = json.loads(text) if text is not None else None
        if found is None:
            return None
        seen = {str(one["name"]): str(one["verdict"]) for one in found["checks"]}
        return Memory(seen, {str(name): str(verdict) for name, verdict in found["told"].items()})
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def subject_of(evaluation: Evaluation) -> str:
    """One line of printable ASCII that fits SNS: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""
    told = {Verdict.OK: "is ready", Verdict.NOT_OK: "is NOT READY", Verdict.UNKNOWN: "MAY NOT be ready"}
    return f"{evaluation.service}: {evaluation.standby} {told[evaluation.verdict]} to take over"[:99]


def text_of(evaluation: Evaluation, changed: Sequence[Checked]) -> str:
    still = [one for one in evaluation.checked if one.finding.verdict is not Verdict.OK and one not in changed]
    lines = [evaluation.sentence, "", "Changed", *(line_of(one) for one in changed)]
    if still:
        lines += ["", "As before", *(line_of(one) for one in still)]
    return "\n".join([*lines, "", "All of it: drlab readiness"])


def line_of(one: Checked) -> str:
    found = f"{one.check.name}: {one.finding.verdict.value}. {one.finding.value}"
    if one.finding.verdict is Verdict.OK:
        return found
    return f"{found} (expected: {one.check.expected}). {one.check.why} {one.check.page}"
