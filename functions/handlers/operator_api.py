"""What does an operator's request come to?"""

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from mangum import Mangum

from failover.application.errors import RunRefused
from failover.wiring.this_region import here
from webapi.operator.app import operator_app
from webapi.operator.caller import arn_of
from webapi.operator.desk import RegionDesk

logger = Logger()


@cache
def served() -> Mangum:
    """The API of this Region, made once a process."""
    text = ["application/json", "application/problem+json"]
    return Mangum(operator_app(RegionDesk(), here()), lifespan="off", text_mime_types=text)


@logger.inject_lambda_context(clear_state=True)
def handler(event: Any, context: Any) -> dict[str, Any]:
    """An HTTP API's request, payload format 2.0, and its answer. Bodies are not logged: they hold tokens.

    Raises RunRefused when it is called with anything else.
    """
    if not isinstance(event, dict) or event.get("version") != "2.0" or "http" not in event.get("requestContext", ()):
        raise RunRefused("The call is malformed: it is no request of an HTTP API, payload format 2.0.")
    answer, asked = served()(event, context), event["requestContext"]
    request = {name: asked["http"].get(name) for name in ("method", "path")}
    logger.info("answered", extra={**request, "status": answer["statusCode"], "by": arn_of(event)})
    return answer
