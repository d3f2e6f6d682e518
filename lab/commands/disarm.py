"""`drlab disarm`: no alarm and no probe starts a run for a while."""

from __future__ import annotations

import argparse
import re
from datetime import timedelta

from rich.console import Console

from lab.commands.operating import operating
from lab.commands.options import Subparsers, add_target, require_a_reason
from lab.commands.telling import tell
from lab.settings import SettingsError

UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def add(commands: Subparsers) -> None:
    parser = commands.add_parser("disarm", help="let no alarm and no probe start a run for a while")
    parser.add_argument("--for", dest="duration", required=True, help="such as 30m, 2h or 1d; at most 7d")
    parser.add_argument("--reason", required=True, help="is shown to everybody who asks")
    add_target(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 when it is disarmed, 1 when that was refused. A person can still start a run."""
    duration = _duration(options.duration)
    require_a_reason(options)
    return tell(console, operating(options).disarm(duration, options.reason))


def _duration(text: str) -> timedelta:
    """Raises SettingsError."""
    from failover.application.operate import LONGEST_DISARM

    match = re.fullmatch(r"([0-9]{1,4})([mhd])", text)
    if match is None:
        raise SettingsError(f"--for {text!r} is no duration such as 30m, 2h or 1d")
    duration = int(match[1]) * UNITS[match[2]]
    if not timedelta(0) < duration <= LONGEST_DISARM:
        raise SettingsError(f"--for {text!r} is out of range: 1m to {LONGEST_DISARM.days}d")
    return duration
