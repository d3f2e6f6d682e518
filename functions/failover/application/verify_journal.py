"""Has anybody changed what was decided and done, or how a run is said to have ended?"""

from __future__ import annotations

from dataclasses import dataclass

from failover.application.ports import JournalReader, Outcomes
from failover.domain.digest import digest_of
from failover.domain.journal import flaws, outcomes_named


@dataclass(frozen=True)
class Verified:
    """`newest`: digest of the newest entry. Kept elsewhere, it shows also a journal that was cut off at its end."""

    entries: int
    outcomes: int
    newest: str | None
    flaws: tuple[str, ...]


@dataclass(frozen=True)
class VerifyJournal:
    """One Region's journal, and each outcome that it names."""

    journal: JournalReader
    outcomes: Outcomes

    def __call__(self) -> Verified:
        """Raises TransientFailure or RunRefused: a journal that cannot be read is not verified."""
        texts = self.journal.all()
        found = flaws(texts)
        named = outcomes_named(texts.values())
        for key, digest in named.items():
            text = self.outcomes.read(key)
            if text is None or digest_of(text) != digest:
                found.append(f"{key} {'is gone' if text is None else 'was changed'} since the journal named it.")
        newest = digest_of(texts[max(texts)]) if texts else None
        return Verified(len(texts), len(named), newest, tuple(found))
