"""Which HTTP APIs do the templates create in the lab, and which function does each of their routes name?

moto keeps them and calls nothing: `operators_gateway.py` answers in their stead.
"""

from __future__ import annotations

from typing import Any

from lab.cloud.cloudformation.resource import Created, Made, Properties, ResourceType, Wanted

ANY_METHOD = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"
_STOOD_IN_FOR = "the lab's own gateway answers as the default stage does, and writes no access log"


def _create_api(wanted: Wanted) -> Created:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html"""
    client, body = wanted.client("apigatewayv2"), wanted.properties["Body"]
    api = client.create_api(Name=body["info"]["title"], ProtocolType="HTTP")
    for route, uri in _routes(body).items():
        integration = client.create_integration(ApiId=api["ApiId"], IntegrationType="AWS_PROXY", IntegrationUri=uri)
        target = f"integrations/{integration['IntegrationId']}"
        client.create_route(ApiId=api["ApiId"], RouteKey=route, Target=target)
    return Created(api["ApiId"], {"ApiId": api["ApiId"], "ApiEndpoint": api["ApiEndpoint"]})


def _read_api(made: Made) -> Properties:
    """The document itself is proven by its name and its routes: moto does not keep it."""
    client, body = made.client("apigatewayv2"), made.properties["Body"]
    uris = {
        f"integrations/{one['IntegrationId']}": one["IntegrationUri"]
        for one in client.get_integrations(ApiId=made.ref)["Items"]
    }
    routes = {one["RouteKey"]: uris[one["Target"]] for one in client.get_routes(ApiId=made.ref)["Items"]}
    same = (client.get_api(ApiId=made.ref)["Name"], routes) == (body["info"]["title"], _routes(body))
    return {"Body": body if same else {"info": {"title": "another"}, "paths": routes}}


def _routes(body: Properties) -> dict[str, Any]:
    """Each route's key and what it invokes. Raises KeyError for a method of its own, which the templates do not have."""
    return {path: methods[ANY_METHOD][INTEGRATION]["uri"] for path, methods in body["paths"].items()}


TYPES = (
    ResourceType(
        "AWS::ApiGatewayV2::Api",
        frozenset({"Body"}),
        _create_api,
        _read_api,
        attributes=frozenset({"ApiEndpoint", "ApiId"}),
    ),
    ResourceType("AWS::ApiGatewayV2::Stage", inert={"*": _STOOD_IN_FOR}),
)
