"""How does a task of the lab keep to its role? Like a container on ECS, whose SDK finds the task role's credentials.

`python -m lab.region.task_role`: the service, with its own arguments, as that role allows.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta

from lab.cloud.iam.asked_calls import AskedCalls
from lab.region.tasks import SERVICE_ARN
from webapi.service.__main__ import main

# A task asks for the same objects twice a second: half of what the emulated AWS did in a drill was to say yes again.
ALLOWED_FOR = timedelta(seconds=10)


def take_on() -> None:
    """From now on this process calls AWS as its service's task role allows."""
    AskedCalls(os.environ["AWS_ENDPOINT_URL"], os.environ[SERVICE_ARN], ALLOWED_FOR).enforce()


if __name__ == "__main__":
    take_on()
    sys.exit(main())
