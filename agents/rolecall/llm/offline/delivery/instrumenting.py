"""Metrics for a Flask or FastAPI application, with prometheus_client, where the project depends on it."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from rolecall.llm.offline.patches import Patch, apply, split_lines, to_edits
from rolecall.workspace.parsing import Unparsable, python_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.context.items import ContextItem
    from rolecall.llm.offline.delivery.project import Project
    from rolecall.llm.offline.draft import Draft

METRICS = ("http_requests_total", "http_requests_total")
"""What counts requests, and what counts errors: one metric, told apart by its status."""

_HELPERS = {"REQUESTS", "DURATION", "start_timer", "record_request", "metrics"}


def instrument(draft: Draft, project: Project, entry: ContextItem) -> bool:
    """Add rate, errors and duration to the application in a file; says so. False where it does not fit."""
    manifests = "\n".join(
        text for path, text in project.texts.items() if path.endswith((".txt", ".toml", ".cfg"))
    )
    library = re.compile(r"\bprometheus[-_]client\b", re.IGNORECASE)
    if not entry.path.endswith(".py") or not library.search(manifests) or library.search(entry.text):
        return False
    try:
        lines, patches = split_lines(entry.text), list(_patches(python_tree(entry.text)))
        python_tree("\n".join(apply(lines, patches)) + "\n")
    except Unparsable:
        return False
    edits = to_edits(lines, patches) if patches else None
    if not edits or not draft.edit(entry.path, edits):
        return False
    draft.say(f"{entry.path} counts and times each request with prometheus_client, shown at /metrics.")
    return True


def _patches(tree: ast.Module) -> Iterator[Patch]:
    found = _application(tree)
    if found is None or _HELPERS & _names(tree):
        return
    name, framework, line = found
    imports, body = _FRAMEWORKS[framework]
    first, last = _import_lines(tree)
    if not _imports(tree, "time"):
        yield Patch(first, first, ("import time",))
    yield Patch(last, last, tuple(imports))
    yield Patch(line, line, ("", *body.replace("APP", name).strip().splitlines()))


def _application(tree: ast.Module) -> tuple[str, str, int] | None:
    """The application's name, its framework, and the line after which it exists."""
    for node in tree.body:
        value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
        target = (
            node.targets[0]
            if isinstance(node, ast.Assign)
            else node.target
            if isinstance(node, ast.AnnAssign)
            else None
        )
        if isinstance(value, ast.Call) and isinstance(target, ast.Name):
            called = (
                value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
            )
            if called in _FRAMEWORKS:
                return target.id, str(called), node.end_lineno or node.lineno
    return None


def _names(tree: ast.Module) -> set[str]:
    return {
        node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    } | {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def _imports(tree: ast.Module, module: str) -> bool:
    return any(
        isinstance(node, ast.Import) and any(alias.name == module for alias in node.names)
        for node in tree.body
    )


def _import_lines(tree: ast.Module) -> tuple[int, int]:
    """Before the first import, and after the last one of the module's head."""
    nodes = [
        node
        for node in tree.body
        if isinstance(node, (ast.Import, ast.ImportFrom)) and getattr(node, "module", "") != "__future__"
    ]
    if not nodes:
        return 0, 0
    return nodes[0].lineno - 1, nodes[-1].end_lineno or nodes[-1].lineno


_METRICS_DEFINED = """
REQUESTS = Counter("http_requests_total", "Requests answered.", ["method", "endpoint", "status"])
DURATION = Histogram("http_request_duration_seconds", "Time to answer a request.", ["method", "endpoint"])
"""
_FLASK = f"""{_METRICS_DEFINED}

@APP.before_request
def start_timer() -> None:
    g.started = time.perf_counter()


@APP.after_request
def record_request(response: Response) -> Response:
    # The route's pattern, not the path: a label for each path would grow without end.
    endpoint = str(request.url_rule) if request.url_rule else "unmatched"
    REQUESTS.labels(request.method, endpoint, response.status_code).inc()
    if "started" in g:
        DURATION.labels(request.method, endpoint).observe(time.perf_counter() - g.started)
    return response


@APP.get("/metrics")
def metrics() -> Response:
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)
"""
_FASTAPI = f"""{_METRICS_DEFINED}APP.mount("/metrics", make_asgi_app())


@APP.middleware("http")
async def record_request(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    started, status = time.perf_counter(), 500
    try:
        response = await call_next(request)
        status = response.status_code
        return response
    finally:
        # The route's pattern, not the path: a label for each path would grow without end.
        endpoint = getattr(request.scope.get("route"), "path", "unmatched")
        REQUESTS.labels(request.method, endpoint, status).inc()
        DURATION.labels(request.method, endpoint).observe(time.perf_counter() - started)
"""
_FRAMEWORKS = {
    "Flask": (
        (
            "from flask import Response, g, request",
            "from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest",
        ),
        _FLASK,
    ),
    "FastAPI": (
        (
            "from collections.abc import Awaitable, Callable",
            "from fastapi import Request, Response",
            "from prometheus_client import Counter, Histogram, make_asgi_app",
        ),
        _FASTAPI,
    ),
}
