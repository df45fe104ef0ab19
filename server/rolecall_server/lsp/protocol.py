"""JSON-RPC as an editor needs it: lifecycle, errors and cancellation mended in one place.

pygls gives the server object, the requests to the client and the types. What its own message loop gets
wrong is replaced here: requests outside of initialize…shutdown, ``$/cancelRequest`` on commands, exception
text sent to the client, a handler that raises SystemExit, the exit code.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import uuid
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, TypeGuard

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol, lsp_method

from rolecall_server.lsp import errors
from rolecall_server.lsp.errors import Refusal, to_refusal
from rolecall_server.lsp.framing import Malformed, encode
from rolecall_server.lsp.shapes import at, is_object

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Protocol as Shape

    from cattrs import Converter
    from pygls.lsp.server import LanguageServer

    class Writable(Shape):
        """Where bytes go; ``asyncio.StreamWriter`` is one."""

        def write(self, data: bytes) -> None:
            """Take bytes, without waiting."""
            ...

        async def drain(self) -> None:
            """Wait until the peer has read enough."""
            ...

        def is_closing(self) -> bool:
            """Whether nothing more can be written."""
            ...

        def close(self) -> None:
            """Close it."""
            ...

    RequestId = str | int
    Handler = Callable[[Any], Any]

RAW_METHODS = frozenset(
    {
        types.INITIALIZE,
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CODE_ACTION_RESOLVE,
        types.WORKSPACE_EXECUTE_COMMAND,
        types.WORKSPACE_DID_CHANGE_CONFIGURATION,
        types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
        types.WINDOW_WORK_DONE_PROGRESS_CANCEL,
    }
)
"""Methods whose handlers get plain JSON values: they carry open-ended members, which come back as they came,
and one odd value in them (an unknown symbol kind, say) must not cost the whole request."""


LOOK_S = 0.05
"""Seconds between two looks whether a client that sends no more still listens."""


class Protocol(LanguageServerProtocol):
    """One connection's side of the conversation.

    Attributes:
        ended: set when the client sent ``exit``, or the connection is to end.
        exit_code: 0 after a ``shutdown``, 1 for an ``exit`` without one (LSP 3.17, "Exit Notification").
    """

    writer: Writable | None  # pyright: ignore[reportIncompatibleVariableOverride] - synchronous ones only

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        super().__init__(server, converter)
        self.ended = asyncio.Event()
        self.exit_code = 0
        self._phase: Literal["new", "running", "shutdown"] = "new"
        self._answers = True  # whether the client can still answer what it is asked
        # Untyped in pygls.
        self._builtin: dict[str, Handler] = self.fm.builtin_features  # pyright: ignore[reportUnknownMemberType]
        self._features: dict[str, Handler] = self.fm.features  # pyright: ignore[reportUnknownMemberType]
        self._running: dict[RequestId, asyncio.Future[Any]] = {}
        self._notices: set[asyncio.Future[Any]] = set()
        for unused in (
            types.NOTEBOOK_DOCUMENT_DID_OPEN,
            types.NOTEBOOK_DOCUMENT_DID_CHANGE,
            types.NOTEBOOK_DOCUMENT_DID_CLOSE,
        ):
            self._builtin.pop(unused, None)

    def receive(self, message: Any) -> None:
        """Take one message as :class:`~rolecall_server.lsp.framing.MessageReader` read it. Never raises."""
        if isinstance(message, Malformed):
            code = errors.INVALID_REQUEST if message.is_json else errors.PARSE_ERROR
            self.send_error(None, Refusal(code, f"Not a message: {message.reason}."))
        elif not is_object(message):
            self.send_error(None, Refusal(errors.INVALID_REQUEST, "A message must be one JSON object."))
        elif "method" not in message:
            self._take_response(message)
        elif not isinstance(message["method"], str) or not _is_id(message.get("id", 0)):
            refusal = Refusal(errors.INVALID_REQUEST, "`method` must be text, `id` text or a number.")
            self.send_error(None, refusal)
        elif "id" in message:
            self._take_request(message["id"], message["method"], message.get("params"))
        else:
            self._take_notification(message["method"], message.get("params"))

    async def close(self) -> None:
        """End every request that is still running; the client is gone."""
        self.ended.set()
        waiting = [*self._running.values(), *self._notices]
        for future in waiting:
            future.cancel()
        for asked in self._request_futures.values():
            asked.cancel()
        self._request_futures.clear()
        await asyncio.gather(*waiting, return_exceptions=True)

    def deafen(self) -> None:
        """The client has sent its last byte: what it is asked fails, now and from here on."""
        self._answers = False
        self._give_up_asking()

    async def finish(self, goes_on: Callable[[], bool]) -> None:
        """Let requests be answered, while the client listens and this function says that it goes on."""
        while self._running and not self._is_gone() and goes_on():
            await asyncio.wait(list(self._running.values()), timeout=LOOK_S)

    def _is_gone(self) -> bool:
        return self.writer is None or self.writer.is_closing()

    def _give_up_asking(self) -> None:
        """Fail what waits for an answer of the client's."""
        for future in self._request_futures.values():
            with suppress(InvalidStateError):
                future.set_exception(JsonRpcException("The client has hung up."))
        self._request_futures.clear()

    async def drain(self) -> None:
        """Wait until the client has read enough of what was sent."""
        if self.writer is not None and not self.writer.is_closing():
            with suppress(ConnectionError):
                await self.writer.drain()

    def send(self, message: dict[str, Any]) -> None:
        """Send a message made of JSON values and LSP types; nothing once the client is gone."""
        self._send_data({"jsonrpc": "2.0", **message})

    def send_error(self, request_id: RequestId | None, refusal: Refusal) -> None:
        """Answer a request with an error."""
        self.send({"id": request_id, "error": refusal.to_json()})

    async def ask(self, method: str, params: dict[str, Any]) -> Any:
        """Send a request of JSON values and wait for its result, as it comes.

        Raises:
            JsonRpcException: the client answered with an error.
        """
        request_id = str(uuid.uuid4())
        future: Future[Any] = Future()
        self._request_futures[request_id] = future
        self.send({"id": request_id, "method": method, "params": params})
        return await asyncio.wrap_future(future)

    def notify_raw(self, method: str, params: dict[str, Any]) -> None:
        """Send a notification of JSON values; for the frequent ones."""
        self.send({"method": method, "params": params})

    @lsp_method(types.INITIALIZED)
    def lsp_initialized(self, *arguments: Any) -> Any:
        """Replaces pygls's generator."""
        return self._user(types.INITIALIZED, *arguments)

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: Any) -> Any:
        """The answer is composed by the lifecycle's own handler."""
        result = self._user(types.INITIALIZE, params)
        self._phase = "running"
        return result

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *_: Any) -> None:  # type: ignore[override] # see lsp_exit
        """Cancel what runs; only ``exit`` is taken from here on."""
        self._phase = "shutdown"
        self._shutdown = True
        for future in list(self._running.values()):
            future.cancel()

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: Any) -> None:  # type: ignore[override] # pygls's is a generator that exits the process
        """End the connection, whatever is still running."""
        self.exit_code = 0 if self._phase == "shutdown" else 1
        self.ended.set()

    @lsp_method(types.SET_TRACE)
    def lsp_set_trace(self, params: types.SetTraceParams) -> None:  # type: ignore[override] # see lsp_exit
        """Taken and not used: the log is not sent to the client."""
        self.trace = params.value

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: Any) -> Any:
        """The library's own document store splits lines where LSP does not."""
        return self._user(types.TEXT_DOCUMENT_DID_OPEN, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: Any) -> Any:
        """As for didOpen."""
        return self._user(types.TEXT_DOCUMENT_DID_CHANGE, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: Any) -> Any:
        """As for didOpen."""
        return self._user(types.TEXT_DOCUMENT_DID_CLOSE, params)

    @lsp_method(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def lsp_workspace__did_change_workspace_folders(self, params: Any) -> Any:
        """As for didOpen."""
        return self._user(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, params)

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    def lsp_workspace__execute_command(self, params: Any) -> Any:
        """The library's own would keep a cancelled command running."""
        return self._user(types.WORKSPACE_EXECUTE_COMMAND, params)

    @lsp_method(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    def lsp_work_done_progress_cancel(self, params: Any) -> Any:
        """The library's own cancels a future that nobody awaits."""
        return self._user(types.WINDOW_WORK_DONE_PROGRESS_CANCEL, params)

    def _user(self, method: str, *arguments: Any) -> Any:
        handler = self._features.get(method)
        return None if handler is None else handler(*arguments)

    def _send_data(self, data: Any) -> None:
        """Where everything leaves, the requests and notifications that pygls makes for us too."""
        if self._is_gone():
            return
        if not self._answers and self._request_futures:
            self._give_up_asking()  # a request of ours: nobody would answer it
            return
        body = json.dumps(data, default=self._serialize_message, separators=(",", ":"))
        with suppress(ConnectionError):  # the client is gone; reading will end, and with it the connection
            assert self.writer is not None
            self.writer.write(encode(body.encode()))

    def _serialize_message(self, data: Any) -> Any:
        """LSP types as JSON values. The library's own would walk through any object."""
        if hasattr(data, "__attrs_attrs__"):
            return self._converter.unstructure(data)
        raise TypeError(f"{type(data).__name__} is no JSON value")

    def _take_request(self, request_id: RequestId, method: str, params: Any) -> None:
        try:
            self._admit(request_id, method)
            outcome = self._handler(method)(self._typed(method, params, {"id": request_id}))
            if not inspect.isawaitable(outcome):
                self.send({"id": request_id, "result": outcome})
                return
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the boundary: every failure is answered
            self._answer_failure(request_id, method, error)
            return
        future = asyncio.ensure_future(self._finish(request_id, method, outcome))
        self._running[request_id] = future
        future.add_done_callback(lambda _: self._running.pop(request_id, None))

    def _admit(self, request_id: RequestId, method: str) -> None:
        """Refuse a request that comes at the wrong time."""
        if self._phase == "new" and method != types.INITIALIZE:
            raise Refusal(errors.NOT_INITIALIZED, "The server was not initialized yet.")
        if self._phase == "shutdown":
            raise Refusal(errors.INVALID_REQUEST, "The server was shut down; only `exit` is taken.")
        if self._phase == "running" and method == types.INITIALIZE:
            raise Refusal(errors.INVALID_REQUEST, "The server is initialized already.")
        if request_id in self._running:
            raise Refusal(errors.INVALID_REQUEST, f"A request with id {request_id!r} is still running.")

    async def _finish(self, request_id: RequestId, method: str, outcome: Awaitable[Any]) -> None:
        try:
            self.send({"id": request_id, "result": await outcome})
        except asyncio.CancelledError:
            self.send_error(request_id, Refusal(errors.CANCELLED, "The request was cancelled."))
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the boundary: every failure is answered
            self._answer_failure(request_id, method, error)

    def _answer_failure(self, request_id: RequestId, method: str, error: BaseException) -> None:
        refusal = to_refusal(error)
        if refusal.code == errors.INTERNAL_ERROR:
            _log_fault(method, error)
        self.send_error(request_id, refusal)

    def _take_notification(self, method: str, params: Any) -> None:
        if method == types.CANCEL_REQUEST:
            self._cancel(params)
            return
        if method != types.EXIT and self._phase != "running":
            return
        try:
            outcome = self._handler(method)(self._typed(method, params))
        except Refusal:
            return  # unknown or unreadable: a notification has no answer
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the boundary: a fault must not end the connection
            _log_fault(method, error)
            return
        if inspect.isawaitable(outcome):
            future = asyncio.ensure_future(_noticed(method, outcome))
            self._notices.add(future)
            future.add_done_callback(self._notices.discard)

    def _cancel(self, params: Any) -> None:
        request_id = at(params, "id")
        future = self._running.get(request_id) if _is_id(request_id) else None
        if future is not None:
            future.cancel()

    def _take_response(self, message: dict[str, Any]) -> None:
        request_id = message.get("id")
        future = self._request_futures.pop(request_id, None) if isinstance(request_id, str | int) else None
        if future is None:
            return
        result_type = self._result_types.pop(message["id"], None)
        try:
            with suppress(InvalidStateError):
                if message.get("error") is not None:
                    future.set_exception(_client_error(message["error"]))
                elif result_type is None:
                    future.set_result(message.get("result"))
                else:
                    future.set_result(self._converter.structure(message, result_type).result)
        except Exception:  # noqa: BLE001 - whatever the client sent instead of a result
            future.set_exception(JsonRpcException("The client's answer is not what the protocol says."))

    def _handler(self, method: str) -> Handler:
        handler = self._builtin.get(method) or self._features.get(method)
        if handler is None:
            raise Refusal(errors.METHOD_NOT_FOUND, f"There is no method {method!r} here.")
        return handler

    def _typed(self, method: str, params: Any, identity: dict[str, Any] | None = None) -> Any:
        """The parameters as the handler takes them."""
        message_type = self.get_message_type(method)
        if method in RAW_METHODS or message_type is None:
            if method in RAW_METHODS and not is_object(params):
                raise Refusal(errors.INVALID_PARAMS, f"`params` of {method} must be an object.")
            return params
        message = {"jsonrpc": "2.0", "method": method, "params": params, **(identity or {})}
        try:
            return self._converter.structure(message, message_type).params
        except Exception as error:  # cattrs raises groups of many kinds
            raise Refusal(errors.INVALID_PARAMS, f"`params` of {method} are not what LSP says.") from error


async def _noticed(method: str, outcome: Awaitable[Any]) -> None:
    try:
        await outcome
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the boundary: a fault must not end the connection
        _log_fault(method, error)


def _is_id(value: Any) -> TypeGuard[RequestId]:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _client_error(error: Any) -> JsonRpcException:
    code = error.get("code") if is_object(error) else None
    message = error.get("message") if is_object(error) else None
    return JsonRpcException(str(message or "The client refused."), code if isinstance(code, int) else None)


def _log_fault(method: str, error: BaseException) -> None:
    import structlog  # noqa: PLC0415 - a handshake is answered before the logger is imported

    structlog.get_logger(__name__).error(
        "request failed on a fault of our own", method=method, exc_info=error
    )
