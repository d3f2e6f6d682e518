"""What of a drill is no more than simulated?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.settings import AURORA, RDS

SIMULATED = (
    "The database is simulated: PostgreSQL streaming replication stands in for Aurora's storage replication, so that no"
    " figure which depends on it is one of Aurora's."
)


def database_mode(settings: Mapping[str, Any]) -> str:
    """Of a drill's settings; reports from before there was a choice do not tell it."""
    return str(settings.get("database_mode", RDS))


def simulated(settings: Mapping[str, Any]) -> str | None:
    """One sentence, for every report; None: nothing that is measured is."""
    return SIMULATED if database_mode(settings) == AURORA else None
