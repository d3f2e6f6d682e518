"""Where does an Aurora cluster answer? Where its real server listens, and a secondary at its reader endpoint alone."""

from __future__ import annotations

from typing import Any

from moto.rds.models import DBCluster

from lab.cloud.context import CloudContext

# Two names for one server, as on AWS, so that a cluster which becomes the writer is somewhere else for its clients.
LOOPBACK, WRITERS_NAME = "127.0.0.1", "localhost"


def install(context: CloudContext) -> None:
    """A secondary's writer endpoint is there, and inactive: the name that moto makes, which nobody answers to.

    https://aws.amazon.com/blogs/database/introducing-aurora-global-database-failover/
    """
    plain_writer, plain_reader = DBCluster.endpoint.fget, DBCluster.reader_endpoint.fget

    def server(cluster: Any) -> dict[str, Any]:
        return context.desired.database(cluster.region, cluster.db_cluster_identifier)

    def writer(cluster: Any) -> str:
        host = server(cluster).get("host")
        if not host or not cluster.is_writer:
            return str(plain_writer(cluster))
        return WRITERS_NAME if host == LOOPBACK else str(host)

    def keep_asked(cluster: Any, port: int) -> None:
        cluster.asked_port = port

    DBCluster.endpoint = property(writer)
    DBCluster.reader_endpoint = property(lambda self: str(server(self).get("host") or plain_reader(self)))
    DBCluster.port = property(lambda self: int(server(self).get("port") or self.asked_port), keep_asked)
