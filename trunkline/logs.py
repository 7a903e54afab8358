"""Logging: one line per event, a sentence plus a stable `action` key, with secrets masked.

Code logs through structlog: `structlog.get_logger().info("Connector is bound.", action="connector.bound",
connector_id=...)`. Libraries that log through the standard library come out in the same form.
"""

import logging
import re
import sys
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor

from trunkline.config import MASK, mask_url_passwords

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["console", "json"]

# Keys whose values are never printed, whole words in snake_case: "password", "http_password", "api_key".
_SECRET_KEY = re.compile(
    r"(^|_)(password|passwd|passphrase|secret|token|api_?key|authorization|cookie)(_|$)", re.IGNORECASE
)
# Loggers that are chatty below this level whatever ours is.
_QUIET = {"sqlalchemy.engine": logging.WARNING, "aiosqlite": logging.INFO, "asyncio": logging.INFO}


def configure(level: Level = "info", fmt: Format = "console", stream: TextIO | None = None) -> None:
    """Send log lines of `level` and above to `stream` (default: standard error) in the format `fmt`.

    May be called again; loggers made before follow the latest call.
    """
    out = sys.stderr if stream is None else stream
    number = logging.getLevelNamesMapping()[level.upper()]
    renderer: Processor
    if fmt == "json":
        renderer = structlog.processors.JSONRenderer(default=str)
    else:
        # Plain tracebacks: the pretty ones print local variables, and those hold secrets.
        renderer = structlog.dev.ConsoleRenderer(
            colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask_secrets,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(max(least, number))


def get_logger(**context: object) -> FilteringBoundLogger:
    """Return a logger whose lines carry `context`, e.g. connector_id."""
    logger: FilteringBoundLogger = structlog.get_logger(**context)
    return logger


def mask_secrets(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Replace what must not be printed: values under secret keys, and passwords inside URLs."""
    for key, value in event.items():
        event[key] = _masked(key, value)
    return event


def _masked(key: object, value: object) -> object:
    if value is not None and isinstance(key, str) and _SECRET_KEY.search(key):
        return MASK
    if isinstance(value, str):
        return mask_url_passwords(value) if "://" in value else value
    if isinstance(value, dict):
        return {inner: _masked(inner, inside) for inner, inside in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(key, inside) for inside in value]
    return value
