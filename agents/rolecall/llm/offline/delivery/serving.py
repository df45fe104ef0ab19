"""Where a project listens and how it tells that it is well: by its manifests and code, else nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rolecall.llm.offline.delivery.project import Project

_DEFAULT = (
    r"(?i)PORT[\"'\])]{0,3}[ \t]*(?:,|\?\?|\|\|"
    r"|or|:-|\)?[ \t]*\.unwrap_or\w*\()[ \t]*[\"':]{0,2}(\d{2,5})"
)
"""``PORT`` with what the code takes where it is not set."""

_PORTS = (
    ("Dockerfile", r"^[ \t]*EXPOSE[ \t]+(\d{2,5})"),
    ("Procfile", r"(?:--bind|-b|--port|-p)[ =]+(?:[\w.\[\]]*:)?(\d{2,5})"),
    ("package.json", r"(?:--port|-p|PORT=)[ =]?(\d{2,5})"),
    ("", _DEFAULT),
    ("", r"(?:\.listen|ListenAndServe)\([\"':\w.]{0,20}?(\d{2,5})\b"),
    ("", r"(?i)Addr:?[ \t=:]*[\"'][\w.]{0,30}:(\d{2,5})[\"']"),
    ("", r"(?i)\bport[ \t]*[=:][ \t]*[\"']?(\d{2,5})\b"),
    ("", r"(?i)\bport[ \t]+(\d{2,5})\b"),
)
_LIVE = ("/livez", "/healthz", "/health/live", "/live", "/alive", "/health", "/ping", "/status")
_READY = ("/readyz", "/health/ready", "/ready", "/readiness")
_PROSE = (".md", ".rst")
_HIGHEST = 65_535


@dataclass(frozen=True, slots=True)
class Serving:
    """What is known about a service; what no file tells is empty.

    Attributes:
        port: that it listens on.
        live: path that answers while the process lives.
        ready: path that answers while it can serve.
        environment: names of the variables that its code reads.
    """

    port: str = ""
    live: str = ""
    ready: str = ""
    environment: tuple[str, ...] = ()


def serving(project: Project) -> Serving:
    """Read a project's manifests and code."""
    code = "\n".join(text for path, text in sorted(project.texts.items()) if not path.endswith(_PROSE))
    return Serving(
        port=_port(project, code),
        live=_path(_LIVE, code),
        ready=_path(_READY, code),
        environment=tuple(_variables(project)),
    )


def _port(project: Project, code: str) -> str:
    for name, pattern in _PORTS:
        for port in re.findall(pattern, project.text(name) if name else code, re.MULTILINE):
            if 0 < int(port) <= _HIGHEST:
                return str(port)
    return ""


def _path(known: tuple[str, ...], code: str) -> str:
    return next((path for path in known if re.search(rf"(?<![\w/.]){re.escape(path)}(?![\w/])", code)), "")


def _variables(project: Project) -> list[str]:
    """Names alone: their values come from where it runs."""
    patterns = (
        r"(?:environ(?:\.get)?|getenv|Getenv|LookupEnv|env::var)[(\[]+[\"']([A-Z][A-Z0-9_]{1,60})[\"']",
        r"process\.env\.([A-Z][A-Z0-9_]{1,60})",
        r"GetEnvironmentVariable\(\"([A-Z][A-Z0-9_]{1,60})\"",
    )
    found = {
        name
        for path, text in project.texts.items()
        if not path.endswith(_PROSE)
        for pattern in patterns
        for name in re.findall(pattern, text)
    }
    return sorted(found - {"PORT", "HOME", "PATH"})
