"""The OpenAPI 3.1 document of all routes; its schemas are the pydantic models themselves (JSON Schema 2020-12)."""

import json
import re
from collections.abc import Iterable
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from pydantic.json_schema import models_json_schema

from classroom.http.problems import PROBLEM_TYPE
from classroom.http.routes import Route
from classroom.messages.api import Problem
from classroom.messages.base import Message

_SCHEMAS = "#/components/schemas/"
_PART = re.compile(r"\{(\w+)(?::[^{}]*(?:\{[^{}]*\}[^{}]*)*)?\}")


def openapi(routes: Iterable[Route]) -> str:
    """The document as JSON. See https://spec.openapis.org/oas/v3.1.0."""
    routes = list(routes)
    models: dict[type[Message], None] = {Problem: None}
    for route in routes:
        for model in (route.body, route.returns):
            if model is not None:
                models[model] = None
    references, definitions = models_json_schema(
        [(model, "serialization") for model in models], ref_template=_SCHEMAS + "{model}"
    )
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        operations = paths.setdefault(_PART.sub(r"{\1}", route.path), {})
        operations[route.method.lower()] = _operation(
            route, {model: references[(model, "serialization")] for model in models}
        )
    document = {
        "openapi": "3.1.0",
        "info": {"title": "牵手课堂 Qianshou", "version": version("qianshou")},
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "qianshou_session"},
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            },
        },
        "security": [{}, {"session": []}, {"token": []}],
    }
    return json.dumps(document, ensure_ascii=False)


def _operation(route: Route, schemas: dict[type[Message], Any]) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PART.findall(route.path)
    ]
    parameters += [
        {
            "name": parameter.name,
            "in": "query",
            "required": parameter.required,
            "description": parameter.description,
            "schema": {"type": "string"},
        }
        for parameter in route.query
    ]
    operation: dict[str, Any] = {"summary": route.summary}
    operation["operationId"] = f"{route.method.lower()} {route.path}"
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schemas[route.body]}}}
    if route.takes is not None:
        file = {"type": "string", "contentMediaType": route.takes}
        operation["requestBody"] = {"required": True, "content": {route.takes: {"schema": file}}}
    if not route.json:
        operation["responses"] = {"default": {"description": "See the summary"}}
        return operation
    problem = {"description": "Problem (RFC 9457)", "content": {PROBLEM_TYPE: {"schema": schemas[Problem]}}}
    if route.returns is None:
        operation["responses"] = {"204": {"description": HTTPStatus.NO_CONTENT.phrase}, "default": problem}
    else:
        answer = {
            "description": HTTPStatus(route.status).phrase,
            "content": {"application/json": {"schema": schemas[route.returns]}},
        }
        operation["responses"] = {str(route.status): answer, "default": problem}
    return operation
