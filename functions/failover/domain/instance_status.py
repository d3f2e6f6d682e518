"""Does a database instance serve, and does RDS change it, in the status that it has?

`available` is not the only one. While RDS spreads the storage anew, after it grew by itself, or loads it from the snapshot
that a restored instance or a new replica is made of, the server works and takes any change but one of the storage. That
lasts for hours, and may last for more than a day: whoever waits for `available` then waits in vain.

RDS adds statuses, and its API names none of them in a list (DBInstanceStatus is a plain string): one that is in none of
these sets is `not_known`.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html
https://repost.aws/knowledge-center/rds-stuck-in-storage-optimization
"""

from __future__ import annotations

AVAILABLE = "available"
# The server works, and RDS promotes and renames it. For the two of the storage that is concluded: AWS names one status in which
# it refuses a promotion, the next one. Where it refuses after all, its refusal is told, and it is asked again.
READY_STATUSES = frozenset({AVAILABLE, "storage-initialization", "storage-optimization"})
# Here too the server works, but "a read replica cannot be promoted [...] when it is in the backing-up status":
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_PromoteReadReplica.html
# A promotion or a restore that turns backups on begins with one, which lasts as long as the database is large.
SERVING_STATUSES = READY_STATUSES | {"backing-up"}
# These pass by themselves.
PASSING_STATUSES = frozenset(
    {
        "backing-up",
        "configuring-enhanced-monitoring",
        "configuring-iam-database-auth",
        "configuring-log-exports",
        "converting-to-vpc",
        "maintenance",
        "modifying",
        "moving-to-vpc",
        "rebooting",
        "renaming",
        "resetting-master-credentials",
        "starting",
        "storage-config-upgrade",
        "upgrading",
    }
)
# Out of these an instance never comes: what it was made of does not go with it.
BROKEN_STATUSES = frozenset(
    {
        "failed",
        "inaccessible-encryption-credentials",
        "incompatible-create",
        "incompatible-network",
        "incompatible-option-group",
        "incompatible-parameters",
        "incompatible-restore",
        "restore-error",
    }
)
# It was not made, for want of capacity: deleted and asked for again it may be.
NO_CAPACITY = "insufficient-capacity"
# Nor does it come out of these by itself.
STUCK_STATUSES = BROKEN_STATUSES | {
    "inaccessible-encryption-credentials-recoverable",
    NO_CAPACITY,
    "stopped",
    "storage-full",
}
# In these there is no server to promote, or not for long, and a person has to see to it.
UNUSABLE_STATUSES = STUCK_STATUSES | {"creating", "delete-precheck", "deleting", "stopping"}
# Of an Aurora global database whose leadership moves:
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_FailoverState.html
MOVING_STATUSES = frozenset({"cancelling", "failing-over", "pending", "switching-over"})
STATUS_PAGE = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html"


def not_known(status: str) -> bool:
    """Whether RDS has added it since: what cannot be told is neither that the server works nor that it is lost."""
    return status not in SERVING_STATUSES | PASSING_STATUSES | UNUSABLE_STATUSES | MOVING_STATUSES
