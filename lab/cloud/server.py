"""What is the emulated AWS made of? moto's server, our behaviours over it, and the Regions' borders in front."""

from __future__ import annotations

import os
import threading
from functools import cache, lru_cache
from pathlib import Path

from werkzeug.serving import BaseWSGIServer, make_server

from lab.cloud import service_models
from lab.cloud.desired_state import DesiredState
from lab.cloud.journal import Journal
from lab.cloud.names import Names
from lab.cloud.regions_and_links import Borders, Network


class CloudServer:
    """One emulated AWS of all Regions, in this process. moto's internals are changed: one for a process."""

    def __init__(self, port: int, time_scale: float, mailbox: Path, state_dir: Path) -> None:
        """Listens at once, on a free port if `port` is 0. Raises OSError when the port is taken."""
        self._server: BaseWSGIServer = make_server("127.0.0.1", port, _not_ready, threaded=True)
        self.port = self._server.server_port
        # moto's workflow interpreter calls back to this port, and reads it when it is imported.
        os.environ["MOTO_PORT"] = str(self.port)
        # Nothing here starts from a machine image, and moto would make some hundred of them in each Region.
        os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
        service_models.share()
        from lab.cloud.context import CloudContext
        from lab.cloud.iam.authorization import Authorization

        self.context = CloudContext(
            port=self.port,
            time_scale=time_scale,
            journal=Journal(),
            network=Network(),
            names=Names(),
            desired=DesiredState(),
            state_dir=state_dir,
            mailbox=mailbox,
            authorization=Authorization(),
        )
        self._install()

    def serve(self) -> None:
        """Answer requests until `stop`."""
        self._server.serve_forever(poll_interval=0.1)

    def stop(self) -> None:
        """End serving and the functions' workers; returns when both are over."""
        self._runtime.close()
        threading.Thread(target=self._server.shutdown, daemon=True).start()

    def _install(self) -> None:
        """Behaviours first: they change what moto's server hands out."""
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        from lab.cloud.aws_lambda import runtime
        from lab.cloud.cloudformation import resource_types
        from lab.cloud.cloudwatch import alarms
        from lab.cloud.control_api import ControlAPI
        from lab.cloud.ecs import load_balancer_targets, service_quotas, services
        from lab.cloud.eventbridge import delivery, scheduled_rules, scheduler_schedules
        from lab.cloud.kept_connections import KeptConnections
        from lab.cloud.operators_gateway import OperatorsGateway
        from lab.cloud.rds import cluster_endpoints, global_clusters, read_replicas
        from lab.cloud.route53 import health_checks
        from lab.cloud.s3 import object_replication, replication_configuration, whole_objects
        from lab.cloud.sns import publishing
        from lab.cloud.step_functions import interpreter, workflow_journal

        self._runtime = runtime.install(self.context)
        for behaviour in (
            interpreter,
            workflow_journal,
            delivery,
            scheduled_rules,
            alarms,
            health_checks,
            read_replicas,
            cluster_endpoints,
            global_clusters,
            services,
            load_balancer_targets,
            object_replication,
            replication_configuration,
            whole_objects,
            scheduler_schedules,
            service_quotas,
            publishing,
        ):
            behaviour.install(self.context)
        _look_up_once()
        aws = Borders(DomainDispatcherApplication(create_backend_app), self.context.network, self.context.journal)
        resource_types.install(self.port, aws)
        self._server.RequestHandlerClass = KeptConnections
        operators = OperatorsGateway(self._runtime, self.context)
        self._server.app = ControlAPI(aws, self.context, operators)


def _look_up_once() -> None:
    """moto lists its services' folders, and a service's methods, on every request: a third of the request's time.

    It tries hundreds of patterns on the host's name each time, and for every error that it answers it makes a session of
    botocore's to find the name of its own service.
    """
    from moto import backends
    from moto.core import responses, utils
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication

    found = tuple(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: found
    responses.method_names_from_class = cache(responses.method_names_from_class)
    of_host = DomainDispatcherApplication.get_backend_for_host
    DomainDispatcherApplication.get_backend_for_host = lru_cache(maxsize=1024)(of_host)
    utils.service_name_from_moto_package_name = cache(utils.service_name_from_moto_package_name)


def _not_ready(environ: object, start_response: object) -> list[bytes]:
    del environ, start_response
    raise ConnectionAbortedError("the emulated AWS is still starting")
