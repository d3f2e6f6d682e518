"""Is the plan that the benchmark of the service goes by still a plan? Nothing else runs it between releases."""

from __future__ import annotations

import json

from bench.service import PLAN, REGION
from failover.domain.plan import Plan


def test_the_benchmark_s_plan_is_a_plan() -> None:
    assert REGION in Plan.parse(json.dumps(PLAN)).regions
