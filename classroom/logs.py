"""Logging: structlog, one line per event, with values as tags and never inside the text.

The text of a log line names what happened; identifiers go into tags. Names of people, passwords and tokens are
personal data: tags that carry them are refused here, so a slip is caught by the first test that reaches it.
"""

import logging
import sys
from collections.abc import MutableMapping
from enum import StrEnum
from typing import Any

import structlog

PERSONAL_TAGS = frozenset(
    {"password", "token", "cookie", "session", "session_id", "authorization", "display_name", "viewer_name", "username"}
)


class LogFormat(StrEnum):
    """For people at a terminal, or one JSON object a line for a log collector."""

    TEXT = "text"
    JSON = "json"


def _hide_personal(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for tag in PERSONAL_TAGS.intersection(event):
        event[tag] = "[hidden]"
    return event


def configure_logs(form: LogFormat = LogFormat.TEXT, level: str = "info") -> None:
    """Send structlog's and the standard library's records to standard error, in one form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        _hide_personal,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    render: structlog.typing.Processor
    if form is LogFormat.JSON:
        # without the values of local variables: passwords and names of children are among them
        transform = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        shared.append(structlog.processors.ExceptionRenderer(transform))
        render = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        render = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            # the default shows local variables where `rich` is installed
            exception_formatter=structlog.dev.plain_traceback,
        )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # One line for every HTTP request or migration step says nothing an operator of a school needs.
    for chatty in ("aiohttp.access", "alembic", "aioice", "libav"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module: `get_logger(__name__)`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
