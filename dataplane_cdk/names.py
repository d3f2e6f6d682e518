"""What is each thing called? Every name can be told before anything exists.

A name that both Regions, the control plane and the plan can compute needs no look-up in a Region that may be dark.
"""

from __future__ import annotations

from dataclasses import dataclass

from dataplane_cdk.config import Config, RegionConfig


@dataclass(frozen=True)
class Names:
    """The names of one installation."""

    config: Config

    @property
    def prefix(self) -> str:
        return f"drlab-{self.config.service}"

    def stack(self, region: str, concern: str) -> str:
        return f"{self.prefix}-{region}-{concern}"

    def bucket(self, kind: str, region: str) -> str:
        return f"{self.prefix}-{kind}-{self.config.account}-{region}"

    def bucket_arn(self, kind: str, region: str) -> str:
        return f"arn:aws:s3:::{self.bucket(kind, region)}"

    def database(self, region: str) -> str:
        """The instance's identifier; in Aurora the cluster's."""
        return f"{self.config.service}-{region}"

    def database_arn(self, region: str) -> str:
        return f"arn:aws:rds:{region}:{self.config.account}:db:{self.database(region)}"

    def replication_role(self, region: str) -> str:
        """Whom S3 acts as when it replicates the objects of `region`."""
        return f"{self.prefix}-replicate-{region}"

    @property
    def database_secret(self) -> str:
        return f"drlab/{self.config.service}/database"

    @property
    def credentials_secret(self) -> str:
        return f"drlab/{self.config.service}/credentials"

    @property
    def database_parameter(self) -> str:
        return f"/drlab/{self.config.service}/database"

    @property
    def database_placement_parameter(self) -> str:
        return f"{self.database_parameter}-placement"

    @property
    def plan_parameter(self) -> str:
        return f"/drlab/{self.config.service}/plan"

    def database_logs(self, region: str) -> str:
        """Whose logs RDS exports: an instance's, or a cluster's."""
        kind = "instance" if self.config.db_mode == "rds-postgres" else "cluster"
        return f"{kind}/{self.database(region)}"

    @property
    def cluster(self) -> str:
        return self.config.service

    @property
    def key_alias(self) -> str:
        return f"alias/{self.prefix}"

    def region_domain(self, region: str) -> str:
        """The Region's own name, which no failover changes."""
        return f"{region}.{self.config.domain_name}"

    @property
    def scheme(self) -> str:
        return "https" if self.config.encrypted else "http"

    def log_group(self, of: str) -> str:
        return f"/drlab/{self.config.service}/{of}"

    def log_group_arn(self, of: str, region: str) -> str:
        """Without the ":*" that CloudFormation's Arn attribute ends in: that names the streams, not the group."""
        return f"arn:aws:logs:{region}:{self.config.account}:log-group:{self.log_group(of)}"

    def health_check_alarm_arn(self, region: RegionConfig) -> str:
        """The alarm on the health check of `region` that controlplane_sam/witness.yaml creates."""
        config, which = self.config, "primary" if region.is_primary else "secondary"
        return f"arn:aws:cloudwatch:{config.witness_region}:{config.account}:alarm:{self.prefix}-{which}-health-check"

    def alarm(self, what: str) -> str:
        """An alarm for people. ReceiveAlarm hears of every alarm that begins with the prefix, so this one does not."""
        return f"{what}-of-{self.prefix}"
