"""The table of routes and the OpenAPI document drawn from it."""

import json

import pytest

from classroom.http.call import Call
from classroom.http.openapi import openapi
from classroom.http.routes import QueryParameter, Routes
from classroom.messages.api import JoinRequest, TokenView


async def handler(call: Call) -> None: ...


def test_a_path_is_served_once() -> None:
    routes = Routes()
    routes.json("GET", "/a", handler, summary="a")
    routes.json("POST", "/a", handler, summary="a")
    with pytest.raises(ValueError, match="GET /a"):
        routes.raw("GET", "/a", handler, summary="a")
    assert len(routes) == 2


def test_the_document_holds_paths_parameters_and_schemas() -> None:
    routes = Routes()
    routes.json(
        "POST", "/join/{code}", handler, summary="Join", body=JoinRequest, returns=TokenView, status=201,
        query=(QueryParameter("day", "A day", required=True),),
    )  # fmt: skip
    routes.json("DELETE", "/join/{code}", handler, summary="Leave")
    routes.raw("GET", "/files/{name:[a-z]{1,3}}", handler, summary="A file")
    document = json.loads(openapi(routes))
    assert document["openapi"] == "3.1.0"
    join = document["paths"]["/join/{code}"]["post"]
    assert join["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/JoinRequest"}
    assert join["responses"]["201"]["content"]["application/json"]["schema"]["$ref"].endswith("TokenView")
    assert {parameter["name"]: parameter["required"] for parameter in join["parameters"]} == {"code": True, "day": True}
    assert document["components"]["schemas"]["JoinRequest"]["additionalProperties"] is False
    assert "204" in document["paths"]["/join/{code}"]["delete"]["responses"]
    assert "/files/{name}" in document["paths"]
