"""How is a person told what came of a change?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from lab.commands.options import FAILED, PASSED

if TYPE_CHECKING:
    from failover.application.operate import Operated


def tell(console: Console, operated: Operated) -> int:
    """The exit status."""
    console.print(f"{'' if operated.done else 'REFUSED: '}{operated.reason}", markup=False, soft_wrap=True)
    if not operated.recorded:
        console.print("This could NOT be written to the journal.", style="bold yellow")
    return PASSED if operated.done else FAILED
