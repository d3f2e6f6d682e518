"""Which problems does the service tell of?"""

from __future__ import annotations

import re

from webapi.problem_details import Kind

NOT_LEADER = Kind("/problems/not-leader", "This Region may not accept writes now", 503)
DATABASE_UNAVAILABLE = Kind("/problems/database-unavailable", "The database did not do it; nothing was written", 503)
OUTCOME_UNKNOWN = Kind("/problems/outcome-unknown", "Perhaps written, and not acknowledged", 503)
NUMBER_TAKEN = Kind("/problems/number-taken", "This number was used for another body", 409)
NO_SUCH_WRITE = Kind("/problems/no-such-write", "No such write", 404)
NOT_ALIVE = Kind("/problems/not-alive", "This task must be replaced", 503)

ARN = re.compile(r"arn:aws[a-z-]*:[^\s,;]+")
ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")


def in_public(reason: str) -> str:
    """`reason` for whoever asks, which is anybody: AWS names roles, secrets and the account, and only the log needs them."""
    return ACCOUNT.sub("...", ARN.sub("...", reason))
