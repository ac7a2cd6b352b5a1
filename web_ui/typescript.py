"""Writes `frontend/src/wire.gen.ts`: the TypeScript of every message pages exchange with the server.

`make types` (`python -m web_ui.typescript`) writes the file; with `--check` it exits 1 when the file is out of date.

In what pages send, fields with defaults may be left out; in what they receive, every field is present (the server
serialises whole messages). A type found in both directions is written once, as received: giving every field is also
right when sending.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from classroom.messages import (
    api,
    archive,
    archive_views,
    bookings,
    exchange_views,
    live,
    planning,
    plans,
    published,
    watching,
)
from classroom.messages.base import Message

TARGET = Path(__file__).parent / "frontend" / "src" / "wire.gen.ts"

_BODIES = (api, planning, plans, bookings, published, watching, archive, archive_views, exchange_views)
_SENT_BODIES: tuple[type[Message], ...] = (
    api.SignIn,
    api.JoinRequest,
    api.TokenRequest,
    api.NewLesson,
    *planning.SENT,
    *plans.SENT,
    *bookings.SENT,
    *published.SENT,
    *archive.SENT,
)
_HEADER = """\
// Written by `python -m web_ui.typescript` from classroom/messages; do not edit.

"""
_SCALARS = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}

Schema = Mapping[str, Any]


def _received_bodies() -> list[type[Message]]:
    """Every message class of the API that a page does not send."""
    return [
        found
        for module in _BODIES
        for found in vars(module).values()
        if isinstance(found, type)
        and issubclass(found, Message)
        and found.__module__ == module.__name__
        and found not in _SENT_BODIES
    ]


def type_of(schema: Schema) -> str:
    """The TypeScript type of one JSON Schema node, as pydantic writes them."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "const" in schema:
        return _literal(schema["const"])
    if "enum" in schema:
        return " | ".join(_literal(value) for value in schema["enum"])
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return " | ".join(dict.fromkeys(type_of(option) for option in schema[union]))
    kind = schema.get("type")
    if kind == "array" and "prefixItems" in schema:
        return f"[{', '.join(type_of(item) for item in schema['prefixItems'])}]"
    if kind == "array":
        inner = type_of(schema["items"])
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"Record<string, {type_of(values)}>" if isinstance(values, Mapping) else "Record<string, unknown>"
    if isinstance(kind, str) and kind in _SCALARS:
        return _SCALARS[kind]
    return "unknown"


def _literal(value: object) -> str:
    return '"' + value + '"' if isinstance(value, str) else str(value)


def _definition(name: str, schema: Schema, *, whole: bool) -> str:
    comment = _comment(schema.get("description"))
    if "properties" not in schema:
        return f"{comment}export type {name} = {type_of(schema)};\n"
    required = set(schema.get("required", ()))
    fields = []
    for field, value in schema["properties"].items():
        # The discriminator has a default in Python, yet must always be on the wire.
        optional = "" if whole or field in required or "const" in value else "?"
        fields.append(f"  {field}{optional}: {type_of(value)};\n")
    return f"{comment}export interface {name} {{\n{''.join(fields)}}}\n"


def _comment(description: str | None) -> str:
    if not description:
        return ""
    lines = description.strip().splitlines()
    if len(lines) == 1:
        return f"/** {lines[0]} */\n"
    return "/**\n" + "".join(f" * {line.strip()}".rstrip() + "\n" for line in lines) + " */\n"


def _definitions(union: TypeAdapter[Any], bodies: list[type[Message]]) -> Mapping[str, Schema]:
    found: dict[str, Schema] = dict(union.json_schema(ref_template="{model}").get("$defs", {}))
    _, extra = models_json_schema([(body, "validation") for body in bodies], ref_template="{model}")
    found.update(extra.get("$defs", {}))
    return found


def typescript() -> str:
    """The whole file."""
    sent = _definitions(live.client_messages, list(_SENT_BODIES))
    received = _definitions(live.server_messages, _received_bodies())
    parts = [
        _definition(name, (received if name in received else sent)[name], whole=name in received)
        for name in sorted({*sent, *received})
    ]
    for alias, union in (("ClientMessage", live.client_messages), ("ServerMessage", live.server_messages)):
        members = type_of(union.json_schema(ref_template="{model}")).split(" | ")
        parts.append(f"export type {alias} =\n" + "\n".join(f"  | {member}" for member in members) + ";\n")
    return _HEADER + "\n".join(parts)


def main(arguments: list[str]) -> int:
    """Write the file, or with `--check` only compare; returns the exit code."""
    text = typescript()
    if "--check" in arguments:
        current = TARGET.read_text(encoding="utf-8") if TARGET.exists() else ""
        if current != text:
            sys.stderr.write(f"{TARGET.name} is out of date: run `python -m web_ui.typescript`\n")
            return 1
        return 0
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
