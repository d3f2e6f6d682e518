"""Has anybody changed what was decided and done, or how a run is said to have ended?

The chain shows what was changed before its newest entry. The bucket shows the rest: every entry is written once, and
a bucket that keeps versions keeps what was written first under whatever was put over it, be it another entry or a
delete marker (https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html). Two things neither
shows. Versions that were removed for good leave nothing at the chain's end: while an entry is locked, that takes
s3:BypassGovernanceRetention. And an entry that was added by somebody who may write to the journal is an entry.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html#object-lock-retention-modes
"""

from __future__ import annotations

from dataclasses import dataclass

from failover.application.object_ports import ObjectVersions
from failover.application.ports import JournalReader, Outcomes
from failover.domain.digest import digest_of
from failover.domain.journal import PREFIX, flaws, outcomes_named
from failover.domain.object_versions import rewritten


@dataclass(frozen=True)
class Verified:
    """`newest`: digest of the newest entry. Kept elsewhere, it shows also a journal whose last versions were removed."""

    entries: int
    outcomes: int
    newest: str | None
    flaws: tuple[str, ...]


@dataclass(frozen=True)
class VerifyJournal:
    """One Region's journal, and each outcome that it names."""

    journal: JournalReader
    versions: ObjectVersions
    outcomes: Outcomes

    def __call__(self) -> Verified:
        """Raises TransientFailure or RunRefused: a journal that cannot be read is not verified."""
        texts = self.journal.all()
        found = flaws(texts)
        found += [told for versions in self.versions.by_key(PREFIX) if (told := rewritten(versions))]
        named = outcomes_named(texts.values())
        for key, digest in named.items():
            text = self.outcomes.read(key)
            if text is None or digest_of(text) != digest:
                found.append(f"{key} {'is gone' if text is None else 'was changed'} since the journal named it.")
        newest = digest_of(texts[max(texts)]) if texts else None
        return Verified(len(texts), len(named), newest, tuple(found))
