"""Where is the leader record? In the three control buckets of the plan."""

from __future__ import annotations

from failover.adapters.s3_leader_record import leader_register, s3_clients
from failover.application.leader_register import LeaderRegister
from failover.domain.plan import Plan
from failover.wiring.this_region import here


def register_of(plan: Plan) -> LeaderRegister:
    """The leader record of `plan`, for whoever acts in this Region."""
    clients = s3_clients(plan.record_copies, plan.timing.api_timeout)
    return leader_register(plan.record_copies, clients, here(), plan.timing.api_timeout)
