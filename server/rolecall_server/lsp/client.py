"""What the client declared it can do. Everything branches on this, never on a client's name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from rolecall_server.lsp.shapes import at, is_list, is_object

Encoding = Literal["utf-8", "utf-16", "utf-32"]
ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")


@dataclass(frozen=True, slots=True)
class ClientProfile:
    """The capabilities that matter here.

    Attributes:
        encoding: what a position's ``character`` counts; the client's first choice among those it offers.
        resource_operations: which of ``create``, ``rename``, ``delete`` an edit may hold.
        resolves_commands: ``codeAction/resolve`` may bring the command, and ``data`` survives until then.
            Believed only of a client that can show documents: Helix 25 drops the command it resolved.
    """

    encoding: Encoding = "utf-16"
    apply_edit: bool = False
    document_changes: bool = False
    resource_operations: frozenset[str] = frozenset()
    change_annotations: bool = False
    configuration: bool = False
    registers_configuration: bool = False
    registers_watched_files: bool = False
    relative_patterns: bool = False
    work_done_progress: bool = False
    diagnostics: bool = False
    show_document: bool = False
    text_document_content: bool = False
    code_action_literals: bool = False
    resolves_commands: bool = False

    @classmethod
    def of(cls, capabilities: Any) -> ClientProfile:
        """Read a client's capabilities; whatever is not shaped as LSP says counts as not declared."""
        edit = at(capabilities, "workspace", "workspaceEdit")
        action = at(capabilities, "textDocument", "codeAction")
        operations = at(edit, "resourceOperations")
        document_changes = at(edit, "documentChanges") is True
        resolvable = at(action, "resolveSupport", "properties")
        show_document = at(capabilities, "window", "showDocument", "support") is True
        return cls(
            encoding=_encoding(at(capabilities, "general", "positionEncodings")),
            apply_edit=at(capabilities, "workspace", "applyEdit") is True,
            document_changes=document_changes,
            # Resource operations are members of documentChanges.
            resource_operations=frozenset(map(str, operations))
            if is_list(operations) and document_changes
            else frozenset(),
            change_annotations=document_changes and is_object(at(edit, "changeAnnotationSupport")),
            configuration=at(capabilities, "workspace", "configuration") is True,
            registers_configuration=at(
                capabilities, "workspace", "didChangeConfiguration", "dynamicRegistration"
            )
            is True,
            registers_watched_files=at(
                capabilities, "workspace", "didChangeWatchedFiles", "dynamicRegistration"
            )
            is True,
            relative_patterns=at(capabilities, "workspace", "didChangeWatchedFiles", "relativePatternSupport")
            is True,
            work_done_progress=at(capabilities, "window", "workDoneProgress") is True,
            diagnostics=is_object(at(capabilities, "textDocument", "publishDiagnostics")),
            show_document=show_document,
            text_document_content=is_object(at(capabilities, "workspace", "textDocumentContent")),
            code_action_literals=is_object(at(action, "codeActionLiteralSupport")),
            resolves_commands=show_document
            and at(action, "dataSupport") is True
            and is_list(resolvable)
            and "command" in resolvable,
        )


def _encoding(offered: Any) -> Encoding:
    for choice in offered if is_list(offered) else ():
        if choice in ENCODINGS:
            return choice  # type: ignore[no-any-return] # one of the literals
    return "utf-16"
