"""What does a game day do to the lab? Each function is one action of an experiment."""

from __future__ import annotations

from lab.drills.faults import FAULTS
from lab.gameday.stage import the_lab, the_stage
from lab.settings import FAULT_NAMES, SettingsError


def inject(fault: str) -> str:
    """A fault of `drlab drill`, by its name. Raises SettingsError."""
    known = {str(name): FAULTS[name] for name in FAULT_NAMES}
    if fault not in known:
        raise SettingsError(f"fault {fault!r} is not one of {', '.join(known)}")
    stage = the_stage()
    stage.strike()
    known[fault].inject(stage.lab)
    return known[fault].description


def return_region(region: str) -> str:
    """The Region comes back as it was: its links, its API, its database with the rows it had, its tasks."""
    the_lab().restore_region(region)
    return f"{region} is back"
