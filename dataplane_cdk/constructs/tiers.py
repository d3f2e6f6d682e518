"""Who may connect to whom? Each tier admits the one before it, and nothing else.

All four groups live in one stack, so that no two stacks need each other.
"""

from __future__ import annotations

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

WEB_PORTS = (80, 443)
SERVICE_PORT = 8080
DATABASE_PORT = 5432


class Tiers(Construct):
    """Security groups: `edge` (balancer), `service` (tasks), `functions` (the control plane's), `database`, `rehearsal`."""

    def __init__(self, scope: Construct, construct_id: str, vpc: ec2.IVpc, encrypted: bool) -> None:
        super().__init__(scope, construct_id)
        self.edge = self._group("Edge", vpc, "load balancer: the internet on its web ports")
        self.service = self._group("Service", vpc, "tasks: only the load balancer")
        self.functions = self._group("Functions", vpc, "functions that open the database: nobody connects to them")
        self.database = self._group("Database", vpc, "database: only tasks, and functions of the control plane")
        self.rehearsal = self._group("Rehearsal", vpc, "database restored to be looked at: only functions")
        for port in WEB_PORTS if encrypted else WEB_PORTS[:1]:
            self.edge.add_ingress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(port), "clients and health checkers")
        self.edge.connections.allow_to(self.service, ec2.Port.tcp(SERVICE_PORT), "requests and /livez")
        for client in (self.service, self.functions):
            client.connections.allow_to(self.database, ec2.Port.tcp(DATABASE_PORT), "PostgreSQL")
            client.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "AWS, in every Region of the plan")
        self.functions.connections.allow_to(self.rehearsal, ec2.Port.tcp(DATABASE_PORT), "PostgreSQL")
        if not encrypted:
            # A rehearsal asks the public name before and after.
            self.functions.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(WEB_PORTS[0]), "the public name")

    def _group(self, name: str, vpc: ec2.IVpc, description: str) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(self, name, vpc=vpc, description=description, allow_all_outbound=False)
