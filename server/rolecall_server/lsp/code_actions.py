"""``textDocument/codeAction``: what the roles offer here, answered from memory.

The situation decides the kind (contract section 5): a diagnostic in range gives ``quickfix.…``, a
selection or the symbol under the cursor ``refactor.…``, the file ``source.…``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lsprotocol import types

from rolecall_server.lsp import errors
from rolecall_server.lsp.buffers import Position
from rolecall_server.lsp.documents import is_notebook
from rolecall_server.lsp.errors import Refusal
from rolecall_server.lsp.instructions import addressed, instruction_in
from rolecall_server.lsp.lines import Lines, lines_of, subject_of, symbol_in
from rolecall_server.lsp.proposals import offered, stoppable
from rolecall_server.lsp.shapes import at, is_list, is_object, is_position

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rolecall.roles import Role, RoleTask, Situation
    from rolecall_server.lsp.buffers import TextBuffer
    from rolecall_server.lsp.connection import Connection

    Json = dict[str, Any]

FIRST: Final = 2
"""Tasks a role offers unasked, so that the menu stays short."""

TITLE_LIMIT: Final = 100
INSTRUCTION_LINES: Final = 200
"""Lines of a selection that are searched for instructions."""
INSTRUCTION_LINE: Final = 4_000
"""Characters of the longest line that is; people write shorter ones."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a menu was asked for.

    Attributes:
        selected: what is selected, or the symbol under the cursor; None for neither.
        subject: the symbol, or what else names the selection.
        file: the file's name.
        diagnostics: those in range, as the client sent them.
        cursor: the lines that were asked about.
    """

    uri: str
    version: int
    file: str
    cursor: Lines
    selected: Lines | None
    subject: str
    diagnostics: list[Json]

    def situations(self) -> list[Situation]:
        """What applies here, the most specific first."""
        situations: list[Situation] = ["file"]
        if self.selected is not None:
            situations.insert(0, "selection")
        if self.diagnostics:
            situations.insert(0, "diagnostic")
        return situations

    def data(self, role: str, situation: Situation | None) -> Json:
        """The argument of ``rolecall.run`` for an action here, without the work."""
        data: Json = {"role": role, "uri": self.uri, "version": self.version}
        if situation != "file" and self.selected is not None:
            data["range"] = self.selected.to_range()
        if situation == "diagnostic":
            data.setdefault("range", self.cursor.to_range())
            data["diagnostics"] = self.diagnostics
        return data


def register(connection: Connection) -> None:
    """Offer code actions."""
    server = connection.server

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION)
    def code_action(params: Json) -> Any:
        if connection.roles is None:
            return _later(connection, params)
        return actions(connection, params)

    @server.feature(types.CODE_ACTION_RESOLVE)
    def resolve(action: Json) -> Json:
        data = action.get("data")
        if not is_object(data) or "role" not in data or "command" in action:
            return action
        return {**action, "command": _command(str(action.get("title", "")), data)}


def actions(connection: Connection, params: Json) -> list[Json]:
    """The actions for one request, from the buffers and the roles alone."""
    assert connection.roles is not None
    uri, start, end, context = _read(params)
    buffer = connection.documents.buffer(uri)
    path = connection.documents.path_of(uri)
    if buffer is None or path is None or is_notebook(path):
        return []  # not open, no file, no text, or outside the workspace: nothing could be changed there
    only = context.get("only")
    wanted = [str(kind) for kind in only] if is_list(only) else None
    scene = _scene(buffer, path, start, end, context)
    roles = connection.roles.roles()
    # What runs or waits to be applied comes first: some editors show no more than ten actions at a time.
    tasks = [*stoppable(connection, path), *offered(connection, path)]
    found = [action for action in tasks if _is_wanted(action["kind"], wanted)]
    found += _instructions(buffer, scene, roles, wanted)
    for role in roles:
        fitting = list(_offered(role, scene, wanted))
        found += fitting if wanted is not None else fitting[:FIRST]
    return [_for_client(connection, action) for action in found]


async def _later(connection: Connection, params: Json) -> list[Json]:
    await connection.roles_known()
    return actions(connection, params)


def _read(params: Json) -> tuple[str, Json, Json, Json]:
    uri, start, end = (
        at(params, *way) for way in (("textDocument", "uri"), ("range", "start"), ("range", "end"))
    )
    if not (isinstance(uri, str) and is_position(start) and is_position(end)):
        raise Refusal(errors.INVALID_PARAMS, "codeAction needs `textDocument.uri` and `range`.")
    context = params.get("context")
    return uri, start, end, context if is_object(context) else {}


def _scene(buffer: TextBuffer, path: str, start: Json, end: Json, context: Json) -> Scene:
    start, end = sorted((start, end), key=lambda position: (position["line"], position["character"]))
    cursor = lines_of(start, end)
    name = path.rsplit("/", 1)[-1]
    symbol = symbol_in(buffer, name, cursor)
    selected: Lines | None = None
    subject = name
    if start != end and not _is_cursor(buffer, start, end):
        selected, subject = cursor, subject_of(buffer, name, cursor)
    elif symbol is not None:
        selected, subject = Lines(symbol.start, symbol.end), symbol.name
    return Scene(
        uri=buffer.uri,
        version=buffer.version,
        file=name,
        cursor=cursor,
        selected=selected,
        subject=subject,
        diagnostics=_diagnostics_in(context, cursor),
    )


def _is_cursor(buffer: TextBuffer, start: Json, end: Json) -> bool:
    """Helix and Kakoune always select something: their bare cursor is a selection of one character."""
    return buffer.is_one_character(Position(**start), Position(**end))


def _diagnostics_in(context: Json, cursor: Lines) -> list[Json]:
    found = context.get("diagnostics")
    return [one for one in found if _touches(one, cursor)] if is_list(found) else []


def _touches(diagnostic: Any, cursor: Lines) -> bool:
    try:
        at = diagnostic["range"]
        return bool(at["start"]["line"] <= cursor.last and at["end"]["line"] >= cursor.first)
    except (KeyError, TypeError):
        return False


def _offered(role: Role, scene: Scene, wanted: Sequence[str] | None) -> Iterator[Json]:
    """A role's actions here; each task once, in the most specific situation that is wanted."""
    seen: set[str] = set()
    for situation in scene.situations():
        for task in role.fitting(situation):
            kind = task.action_kind(role.id, situation)
            if task.id not in seen and _is_wanted(kind, wanted):
                seen.add(task.id)
                yield _action(role, task, situation, kind, scene)


