"""How does moto's CloudFormation come to create resources the lab's way?

moto keeps stacks, parameters, conditions and intrinsic functions. Each type that the lab knows is registered
as a moto model which creates the resource by boto3 through the lab's own endpoint and reads it back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from moto.cloudformation import models, parsing
from moto.cloudformation.exceptions import ValidationError
from moto.core.common_models import CloudFormationModel

from lab.cloud.cloudformation import bucket_policy, dynamic_references, function_settings
from lab.cloud.cloudformation.coverage import TYPES
from lab.cloud.cloudformation.resource import Clients, Properties, ResourceError, ResourceType, Wanted, make
from lab.cloud.own_calls import WSGI

# moto finds models as living subclasses, so ours must be held.
_installed: list[type[CloudFormationModel]] = []


def install(endpoint_port: int, app: WSGI | None = None) -> None:
    """Register the lab's types with the moto of this process; they create resources through `endpoint_port`.

    With `app`, what listens there, calls go straight to it. Later registrations win, so this may be called again.
    """
    clients = Clients(endpoint_port, app)
    _installed[:] = [_model(kind, clients) for kind in TYPES.values()]
    function_settings.install()
    bucket_policy.install()
    models.Stack.parse_template = staticmethod(_parse_template)
    for cached in (parsing.get_model_list, parsing.get_model_map, parsing.get_name_type_map):
        cached.cache_clear()


_parse_yaml = models.Stack.parse_template


def _parse_template(text: str) -> dict[str, Any]:
    """moto takes JSON for YAML, which is ten times slower."""
    parsed: dict[str, Any] = json.loads(text) if text.startswith("{") else _parse_yaml(text)
    return parsed


def _model(kind: ResourceType, clients: Clients) -> type[CloudFormationModel]:
    body = {**_MODEL, "__module__": __name__, "lab_kind": kind, "lab_clients": clients}
    return type("LabResource", (CloudFormationModel,), body)


def _create(model: Any, name: str, resource_json: Properties, account_id: str, region: str, **context: Any) -> Any:
    kind: ResourceType = model.lab_kind
    given = _without_no_value(resource_json.get("Properties") or {})
    properties = dynamic_references.resolved(given, model.lab_clients, region)
    wanted = Wanted(model.lab_clients, account_id, region, name, properties)
    resource = model()
    try:
        resource.lab_created = make(kind, wanted, f"{context['LogicalId']} ({kind.name})")
    except ResourceError as error:
        raise ValidationError(message=str(error)) from error
    return resource


def _without_no_value(value: Any) -> Any:
    """moto leaves None in a list where AWS::NoValue takes the item away.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/pseudo-parameter-reference.html
    """
    if isinstance(value, Mapping):
        return {key: _without_no_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_no_value(item) for item in value if item is not None]
    return value


def _attribute(resource: Any, name: str) -> str:
    if name not in resource.lab_created.attributes:
        raise ValidationError(message=f"{resource.lab_kind.name} has no attribute {name} in the lab")
    value: str = resource.lab_created.attributes[name]
    return value


def _refuse(model: Any, *_: Any, **__: Any) -> None:
    raise ValidationError(message=f"{model.lab_kind.name}: the lab makes a stack once; end the lab to remove it")


# What moto asks of a model.
_MODEL: Mapping[str, Any] = {
    "cloudformation_name_type": staticmethod(lambda: ""),
    "cloudformation_type": classmethod(lambda model: model.lab_kind.name),
    "has_cfn_attr": classmethod(lambda model, attribute: attribute in model.lab_kind.attributes),
    "create_from_cloudformation_json": classmethod(lambda model, *given, **more: _create(model, *given, **more)),
    "update_from_cloudformation_json": classmethod(_refuse),
    "delete_from_cloudformation_json": classmethod(_refuse),
    "get_cfn_attribute": _attribute,
    "is_created": lambda _: True,
    "physical_resource_id": property(lambda resource: resource.lab_created.ref),
}
