"""`drlab s3`: bring a prefix back from its versions, and compare the two Regions' buckets."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Console

from lab.commands.options import FAILED, PASSED, Subparsers, add_target, chosen_target
from lab.settings import SettingsError

if TYPE_CHECKING:
    from failover.application.restore_objects import Restored
    from failover.domain.journal import Event
    from lab.operations.operators import SignedIn
    from lab.operations.target import Target

AGAIN = "nothing is half done: type the same line again, and it goes on where it was."
PROGRESS_EVERY = 500
LISTED = 20


def add(commands: Subparsers) -> None:
    parser = commands.add_parser("s3", help="bring objects back from their versions, compare the Regions' buckets")
    verbs = parser.add_subparsers(dest="verb", required=True)
    undelete = verbs.add_parser("undelete", help="bring back what was deleted below a prefix")
    restore = verbs.add_parser("restore", help="have everything below a prefix as it was at a time")
    compare = verbs.add_parser("compare", help="what the standby's bucket lacks, and what waits for replication")
    restore.add_argument("--to", required=True, metavar="TIME", help="with its zone, such as 2026-03-01T09:30:00Z")
    restore.add_argument(
        "--delete-newer", action="store_true", help="delete what was not there then, by markers that can be removed"
    )
    for verb in (undelete, restore, compare):
        verb.add_argument("prefix", help="such as app-data/invoices/")
        verb.add_argument("--json", action="store_true", help="for programs")
        add_target(verb)
    for verb in (undelete, restore):
        verb.add_argument("--region", help="whose bucket (default: the leader's)")
        verb.add_argument("--dry-run", action="store_true", help="change nothing, say what would be")
    undelete.set_defaults(act=_undelete)
    restore.set_defaults(act=_restore)
    compare.set_defaults(act=_compare)
    parser.set_defaults(run=run, interrupted=AGAIN)


def run(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 only when everything is as it was asked for; 1 when something failed or differs. Raises SettingsError.

    What a shell makes of a variable that is not set would be the whole bucket.
    """
    if not options.prefix.strip(" /"):
        raise SettingsError(
            f"The prefix {options.prefix!r} names nothing. Say below which one, such as app-data/invoices/."
        )
    return int(options.act(options, console))


def _undelete(options: argparse.Namespace, console: Console) -> int:
    return _bring_back(options, console, None)


def _restore(options: argparse.Namespace, console: Console) -> int:
    return _bring_back(options, console, moment(options.to, datetime.now(UTC)))


def moment(text: str, now: datetime) -> datetime:
    """Raises SettingsError for what is no time, has no zone, or is yet to come."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"--to {text!r} is no time. Write it like 2026-03-01T09:30:00Z.") from error
    if found.tzinfo is None:
        raise SettingsError(f"--to {text!r} has no zone. Write it like 2026-03-01T09:30:00Z.")
    if found > now:
        raise SettingsError(f"--to {text!r} is yet to come; it is {now:%Y-%m-%dT%H:%M:%SZ}.")
    try:
        return found.astimezone(UTC)
    except OverflowError as error:
        raise SettingsError(f"--to {text!r} is before the first year, in UTC.") from error


def _bring_back(options: argparse.Namespace, console: Console, to: datetime | None) -> int:
    from failover.domain.journal import Event
    from failover.wiring.objects import restore_objects

    where = chosen_target(options)
    if options.region is not None:
        where.require(options.region)
    me = _signed_in(where)
    region = options.region or _leader(me)
    me.require(region)

    def said(found: Restored) -> None:
        if not options.json and found.looked_at % PROGRESS_EVERY == 0:
            console.print(f"{found.looked_at} objects looked at, {found.restored} brought back", highlight=False)

    work = restore_objects(me.plan, region, options.dry_run, said)
    found = work.undelete(options.prefix) if to is None else work.restore(options.prefix, to, options.delete_newer)
    bucket = f"s3://{me.plan.objects_bucket(region)}/{options.prefix}"
    if not options.dry_run:
        wanted = "undeleted" if to is None else f"restored to {to:%Y-%m-%dT%H:%M:%SZ}"
        event = Event("objects-restored", me.by, f"{bucket} was {wanted}: {_summary(found)}")
        if not _remember(me, event) and not options.json:
            console.print("This could NOT be written to the journal.", style="bold yellow")
    if options.json:
        console.print_json(json.dumps({"where": bucket, "dry_run": options.dry_run, **found.to_dict()}))
    else:
        _tell(console, found, f"{'Would be done in' if options.dry_run else 'Done in'} {bucket}:")
    return PASSED if found.complete else FAILED


def _compare(options: argparse.Namespace, console: Console) -> int:
    from failover.wiring.object_backlog import backlog_to
    from failover.wiring.objects import compare_objects

    me = _signed_in(chosen_target(options))
    leader = _leader(me)
    (other,) = (region for region in me.plan.regions if region != leader)
    backlog = backlog_to(me.plan, other).backlog(leader, datetime.now(UTC))
    found = compare_objects(me.plan, leader, other)(options.prefix)
    if options.json:
        console.print_json(json.dumps({"backlog": backlog.to_dict(), **found.to_dict()}))
        return FAILED if found.differences else PASSED
    lines = [
        backlog.sentence,
        f"{found.objects} objects below {options.prefix!r}: {found.same} are the same in {leader} and {other},"
        f" {len(found.differences)} are not.",
        *(f"  {key}: {what}{f' ({status})' if status else ''}" for key, what, status in found.differences[:LISTED]),
    ]
    if len(found.differences) > LISTED:
        lines.append(f"  and {len(found.differences) - LISTED} more; --json lists them all.")
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return FAILED if found.differences else PASSED


def _signed_in(where: Target) -> SignedIn:
    from lab.operations.operators import sign_in

    return sign_in(where)


def _leader(me: SignedIn) -> str:
    """Raises TransientFailure when it is not known who leads."""
    from failover.application.holding import majority_needed
    from failover.wiring.register import register_of

    with majority_needed():
        return register_of(me.plan).read().leader


def _remember(me: SignedIn, event: Event) -> bool:
    from failover.application.remembering import remember
    from failover.wiring.journal import journal_in

    return remember(journal_in(me.region, me.plan), event)


def _summary(found: Restored) -> str:
    return (
        f"{found.restored} brought back ({found.restored_bytes} bytes), {found.already} already were,"
        f" {found.deleted} deleted by a marker, {len(found.failed)} failed, of {found.looked_at} looked at."
    )


def _tell(console: Console, found: Restored, heading: str) -> None:
    lines = [heading, f"  {_summary(found)}"]
    for title, listed in (("Failed", found.failed), ("Left as it is", found.remarkable)):
        lines += [f"  {title}: {key}: {reason}" for key, reason in listed[:LISTED]]
        if len(listed) > LISTED:
            lines.append(f"  and {len(listed) - LISTED} more like that; --json lists them all.")
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
