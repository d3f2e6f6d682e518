"""What does everything look like that a rehearsal has no business with? Each thing by its name, to be compared."""

from __future__ import annotations

from collections.abc import Iterator

from moto.rds.models import rds_backends

from chaos.cloud import Cloud
from chaos.installation import ACCOUNT, PRIMARY, REGIONS, STANDBY
from failover.adapters.s3_heartbeat import KEY as HEARTBEAT_KEY
from failover.adapters.s3_rehearsals import KEY as PROOF_KEY

# What a rehearsal, and whoever asks for one, writes into a control bucket; and what tasks write there all the while.
ITS_OWN = ("runs/", "journal/", PROOF_KEY, HEARTBEAT_KEY)


def seen(cloud: Cloud, throwaway: str) -> dict[str, str]:
    """All but the instance of that name."""
    cloud.rds.settle()
    return dict([*_databases(throwaway), *_objects(cloud), *_names(cloud), *_service(cloud)])


def _databases(throwaway: str) -> Iterator[tuple[str, str]]:
    for region in (PRIMARY, STANDBY):
        for name, one in rds_backends[ACCOUNT][region].databases.items():
            if name != throwaway:
                kept = (one.status, one.is_replica, one.source_db_instance_identifier, one.deletion_protection)
                yield f"the instance {name} in {region}", repr((*kept, one.backup_retention_period, one.tags))


def _objects(cloud: Cloud) -> Iterator[tuple[str, str]]:
    for region in REGIONS:
        for key in cloud.keys(region):
            if not key.startswith(ITS_OWN):
                yield f"{key} in {region}", str(cloud.text(region, key))
    for region in (PRIMARY, STANDBY):
        bucket = cloud.objects(region)
        yield f"the objects in {region}", repr((sorted(bucket.keys), bucket.replication))


def _names(cloud: Cloud) -> Iterator[tuple[str, str]]:
    yield f"the records of {cloud.zone.name}", repr(sorted(str(vars(one)) for one in cloud.zone.rrsets))


def _service(cloud: Cloud) -> Iterator[tuple[str, str]]:
    yield "the secret and the parameter", repr(cloud.settings())
    yield "the tasks that are wanted", repr(cloud.service.desired_count)
