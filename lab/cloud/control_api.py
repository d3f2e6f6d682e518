"""How does the lab look into the emulated AWS and break it? The paths under /_lab/, which AWS does not have."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from lab.cloud.context import CloudContext
from lab.cloud.ecs import load_balancer_targets
from lab.cloud.operators_gateway import OperatorsGateway
from lab.cloud.route53 import answers

PREFIX = "/_lab/"
LONGEST_WAIT_SECONDS = 20.0


class ControlAPI:
    """A WSGI application that answers under /_lab/ and hands everything else to the emulated AWS."""

    def __init__(
        self,
        app: Callable[..., Iterable[bytes]],
        context: CloudContext,
        operators: OperatorsGateway,
    ) -> None:
        self._app = app
        self._context = context
        self._operators = operators
        self._routes = Map(
            [
                Rule("/_lab/regions/<region>", endpoint=self._region, methods=["POST"]),
                Rule("/_lab/links", endpoint=self._link, methods=["POST"]),
                Rule("/_lab/names", endpoint=self._names, methods=["POST"]),
                Rule("/_lab/journal", endpoint=self._journal, methods=["GET"]),
                Rule("/_lab/desired", endpoint=self._desired, methods=["GET"]),
                Rule("/_lab/dns/<name>", endpoint=self._dns, methods=["GET"]),
                Rule("/_lab/databases/<region>/<instance>", endpoint=self._database, methods=["POST"]),
                Rule("/_lab/backups/<region>", endpoint=self._backup, methods=["POST"]),
                Rule("/_lab/servers", endpoint=self._servers, methods=["POST"]),
                Rule("/_lab/services/<region>/<cluster>/<service>", endpoint=self._service, methods=["POST"]),
                Rule("/_lab/permissions", endpoint=self._permissions, methods=["GET"]),
                Rule("/_lab/authorize", endpoint=self._authorize, methods=["POST"]),
                Rule("/_lab/operators/<region>/<path:path>", endpoint=self._operators.answer),
                Rule("/_lab/targets/<region>", endpoint=self._targets, methods=["POST"]),
            ]
        )

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not environ.get("PATH_INFO", "").startswith(PREFIX):
            return self._app(environ, start_response)
        try:
            endpoint, arguments = self._routes.bind_to_environ(environ).match()
            answer = endpoint(Request(environ), **arguments)
            response = (
                answer if isinstance(answer, Response) else Response(json.dumps(answer), mimetype="application/json")
            )
        except HTTPException as error:
            response = error.get_response(environ)
        except (KeyError, ValueError, TypeError) as error:
            response = Response(json.dumps({"error": f"{type(error).__name__}: {error}"}), 400)
        answered: Iterable[bytes] = response(environ, start_response)
        return answered

    def _region(self, request: Request, region: str) -> dict[str, Any]:
        dark = _flag(request, "dark")
        self._context.network.set_dark(region, dark)
        self._context.journal.add("region", region=region, dark=dark)
        return {"region": region, "dark": dark}

    def _link(self, request: Request) -> dict[str, Any]:
        body = _body(request)
        self._context.network.set_cut(body["from"], body["to"], _flag(request, "cut"))
        return body

    def _names(self, request: Request) -> dict[str, Any]:
        for name, address in _body(request).items():
            host, port = address.rsplit(":", 1)
            self._context.names.register(name, host, int(port))
        return {}

    def _journal(self, request: Request) -> dict[str, Any]:
        after = request.args.get("after", 0, int)
        entries = self._context.journal.after(after, _wait(request))
        return {"entries": entries, "last": entries[-1]["n"] if entries else after}

    def _desired(self, request: Request) -> dict[str, Any]:
        return self._context.desired.snapshot(request.args.get("after", 0, int), _wait(request))

    def _dns(self, request: Request, name: str) -> dict[str, Any]:
        del request
        return answers.answer(self._context, name)

    def _database(self, request: Request, region: str, instance: str) -> dict[str, Any]:
        body = _body(request)
        if "endpoint" in body:
            self._context.desired.set_database(region, instance, **body["endpoint"])
        if "event" in body:
            self._context.desired.report_database(region, instance, body)
        return {}

    def _backup(self, request: Request, region: str) -> dict[str, Any]:
        self._context.desired.report_backup(region, _body(request))
        return {}

    def _servers(self, request: Request) -> dict[str, Any]:
        self._context.desired.makes_servers = _flag(request, "made")
        return {}

    def _service(self, request: Request, region: str, cluster: str, service: str) -> dict[str, Any]:
        running = int(_body(request)["running"])
        self._context.desired.report_running(region, cluster, service, running)
        self._context.journal.add("service", region=region, service=service, running=running)
        return {}

    def _permissions(self, request: Request) -> dict[str, Any]:
        del request
        return self._context.authorization.report()

    def _authorize(self, request: Request) -> dict[str, Any]:
        call = _body(request)
        caller, service, parameters = call["caller"], call["service"], call["parameters"]
        if call.get("absent"):
            return {"denied": self._context.authorization.told_of_absence(caller, service, parameters)}
        return {
            "denied": self._context.authorization.call(caller, service, call["operation"], parameters, call["region"])
        }

    def _targets(self, request: Request, region: str) -> dict[str, Any]:
        body = _body(request)
        addresses = [(str(host), int(port)) for host, port in body["targets"]]
        load_balancer_targets.set_targets(region, body["target_group"], addresses)
        return {}


def _body(request: Request) -> dict[str, Any]:
    body = request.get_json(force=True)
    if not isinstance(body, dict):
        raise TypeError("the body must be a JSON object")
    return body


def _flag(request: Request, name: str) -> bool:
    value = _body(request)[name]
    if type(value) is not bool:
        raise TypeError(f"{name} must be true or false, not {value!r}")
    return value


def _wait(request: Request) -> float:
    seconds: float = request.args.get("wait", 0.0, float)
    return min(seconds, LONGEST_WAIT_SECONDS)
