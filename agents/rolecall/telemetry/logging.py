"""Logs: JSON lines or a coloured console, to standard error or a rotated file, never to standard output.

Standard output carries the protocol. A line has ``timestamp``, ``level``, ``event`` and ``logger`` first,
then the ids bound to the task (structlog's context variables), then the event's own members.
"""

from __future__ import annotations

import json
import logging
import sys
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol, TextIO

import structlog

from rolecall.telemetry.logfile import RotatingFile
from rolecall.telemetry.redaction import REDACTOR

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from structlog.typing import Processor, WrappedLogger

    from rolecall.settings.model import LoggingSettings

    EventDict = MutableMapping[str, Any]

FIRST = (
    "timestamp",
    "level",
    "event",
    "logger",
    "correlation_id",
    "task_id",
    "workflow_id",
    "agent_id",
    "role",
    "error.code",
)
"""The keys every line begins with, those of them it has."""

LIBRARY_LEVEL = logging.WARNING
"""What libraries say below it is dropped: their debug lines quote addresses, headers and prompts."""


class _Sink(Protocol):
    def __call__(self, line: str, /) -> None: ...


def configure(settings: LoggingSettings, *, stream: TextIO | None = None, shared: bool = False) -> None:
    """Set up the logs of this process; may be called again to change them.

    Args:
        settings: ``logging.level``, ``.format`` and ``.file``.
        stream: where lines go without a file; None for standard error.
        shared: whether clients of this process have levels and files of their own, see :class:`ClientLog`.
    """
    target = sys.stderr if stream is None else stream
    sink, problem = _sink(settings, target)
    processors = _processors(_renderer(settings, target))
    if shared:
        processors.insert(0, _wanted_by_client(settings))
        sink = _to_client(sink)
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger("debug" if shared else settings.level),
        logger_factory=_Lines(sink),
        cache_logger_on_first_use=False,
    )
    _route_libraries()
    if problem is not None:
        structlog.get_logger(__name__).warning(
            "the log file cannot be written, logging here instead", problem=problem
        )


class ClientLog:
    """What one client of a shared process wants logged, and where; other clients' lines are not touched."""

    def __init__(self) -> None:
        self.level = logging.INFO
        self.file: RotatingFile | None = None

    @classmethod
    def of_this_task(cls, settings: LoggingSettings) -> ClientLog:
        """The log of everything that the present task does and starts."""
        client = cls()
        client.configure(settings)
        _CLIENT.set(client)
        return client

    def configure(self, settings: LoggingSettings) -> None:
        """Take ``logging.level`` and ``logging.file``; without a file, lines go to the process's log."""
        self.level = _number(settings.level)
        self.close()
        if settings.file is not None:
            with suppress(OSError):
                self.file = RotatingFile(settings.file)

    def close(self) -> None:
        """Close the client's file."""
        file, self.file = self.file, None
        if file is not None:
            file.close()


_CLIENT: ContextVar[ClientLog | None] = ContextVar("rolecall_client_log", default=None)


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level.upper()]


def _wanted_by_client(settings: LoggingSettings) -> Processor:
    """Drops what the client at work, or the process where there is none, does not want."""
    own = _number(settings.level)

    def wanted(_logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        client = _CLIENT.get()
        if _number({"exception": "error", "warn": "warning", "msg": "info"}.get(method, method)) < (
            own if client is None else client.level
        ):
            raise structlog.DropEvent
        return event

    return wanted


def _to_client(otherwise: _Sink) -> _Sink:
    def write(line: str) -> None:
        client = _CLIENT.get()
        file = client.file if client is not None else None
        if file is None:
            otherwise(line)
        else:
            file.write(f"{line}\n".encode("utf-8", "backslashreplace"))

    return write


def spare_standard_output() -> None:
    """Until logs are set up, let them go to standard error: structlog's default is standard output."""
    if not structlog.is_configured():
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))


def _processors(renderer: Processor) -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.UnicodeDecoder(),
        _ordered,
        renderer,
        _redacted,
    ]


def _renderer(settings: LoggingSettings, target: TextIO) -> Processor:
    console = settings.format == "console" or (
        settings.format == "auto" and settings.file is None and target.isatty()
    )
    if console:
        return structlog.dev.ConsoleRenderer(
            colors=settings.file is None and target.isatty(),
            sort_keys=False,
            # The default shows local variables, and with them keys and prompts.
            exception_formatter=structlog.dev.plain_traceback,
        )
    return _json_line


def _json_line(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    structlog.processors.format_exc_info(_logger, _method, event)
    return json.dumps(event, default=repr, ensure_ascii=False, separators=(",", ":"))


def _ordered(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    first = {key: event[key] for key in FIRST if key in event}
    return {**first, **{key: value for key, value in event.items() if key not in first}}


def _redacted(_logger: WrappedLogger, _method: str, line: Any) -> str:
    return REDACTOR.redact(line)


def _sink(settings: LoggingSettings, target: TextIO) -> tuple[_Sink, str | None]:
    if settings.file is None:
        return _to_stream(target), None
    try:
        file = RotatingFile(settings.file)
    except OSError as error:
        return _to_stream(target), f"{settings.file}: {error.strerror}"
    return lambda line: file.write(f"{line}\n".encode("utf-8", "backslashreplace")), None


def _to_stream(target: TextIO) -> _Sink:
    def write(line: str) -> None:
        # A terminal that was closed must not end the program that logs to it.
        with suppress(OSError, ValueError):
            target.write(f"{line}\n")
            target.flush()

    return write


class _Line:
    """What structlog calls a logger: takes finished lines of one name."""

    def __init__(self, name: str, write: Callable[[str], None]) -> None:
        self.name = name
        self.debug = self.info = self.warning = self.error = self.critical = self.msg = write
        self.exception = self.fatal = self.warn = self.log = write


class _Lines:
    """Makes loggers that know their name, which is what ``get_logger`` was called with."""

    def __init__(self, sink: _Sink) -> None:
        self._sink = sink

    def __call__(self, name: str = "rolecall", *_: Any) -> _Line:
        return _Line(name, self._sink)


class _Forward(logging.Handler):
    """Sends what libraries log with the standard library on to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log ``record`` under its own logger's name."""
        try:
            log = structlog.get_logger(record.name)
            level = min(max(record.levelno // 10 * 10, logging.WARNING), logging.CRITICAL)
            log.log(level, record.getMessage(), exc_info=record.exc_info)
        except Exception:  # noqa: BLE001  # a library's bad format string is not our failure
            self.handleError(record)


def _route_libraries() -> None:
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, _Forward):
            root.removeHandler(handler)
    # The level is the handler's, since libraries set their loggers' own (OPENAI_LOG does) at any time.
    root.addHandler(_Forward(LIBRARY_LEVEL))
    root.setLevel(LIBRARY_LEVEL)
    logging.captureWarnings(capture=True)
