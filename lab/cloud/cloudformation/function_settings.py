"""Which settings of a function does moto drop, and how are they kept?"""

from __future__ import annotations

from typing import Any

from moto.awslambda.models import LambdaFunction

Settings = dict[str, Any]

_DROPPED_BY_MOTO = ("DeadLetterConfig", "LoggingConfig")


def install() -> None:
    """Make functions of this process remember their dead-letter queue and log group, and log to that group."""
    if hasattr(LambdaFunction, "lab_settings"):
        return
    make, describe = LambdaFunction.__init__, LambdaFunction.get_configuration

    def remember(function: Any, account_id: str, spec: Settings, *rest: Any, **named: Any) -> None:
        make(function, account_id, spec, *rest, **named)
        function.lab_settings = {key: spec[key] for key in _DROPPED_BY_MOTO if spec.get(key)}
        group = function.lab_settings.get("LoggingConfig", {}).get("LogGroup")
        if group:
            function.logs_group_name = group

    def describe_all(function: Any, *arguments: Any, **named: Any) -> Settings:
        return {**describe(function, *arguments, **named), **function.lab_settings}

    LambdaFunction.lab_settings = {}
    LambdaFunction.__init__ = remember
    LambdaFunction.get_configuration = describe_all
