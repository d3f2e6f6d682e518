"""What is looked at, in which order is it shown, and why does it matter?"""

from __future__ import annotations

from failover.domain.readiness.check import Check

REPLICA = Check(
    "replica",
    "an available replica of the leader's database",
    "Without it nothing can be promoted: only a restore from a backup is left.",
)
STREAMING = Check(
    "replica-streams",
    "a WAL receiver runs on the replica (in Aurora: the cluster is connected)",
    "A replica that stopped replicating looks available for weeks, and loses all that came since.",
)
LAG = Check("replica-lag", "within the RPO", "What the replica lacks is lost by a failover.")
BACKUPS = Check(
    "backups",
    "automated backups here, kept as long as the leader's",
    "A promoted database without backups cannot be brought back, nor have a replica of its own.",
)
CLASS = Check(
    "database-class",
    "the leader's instance class",
    "A smaller database bears the leader's load for minutes, not hours.",
)
KEY = Check(
    "key",
    "the Region's KMS key is enabled",
    "Under a disabled key neither the database nor a backup opens; RDS gives up after some days.",
)
SECRET = Check(
    "secret",
    "the login is there and lets the service in",
    "A promoted database that the service has no login for serves nobody.",
)
IMAGE = Check(
    "image", "the leader's image digest", "Another image may not know the leader's data, or not start at all."
)
TASK_DEFINITION = Check(
    "task-definition", "the leader's size, settings and ports", "What differs is found out under load otherwise."
)
PLAN = Check(
    "plan", "the same plan in both Regions", "Two plans are two opinions of what a run may do, and with which limits."
)
SCHEMA = Check("schema", "the leader's tables, columns and indexes", "The service's first write would fail.")
QUOTA = Check(
    "fargate-quota",
    "vCPUs for the full size, beside what runs",
    "A run that may not start the leader's number of tasks stands down.",
)
RECORDS = Check(
    "dns-records",
    "a primary and a secondary failover record, each with a health check of its own",
    "Traffic follows these records alone; one without a check counts as healthy for ever.",
)
HEALTH_CHECKS = Check(
    "health-checks",
    "both enabled, not inverted, on /healthz",
    "A check that does not follow the leader record moves traffic too early, or never.",
)
BUCKETS = Check(
    "buckets",
    "versioned in both Regions, replicated from the leader's to the standby's",
    "Objects that were not replicated stay behind.",
)
BACKLOG = Check(
    "object-backlog", "no object has waited for a minute", "Objects that wait are missing after a failover."
)
COPIES = Check(
    "record-copies",
    "three copies of the leader record that say the same",
    "With one copy lost, the next lost one takes the majority: nobody can lead.",
)
DRILL = Check(
    "last-drill", "a run moved the leadership within 90 days", "What is not drilled does not work on the day."
)
REHEARSAL = Check(
    "last-rehearsal", "a backup was restored within 8 days", "A backup that nobody restored is a hope, not a backup."
)
SUBSCRIPTIONS = Check(
    "subscriptions",
    "somebody is told in both Regions, and nobody is left to confirm",
    "SNS tells an unconfirmed address nothing: a run would wait for a person who was never asked.",
)
# Asked in the leader's Region.
EVALUATED = Check(
    "standby-evaluates",
    "the standby's own evaluation is at most 45 minutes old",
    "A Region that does not look after itself may be gone.",
)

ALL = (
    *(REPLICA, STREAMING, LAG, BACKUPS, CLASS, KEY, SECRET),
    *(IMAGE, TASK_DEFINITION, PLAN, SCHEMA, QUOTA),
    *(RECORDS, HEALTH_CHECKS, BUCKETS, BACKLOG, COPIES),
    *(DRILL, REHEARSAL, SUBSCRIPTIONS),
)
BY_NAME = {check.name: check for check in (*ALL, EVALUATED)}
