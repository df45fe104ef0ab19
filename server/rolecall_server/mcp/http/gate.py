"""The ASGI application: who may ask for what. What passes is served by the user's own server object."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from starlette.requests import ClientDisconnect

from rolecall.errors import ConfigurationInvalid
from rolecall_server.mcp.http.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    from rolecall.settings import LoadedSettings
    from rolecall_server.mcp.http.address import Listening
    from rolecall_server.mcp.http.users import Users
    from rolecall_server.mcp.traffic import Traffic

PATH: Final = "/mcp"
CHALLENGE: Final = 'Bearer realm="rolecall"'
RETRY_AFTER_S: Final = 5

JUDGED_BY: Final = ("host", "origin", "authorization")
"""The headers that decide; of two a proxy in front may have judged the other."""


class Gate:
    """Judges each request in turn: where to, from whom, and whether the server still takes work.

    Args:
        listening: which names this place goes by.
        users: who serves what passes.
        traffic: whether the server is draining.
        load: reads the settings; raises ``ConfigurationInvalid`` while they are invalid.
    """

    def __init__(
        self, listening: Listening, users: Users, traffic: Traffic, load: Callable[[], LoadedSettings]
    ) -> None:
        self._listening = listening
        self._users = users
        self._traffic = traffic
        self._load = load
        self._tokens: Tokens | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        if scope["type"] != "http":
            return
        # White space around a value is no part of it (RFC 9110, section 5.5).
        scope["headers"] = [(name, value.strip(b" \t")) for name, value in scope["headers"]]
        refusal = self._health(scope) or self._refusal(scope)
        if refusal is not None:
            await refusal.send(send)
            return
        headers = _headers(scope)
        user = self._user(headers)
        if user is None:
            await self._unknown(headers).send(send)
            return
        if self._traffic.is_draining:
            await _draining().send(send)
            return
        # A client that leaves in the middle of its request has nothing more to be told.
        with suppress(ClientDisconnect):
            await self._users.serve(user, scope, receive, send)

    def tokens(self) -> Tokens:
        """The tokens in force; none while the settings are invalid, when every call is answered with that."""
        if self._tokens is None:
            try:
                self._tokens = Tokens(self._load().settings.mcp.http_tokens)
            except ConfigurationInvalid:
                return Tokens()
        return self._tokens

    def _health(self, scope: Scope) -> Answer | None:
        match scope["path"]:
            case "/healthz":
                return Answer(200, {"status": "alive"})
            case "/readyz" if self._traffic.is_draining:
                return _draining()
            case "/readyz":
                return Answer(200, {"status": "ready"})
            case _:
                return None

    def _refusal(self, scope: Scope) -> Answer | None:
        repeated = _repeated(scope)
        if repeated:
            return Answer(400, _error("invalid_request", f"The header {repeated} came more than once."))
        headers = _headers(scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self._listening.goes_by(host):
            return Answer(421, _error("misdirected_request", f"This server does not go by {host[:200]!r}."))
        if origin is not None and not self._listening.is_own_origin(origin, host):
            return Answer(403, _error("forbidden", "Requests of web pages from elsewhere are not served."))
        if scope["path"].rstrip("/") != PATH:
            return Answer(404, _error("not_found", f"MCP is served at {PATH}."))
        return None

    def _user(self, headers: dict[str, str]) -> str | None:
        tokens = self.tokens()
        if not tokens:
            # Without tokens only this machine can come here: the sockets were judged when they were opened.
            return "" if self._listening.is_loopback else None
        scheme, _, token = headers.get("authorization", "").partition(" ")
        return tokens.user(token.strip()) if scheme.lower() == "bearer" else None

    def _unknown(self, headers: dict[str, str]) -> Answer:
        if "authorization" in headers:
            challenge, said = f'{CHALLENGE}, error="invalid_token"', "The bearer token is not known here."
        else:
            challenge, said = CHALLENGE, "A bearer token is needed: Authorization: Bearer TOKEN."
        return Answer(401, _error("unauthorized", said), {"www-authenticate": challenge})


class Answer:
    """A small JSON answer of the gate's own. What the client still sends is not waited for."""

    def __init__(self, status: int, body: dict[str, str], headers: dict[str, str] | None = None) -> None:
        self._status = status
        self._body = json.dumps(body).encode()
        self._headers = {
            "content-type": "application/json",
            "cache-control": "no-store",
            "content-length": str(len(self._body)),
            **(headers or {}),
        }

    async def send(self, send: Send) -> None:
        """Send it."""
        headers = [(name.encode(), value.encode()) for name, value in self._headers.items()]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": self._body})


def only_post() -> Answer:
    """Refuses another method: without sessions nothing would ever come over the stream that a GET opens."""
    return Answer(405, _error("method_not_allowed", "Send messages by POST."), {"allow": "POST"})


def _draining() -> Answer:
    body = {**_error("unavailable", "The server is shutting down."), "status": "draining"}
    return Answer(503, body, {"retry-after": str(RETRY_AFTER_S), "connection": "close"})


def _error(code: str, message: str) -> dict[str, str]:
    return {"error": code, "error_description": message}


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _repeated(scope: Scope) -> str | None:
    names = [name.decode("latin-1").lower() for name, _ in scope["headers"]]
    return next((name for name in JUDGED_BY if names.count(name) > 1), None)
