"""One workflow for each module of tests and each engine: both must go every way alike."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import cache

import boto3
import pytest
from moto import mock_aws
from moto.awslambda.models import LambdaFunction
from moto.core.config import default_user_config

from lab.cloud.step_functions.parsed_workflows import kept
from tests.statemachines.interpreter import REGION, Clock, Workflow
from tests.statemachines.laptop import LaptopWorkflow


@pytest.fixture(scope="module", params=["step functions", "laptop"])
def workflow(request: pytest.FixtureRequest) -> Iterator[Workflow | LaptopWorkflow]:
    if request.param == "laptop":
        yield LaptopWorkflow()
        return
    from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
    from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
    from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
    from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
    from moto.stepfunctions.parser.asl.utils import json_path

    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "unused")
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        # It logs every failure that a test provokes, with the whole program.
        patch.setattr(logging.getLogger("moto.stepfunctions"), "disabled", True)
        patch.setitem(default_user_config["stepfunctions"], "execute_state_machine", True)
        # The file and each of its paths are parsed once and not for every run, and one client serves every call.
        patch.setattr(AmazonStateLanguageParser, "parse", staticmethod(cache(kept(AmazonStateLanguageParser.parse))))
        patch.setattr(json_path, "parse", cache(json_path.parse))
        client = boto3.client("lambda", REGION)
        patch.setattr(lambda_eval_utils, "boto_client_for", lambda **_: client)
        deployed = Workflow()
        patch.setattr(retrier_decl, "time", Clock(deployed))
        patch.setattr(WaitFunction, "_wait_interval", lambda _, env, wait_seconds: deployed.pauses.append(wait_seconds))
        patch.setattr(
            LambdaFunction,
            "_invoke_lambda",
            lambda function, event=None: deployed.invoke(function.function_name, event),
        )
        yield deployed
