"""What is a check of readiness, and what can come of it? Three answers: an unknown one is never ok."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PAGE = "runbooks/readiness.md"


class Verdict(StrEnum):
    OK = "ok"
    NOT_OK = "not ok"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Check:
    """`expected` is what is ok, `why` what a failover would meet otherwise."""

    name: str
    expected: str
    why: str

    @property
    def page(self) -> str:
        """Where it is written how to mend it."""
        return f"{PAGE}#{self.name}"


@dataclass(frozen=True)
class Finding:
    """`value` is what was seen, in words; of an unknown one, why nothing was."""

    verdict: Verdict
    value: str


@dataclass(frozen=True)
class Checked:
    """A check and what was found."""

    check: Check
    finding: Finding

    def to_dict(self) -> dict[str, str]:
        return {
            "name": self.check.name,
            "verdict": self.finding.verdict.value,
            "value": self.finding.value,
            "expected": self.check.expected,
            "why": self.check.why,
            "page": self.check.page,
        }


def judged(ok: bool, value: str) -> Finding:
    return Finding(Verdict.OK if ok else Verdict.NOT_OK, value)


def not_ok(value: str) -> Finding:
    return Finding(Verdict.NOT_OK, value)


def unknown(reason: str) -> Finding:
    return Finding(Verdict.UNKNOWN, reason)