def _action(role: Role, task: RoleTask, situation: Situation, kind: str, scene: Scene) -> Json:
    subject = scene.file if situation == "file" else scene.subject
    action: Json = {
        "title": task.action_title(role.title, subject),
        "kind": kind,
        "data": {**scene.data(role.id, situation), "task": task.id},
    }
    if situation == "diagnostic":
        action["diagnostics"] = scene.diagnostics
    return action


def _instructions(
    buffer: TextBuffer, scene: Scene, roles: Sequence[Role], wanted: Sequence[str] | None
) -> Iterator[Json]:
    """What the comments in the asked lines ask for in their own words."""
    last = min(scene.cursor.last, scene.cursor.first + INSTRUCTION_LINES - 1)
    for line in buffer.lines(scene.cursor.first, last):
        instruction = instruction_in(line) if len(line) <= INSTRUCTION_LINE else None
        role = addressed(instruction, roles) if instruction else None
        if instruction is None or role is None:
            continue
        kind = f"refactor.rolecall.{role.id}.instruction"
        if _is_wanted(kind, wanted):
            title = f"{role.title}: {instruction.words}"
            shown = title if len(title) <= TITLE_LIMIT else f"{title[: TITLE_LIMIT - 1]}…"
            data = {**scene.data(role.id, None), "instruction": instruction.words}
            yield {"title": shown, "kind": kind, "data": data}


def _is_wanted(kind: str, wanted: Sequence[str] | None) -> bool:
    """Kinds are hierarchical: ``refactor`` wants ``refactor.rolecall.…`` too; the empty kind wants all."""
    return wanted is None or any(not want or kind == want or kind.startswith(f"{want}.") for want in wanted)


def _for_client(connection: Connection, action: Json) -> Json:
    command = action.get("command") or _command(action["title"], action["data"])
    if not connection.client.code_action_literals:
        return command
    # Helix says that it resolves commands, and runs only those that came with the action.
    resolved = connection.client.resolves_commands and connection.wait
    return action if resolved else {**action, "command": command}


def _command(title: str, data: Json) -> Json:
    return {"title": title, "command": "rolecall.run", "arguments": [data]}
