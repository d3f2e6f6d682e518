"""What does each behaviour of the emulated AWS get to work with?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from lab.cloud.desired_state import DesiredState
from lab.cloud.iam.authorization import Authorization
from lab.cloud.journal import Journal
from lab.cloud.names import Names
from lab.cloud.regions_and_links import Network


@dataclass(frozen=True)
class CloudContext:
    """One emulated AWS. `time_scale` AWS seconds pass in one real second; our own timers are never scaled."""

    port: int
    time_scale: float
    journal: Journal
    network: Network
    names: Names
    desired: DesiredState
    state_dir: Path
    mailbox: Path
    authorization: Authorization

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def scaled(self, aws: timedelta) -> float:
        """How many real seconds the lab takes for what takes `aws` on AWS."""
        return aws.total_seconds() / self.time_scale
