"""Does a service write and read back, in the Region that it should?"""

from __future__ import annotations

from typing import Any

from failover.application.polling import Waiting
from failover.application.ports import Answer, ServiceProbe


def database_check(probe: ServiceProbe, base_url: str, region: str) -> dict[str, Any] | Waiting:
    """`{region, read_back, elapsed_ms}` of GET /dbcheck when `region` answered it and the row was read back."""
    url = f"{base_url}/dbcheck"
    answer = probe.get(url)
    if not isinstance(answer, Answer):
        return Waiting(f"{url} does not answer: {answer.reason}")
    if answer.status != 200:
        return Waiting(f"{url} answered {answer.status}: {_detail(answer)}")
    if answer.region != region:
        return Waiting(f"{url} was answered by {answer.region or 'an unnamed Region'}, not {region}.")
    if answer.body.get("read_back") is not True or answer.body.get("in_recovery") is not False:
        return Waiting(f"{url} answered 200 without a row read back from a primary.")
    elapsed = answer.body.get("elapsed_ms")
    return {
        "region": region,
        "read_back": True,
        "elapsed_ms": elapsed if isinstance(elapsed, int | float) else None,
    }


def _detail(answer: Answer) -> str:
    detail = answer.body.get("detail") or answer.body.get("title")
    return str(detail)[:200] if detail else "no detail given."
