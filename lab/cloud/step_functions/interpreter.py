"""Where does moto's workflow interpreter differ from Step Functions, for what the workflow file uses?

- It runs only when asked to.
- `$.a[0].b` names one value and not a list of one: https://states-language.net/#reference-paths
- It shows that an execution has ended before it shows with what.
- An execution that is stopped while a task is under way that fails then is shown as failed.
- It makes a client for each task; here they are kept, call from the execution's own Region, and ask the workflow's role.
"""

from __future__ import annotations

import re
import sys
import threading
import uuid
from functools import cache, lru_cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from jsonpath_ng.ext import parse
from moto.core.config import default_user_config

from lab.cloud.context import CloudContext
from lab.cloud.iam.acting_roles import workflow_with
from lab.cloud.step_functions import parsed_workflows

MANY = re.compile(r"\[\*\]|\[-?\d*:-?\d*\]|\.\.|\[\?|\[\d+,|\.\*")
INTERPRETER = "moto.stepfunctions"


def install(context: CloudContext) -> None:
    """Make the interpreter of this process run workflows."""
    default_user_config["stepfunctions"]["execute_state_machine"] = True
    import moto.stepfunctions.parser.asl.utils.json_path as paths

    missing = paths.NoSuchJsonPathError

    def extract_json(path: str, data: Any) -> Any:
        found = _parsed(path).find(data)
        if MANY.search(path):
            return [match.value for match in found]
        if not found:
            raise missing(json_path=path, data=data)
        return found[0].value

    _replace("extract_json", extract_json)
    _parse_each_definition_once()
    show_the_end_whole()
    _keep_a_stop()
    _replace("boto_client_for", _kept_clients(context))


# Making a parser takes a thousand times as long as using it.
_parsed = lru_cache(maxsize=1024)(parse)


def _parse_each_definition_once() -> None:
    """The result is only read, and nobody asks for the grammar's tree."""
    from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

    parse_or_load = parsed_workflows.kept(AmazonStateLanguageParser.parse)
    AmazonStateLanguageParser.parse = staticmethod(lru_cache(maxsize=64)(parse_or_load))


def _keep_a_stop() -> None:
    """Whoever stops an execution aborts it, even where the task that is under way fails a moment later.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_StopExecution.html
    """
    from moto.stepfunctions.parser.asl.eval.environment import Environment
    from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped

    set_error = Environment.set_error

    def unless_stopped(environment: Any, error: Any) -> None:
        if not isinstance(environment.program_state(), ProgramStopped):
            set_error(environment, error)

    Environment.set_error = unless_stopped


@cache
def show_the_end_whole() -> None:
    """From now on whoever sees that an execution has ended sees with what.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
    """
    from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded, ProgramError
    from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication as Ends

    shown = Ends._reflect_execution_status

    def reflect(ends: Any) -> None:
        execution, environment = ends.execution, ends.execution.exec_worker.env
        state = environment.program_state()
        if isinstance(state, ProgramEnded):
            execution.output = environment.states.get_input()
        elif isinstance(state, ProgramError):
            execution.error, execution.cause = state.error.get("error"), state.error.get("cause")
        shown(ends)

    Ends._reflect_execution_status = reflect


def _kept_clients(context: CloudContext) -> Any:
    kept: dict[tuple[str, str, str], Any] = {}
    lock = threading.Lock()

    def client_for(region: str, service: str, state_credentials: Any = None) -> Any:
        role = str(state_credentials.role_arn)
        with lock:
            if (region, service, role) not in kept:
                client = kept[region, service, role] = boto3.client(
                    service,
                    region_name=region,
                    endpoint_url=context.endpoint,
                    aws_access_key_id=f"LAB-{region}",
                    aws_secret_access_key="lab",  # noqa: S106 - no signature is checked
                    config=Config(
                        parameter_validation=False,
                        retries={"total_max_attempts": 1},
                        read_timeout=900,
                        max_pool_connections=32,
                    ),
                )
                client.meta.events.register("provide-client-params", _asked(context, service, region, role))
            return kept[region, service, role]

    return client_for


def _asked(context: CloudContext, service: str, region: str, role: str) -> Any:
    """A handler that lets a call pass where the workflow's role allows it.

    https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
    """

    def ask(params: dict[str, Any], model: Any, **_: Any) -> None:
        told = {key: value for key, value in params.items() if key != "Payload"}
        reason = context.authorization.call(workflow_with(role), service, model.name, told, region)
        if reason is not None:
            error = {"Code": "AccessDeniedException", "Message": f"{role} is not authorized: {reason}"}
            metadata = {"HTTPStatusCode": 403, "RequestId": str(uuid.uuid4())}
            raise ClientError({"Error": error, "ResponseMetadata": metadata}, model.name)

    return ask


def _replace(name: str, function: Any) -> None:
    """The interpreter's modules import these by name, so each holds its own reference."""
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith(INTERPRETER) and name in vars(module):
            setattr(module, name, function)
