"""Which HTTP APIs do the templates create in the lab? None as such: `operators_gateway.py` stands in for the one there is."""

from __future__ import annotations

from lab.cloud.cloudformation.resource import ResourceType

_STOOD_IN_FOR = "the lab's own gateway checks signatures and calls the function: moto's HTTP APIs call nothing"

TYPES = (
    ResourceType("AWS::ApiGatewayV2::Api", inert={"*": _STOOD_IN_FOR}, attributes=frozenset({"ApiEndpoint", "ApiId"})),
    ResourceType("AWS::ApiGatewayV2::Stage", inert={"*": _STOOD_IN_FOR}),
)
