"""One connection's view of Rolecall: its settings, workspace, documents and roles.

A session is made per client connection and handed to its server object, so that one process can hold
many. A session whose settings are invalid still opens; each call it makes is answered with the problem.
"""

from __future__ import annotations

import copy
import os
import secrets
import threading
from typing import TYPE_CHECKING

from rolecall import named_lines
from rolecall.context.lines import split_lines
from rolecall.errors import ConfigurationInvalid, RolecallError
from rolecall.roles import RoleCatalog
from rolecall.settings import LoadedSettings, load, settings_files
from rolecall.settings.stamps import Stamps
from rolecall.task import FileRef
from rolecall.telemetry.logging import spare_standard_output
from rolecall.workspace.documents import Documents
from rolecall.workspace.folder import Workspace
from rolecall.workspace.policy import PathPolicy
from rolecall.workspace.recovery import recover

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from rolecall.caller import Caller
    from rolecall.settings import Settings
    from rolecall.workspace.documents import Buffers


class Session:
    """One client connection.

    Args:
        caller: the client's surroundings.
        roots: its workspace folders; empty for the current folder.
        editor: settings the editor sent (restricted like a workspace file).
        buffers: the editor's open documents, where there is an editor.
        user: whose connection it is, where the users of one process do not see each other's tasks.

    Attributes:
        id: unique in the process.
        problem: why no task can run, where the settings are invalid.
        mistake: what is wrong with the settings as they are now; those before it hold, where there were some.
        recovered: what was done about writes that a crash had interrupted, for the user.
    """

    def __init__(
        self,
        caller: Caller,
        *,
        roots: Sequence[Path] = (),
        editor: Mapping[str, Any] | None = None,
        buffers: Buffers | None = None,
        user: str = "",
    ) -> None:
        spare_standard_output()
        self.id = secrets.token_hex(6)
        self.caller = caller
        self.buffers = buffers
        self.user = user
        self.roles = RoleCatalog(caller.config_folder() / "roles")
        self.workspace = Workspace(tuple(roots)) if roots else Workspace.default(caller.cwd, caller.home())
        self.problem: ConfigurationInvalid | None = None
        self.mistake: ConfigurationInvalid | None = None
        self.loaded = LoadedSettings.defaults()
        self._settings_lock = threading.RLock()
        self._stamps: Stamps | None = None
        self.configure(editor)
        self.recovered = self._recover()

    def _recover(self) -> list[str]:
        """Finish or take back what a crash interrupted, before any file is read; lines for the user."""
        try:
            return recover(self.workspace, self.caller.state_folder()) if self.workspace.roots else []
        except RolecallError as error:
            return [f"{error.message} {error.hint}"]

    @property
    def audience(self) -> tuple[str, ...]:
        """Who sees the tasks that are started here: sessions of the same user in the same workspace."""
        return (self.user, *self.workspace.key)

    @property
    def settings(self) -> Settings:
        """The effective settings; the defaults while the user's are invalid."""
        return self.loaded.settings

    @property
    def unheeded(self) -> list[str]:
        """What is wrong with saved settings that are not heeded, while those read before go on to hold."""
        mistake = self.mistake if self.problem is None else None
        told = [f"{mistake.message} {mistake.hint}"] if mistake is not None else []
        return [*told, *self.loaded.unread]

    def configure(self, editor: Mapping[str, Any] | None = None) -> None:
        """Read the settings again, with what the editor sent last.

        Settings that became invalid change nothing: those that were read last go on to hold.
        """
        with self._settings_lock:
            self._editor = editor
            self._read_settings()

    def refresh(self) -> bool:
        """Take up what was saved in a file of settings since. Costs a stat of each while nothing changed.

        Returns:
            Whether the settings, or what is wrong with them, are different now.
        """
        with self._settings_lock:
            if self._stamps is not None and self._stamps.still_hold(self._look()):
                return False
            before = self.loaded, self.mistake and self.mistake.message
            self._read_settings()
            return before != (self.loaded, self.mistake and self.mistake.message)

    def _look(self) -> Stamps:
        return Stamps.of(settings_files(self.caller, self.workspace.roots))

    def _read_settings(self) -> None:
        first, self._stamps = self._stamps is None, self._look()
        former = None if first or self.problem is not None else self.loaded
        try:
            loaded = load(self.caller, roots=self.workspace.roots, editor=self._editor, former=former)
        except ConfigurationInvalid as mistake:
            self.mistake = mistake
            self.problem = mistake if former is None else None
        else:
            self.mistake = self.problem = None
            if not first and loaded == self.loaded:
                return  # what was derived from them stays: the key of a command, for one
            self.loaded = loaded
        if first or self.mistake is None:
            self._use_settings()

    def _use_settings(self) -> None:
        self.policy = PathPolicy(self.workspace, self.settings.apply.protect)
        self.documents = Documents(
            self.workspace,
            self.policy,
            buffers=self.buffers,
            max_bytes=self.settings.context.max_file_bytes,
            exclude=self.settings.context.exclude,
        )

    def on_disk(self) -> Session:
        """The same session as one without open documents sees the files."""
        seen = copy.copy(self)
        seen.buffers = None
        seen._use_settings()  # noqa: SLF001 - a copy of this very object
        return seen

    def ready(self) -> None:
        """Raise what makes every task of this session fail; a saved settings file is noticed here."""
        self.refresh()
        if self.problem is not None:
            raise self.problem

    def file_ref(self, named: str) -> FileRef:
        """The file a user named: a path or file URI, perhaps with ``:LINE`` or ``:START-END`` behind it.

        Raises:
            PathRefused: it is outside the workspace.
            ConfigurationInvalid: it is a folder, or what stands behind it are no lines of it.
        """
        name, lines = named_lines.split(named, self._is_there)
        path = self._file(name)
        if lines is None:
            return FileRef(path)
        return FileRef(path, named_lines.selection(lines, path, self._line_count(path)))

    def _is_there(self, named: str) -> bool:
        try:
            return self.documents.exists(self.workspace.relative(named, self.caller.cwd))
        except (RolecallError, OSError, ValueError):
            return False

    def _line_count(self, path: str) -> int | None:
        try:
            document = self.documents.read_for_context(path)
        except RolecallError:
            return None  # whoever reads it for good says why it cannot be read
        return len(split_lines(document.text)) if document else None

    def _file(self, named: str) -> str:
        path = self.workspace.relative(named, self.caller.cwd)
        if os.path.isdir(self.workspace.locate(path)):  # noqa: PTH112 - Path.is_dir raises where the name is too long
            raise ConfigurationInvalid(f"{path} is a folder.", hint="Name a file in it.")
        return path
