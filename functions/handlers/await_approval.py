"""Who is asked to accept a loss that the policy does not, and what are they told?"""

import secrets

from failover.adapters.s3_outcomes import S3Outcomes
from failover.adapters.sns import SnsTopic
from failover.application.await_approval import AwaitApproval
from failover.wiring.this_region import CLOCK, ThisRegion, variable
from handlers._task_state import task_handler


def build() -> AwaitApproval:
    this = ThisRegion.load()
    outcomes = S3Outcomes(this.client("s3"), variable("CONTROL_BUCKET"))
    topic = SnsTopic(this.client("sns"), variable("TOPIC_ARN"))
    return AwaitApproval(this.plan, this.name, outcomes, topic, CLOCK, lambda: secrets.token_urlsafe(24))


handler = task_handler("AwaitApproval", build)
