"""Which requests follow from an OpenAPI document, and which break it on purpose?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

Document = Mapping[str, Any]
Schema = Mapping[str, Any]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@dataclass(frozen=True)
class Asked:
    """A request; `path` is quoted, `body` is text as it is sent."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: str | None


def resolved(document: Document, schema: Schema) -> Schema:
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def fitting(document: Document, schema: Schema) -> st.SearchStrategy[Any]:
    """Values that the schema allows."""
    schema = resolved(document, schema)
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return st.one_of([fitting(document, one) for one in schema[several]])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema["type"]
    if kind == "object":
        return st.fixed_dictionaries({name: fitting(document, one) for name, one in schema["properties"].items()})
    if kind == "integer":
        return st.integers(schema["minimum"], schema["maximum"])
    assert kind == "string", f"the generator does not know {schema}"
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    if "pattern" in schema:
        texts = st.from_regex(schema["pattern"].removesuffix("$") + r"\Z")
        return texts.filter(lambda text: least <= len(text) and (most is None or len(text) <= most))
    return st.text(min_size=least, max_size=most)


def requests(document: Document, method: str, path: str) -> st.SearchStrategy[Asked]:
    """Requests for one operation. About half of them fit; in the others each part may be anything or absent."""
    operation = document["paths"][path][method]

    @st.composite
    def made(draw: st.DrawFn) -> Asked:
        breaking = draw(st.booleans())
        found: dict[str, dict[str, str]] = {"path": {}, "query": {}, "header": {}}
        for one in operation.get("parameters", []):
            value = draw(fitting(document, one["schema"]))
            if breaking and draw(st.booleans()):
                value = draw(st.text(min_size=1, max_size=30))
            if one["in"] == "path":
                # API Gateway unquotes it before it is routed: with a slash in it, it is the request of another path.
                value = str(value).replace("/", "-")
            if one["in"] == "path" or not breaking or draw(st.booleans()):
                found[one["in"]][one["name"]] = str(value)
        body = _body(draw, document, operation, breaking)
        names = {name: quote(value, safe="") for name, value in found["path"].items()}
        headers = {name: value.encode("ascii", "ignore").decode() for name, value in found["header"].items()}
        return Asked(method.upper(), path.format(**names), urlencode(found["query"]), headers, body)

    return made()


def _body(draw: st.DrawFn, document: Document, operation: Mapping[str, Any], breaking: bool) -> str | None:
    if "requestBody" not in operation:
        return None
    value = draw(fitting(document, operation["requestBody"]["content"]["application/json"]["schema"]))
    if not breaking:
        return json.dumps(value)
    how = draw(st.sampled_from(["absent", "text", "anything", "a field is missing", "a field is anything", "one more"]))
    if how == "absent":
        return None
    if how == "text":
        return draw(st.text(max_size=30))
    if how == "anything":
        return json.dumps(draw(ANYTHING))
    name = draw(st.sampled_from(sorted(value)))
    rest = {key: one for key, one in value.items() if key != name}
    if how == "a field is missing":
        return json.dumps(rest)
    return json.dumps({**rest, name: draw(ANYTHING)} if how == "a field is anything" else {**value, "more": 1})
