"""From a caller's sources to settings: later ones win, a workspace may only narrow, all problems at once."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rolecall.caller import Caller
from rolecall.errors import ConfigurationInvalid
from rolecall.settings import catalogue, credential, places, restricted, sources
from rolecall.settings.credential import BOUND, Credential, Layer
from rolecall.settings.items import Item, Problem, Value
from rolecall.settings.judging import judge, value_of
from rolecall.settings.masking import printable, public
from rolecall.settings.model import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rolecall.settings.environment import Variables
    from rolecall.settings.sources import Source

DEFAULT = "default"
_MOST_PROBLEMS = 100


@dataclass(frozen=True)
class LoadedSettings:
    """Effective settings and where each came from.

    Attributes:
        origins: by key path: ``default``, a file, ``environment NAME``, ``editor``, ``command line --flag``.
        warnings: what a workspace or an editor asked for and did not get, and other things to know.
        withheld: keys and headers that are not sent, because they belong to another address.
        unread: what is wrong with workspace files of which nothing could be read.
    """

    settings: Settings
    origins: Mapping[str, str]
    warnings: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    _items: Mapping[Path, list[Item]] = field(
        default_factory=dict[Path, "list[Item]"], repr=False, compare=False
    )
    _caller: Caller | None = field(default=None, repr=False)
    _uses: str | None = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)
    _known: list[Credential] = field(default_factory=list[Credential], repr=False, compare=False)

    @classmethod
    def defaults(cls) -> LoadedSettings:
        """What holds where nothing is configured."""
        return cls(Settings(), dict.fromkeys(catalogue.settings(), DEFAULT))

    def said_in(self, root: Path) -> list[Item]:
        """The entries of a folder's workspace file."""
        return self._items.get(root, [])

    def credential(self) -> Credential:
        """The address in effect and the key that may be sent there (contract section 3).

        Runs ``llm.api_key_command`` once, for up to 10 s: call it in a thread.

        Raises:
            ConfigurationInvalid: the command yields no key.
        """
        with self._lock:
            if not self._known:
                key = self._uses and credential.read_key(
                    self._uses, value_of(self.settings, self._uses), self._caller or Caller({}, Path("/"))
                )
                self._known.append(Credential(self.settings.llm.base_url, key))
            return self._known[0]


@dataclass(frozen=True, slots=True)
class Inspection:
    """The outcome of loading, good or bad. ``loaded`` is None where there are problems."""

    loaded: LoadedSettings | None
    problems: tuple[str, ...]
    warnings: tuple[str, ...]


def load(
    caller: Caller,
    *,
    roots: Sequence[Path] = (),
    editor: Mapping[str, Any] | None = None,
    former: LoadedSettings | None = None,
) -> LoadedSettings:
    """The settings that hold for a caller.

    Args:
        caller: whose environment, files and command line count.
        roots: the workspace folders, whose ``.rolecall.yaml`` may narrow some settings.
        editor: what an editor sent, restricted likewise.
        former: what held before; of a workspace file that is broken now, what it said then goes on to hold.

    Raises:
        ConfigurationInvalid: something is wrong; the message lists all of it, a line each.
    """
    inspection = inspect(caller, roots=roots, editor=editor, former=former)
    if inspection.loaded is None:
        raise ConfigurationInvalid(
            _message(inspection.problems), hint="Correct it, then run `rolecall config check`."
        )
    return inspection.loaded


def inspect(
    caller: Caller,
    *,
    roots: Sequence[Path] = (),
    editor: Mapping[str, Any] | None = None,
    former: LoadedSettings | None = None,
) -> Inspection:
    """Like `load`, with the problems as a list; for checking a configuration."""
    assembly = _Assembly(caller, roots, former)
    assembly.read_own()
    assembly.read_restricted(editor or {})
    problems = tuple(str(problem) for problem in assembly.problems)
    warnings = tuple(assembly.warnings)
    return Inspection(None if problems else assembly.finish(), problems, warnings)


def settings_files(caller: Caller, roots: Sequence[Path]) -> list[Path]:
    """The files that a caller's settings are read from, whether they exist or not."""
    user = places.user_file(caller, roots)
    own = [user.path, places.env_file(caller, user, roots).path]
    return [*own, *(root / places.WORKSPACE_FILE for root in roots)]


def masked(loaded: LoadedSettings) -> dict[str, dict[str, Any]]:
    """``{key path: {"value", "origin"}}``, secrets masked; what ``config show`` prints."""
    return {
        path: {"value": public(path, value_of(loaded.settings, path)), "origin": loaded.origins[path]}
        for path in catalogue.settings()
    }


class _Assembly:
    """The layers of one caller, lowest first: fallbacks, user, workspace, environment, editor, command."""

    def __init__(self, caller: Caller, roots: Sequence[Path], former: LoadedSettings | None = None) -> None:
        self.caller = caller
        self.roots = roots
        self.former = former
        self.unread: list[str] = []
        self.items: dict[Path, list[Item]] = {}
        self.problems: list[Problem] = []
        self.warnings: list[str] = []
        self.added: dict[str, list[Value]] = {path: [] for path in restricted.ADDED}
        self.user: dict[str, Value] = {}
        self.environment: dict[str, Value] = {}
        self.command: dict[str, Value] = {}
        self.fallbacks: dict[str, Value] = {}
        self.narrowed: dict[str, Value] = {}
        self.edited: dict[str, Value] = {}

    def read_own(self) -> None:
        """The sources that are the user's own."""
        user_place = places.user_file(self.caller, self.roots)
        self.user = self._judged(sources.user(user_place))
        found, problems = sources.variables(self.caller, places.env_file(self.caller, user_place, self.roots))
        self.warnings += found.warnings
        self.environment = self._judged(sources.Source(found.items, problems + found.problems))
        self.command = self._judged(sources.command_line(self.caller))
        self._read_fallbacks(found)

    def read_restricted(self, editor: Mapping[str, Any]) -> None:
        """The sources that may be somebody else's. The first folder is read last: it wins."""
        for position, root in reversed(list(enumerate(self.roots))):
            name = places.WORKSPACE_FILE if position == 0 else f"{root.name}/{places.WORKSPACE_FILE}"
            source = self._workspace(root, name)
            self._restrict(source, self.narrowed, self.fallbacks | self.user | self.narrowed)
        so_far = self.fallbacks | self.user | self.narrowed | self.environment
        self._restrict(sources.Source(restricted.editor_items(editor)), self.edited, so_far)

    def finish(self) -> LoadedSettings:
        """The outcome, where there was no problem."""
        own = [
            Layer("environment", self.fallbacks),
            Layer("user file", self.user),
            Layer("workspace", self.narrowed),
            Layer("environment", self.environment),
            Layer("editor", self.edited),
            Layer("command line", self.command),
        ]
        effective = {
            path: value for layer in own for path, value in layer.values.items() if path not in BOUND
        }
        binding = credential.bind(own)
        effective |= binding.values
        for path, values in self.added.items():
            for value in values:
                effective[path] = _joined(effective.get(path), value)
        self._place_log_file(effective)
        return LoadedSettings(
            settings=_model(effective),
            origins={
                path: effective[path].origin if path in effective else DEFAULT
                for path in catalogue.settings()
            },
            warnings=tuple(self.warnings),
            withheld=binding.withheld,
            unread=tuple(self.unread),
            _items=self.items,
            _caller=self.caller,
            _uses=binding.uses,
        )

    def _workspace(self, root: Path, name: str) -> Source:
        """What a folder's file says; while nothing in it can be read, what it said before."""
        source = sources.workspace(root, name)
        if source.problems and not source.items:
            self.unread += [printable(str(problem), 500) for problem in source.problems[:1]]
            if self.former is not None:
                source.items = self.former.said_in(root)
        self.items[root] = source.items
        return source

    def _judged(self, source: Source) -> dict[str, Value]:
        values, problems = judge(source.items)
        self.problems += sorted([*source.problems, *problems], key=lambda problem: problem.line)
        return values

    def _restrict(self, source: Source, layer: dict[str, Value], so_far: Mapping[str, Value]) -> None:
        values, warnings = restricted.take(source.items, source.problems, so_far)
        self.warnings += warnings
        for path, value in values.items():
            if path in restricted.ADDED:
                self.added[path].append(value)
            else:
                layer[path] = value

    def _read_fallbacks(self, found: Variables) -> None:
        """Other tools' names count only where the user's own sources are silent, and so do their faults."""
        own = self.user.keys() | self.environment.keys() | self.command.keys()
        self.fallbacks, wrong = judge(found.fallbacks)
        for problem in [*found.fallback_problems.values(), *wrong]:
            if problem.path == credential.ADDRESS:
                self.fallbacks.pop("llm.api_key", None)  # it belongs to an address that cannot be read
            if problem.path == "logging.level":
                self.warnings.append(
                    f"{problem}; ignored"
                )  # many programs read LOG_LEVEL, with levels of their own
            elif problem.path not in own:
                self.problems.append(problem)

    def _place_log_file(self, effective: dict[str, Value]) -> None:
        if file := effective.get("logging.file"):
            effective["logging.file"] = Value(places.expanded(self.caller, file.value), file.origin)


def _joined(first: Value | None, second: Value) -> Value:
    if first is None:
        return second
    together = tuple(dict.fromkeys([*first.value, *second.value]))
    return Value(together, f"{first.origin} + {second.origin}")


def _model(values: Mapping[str, Value]) -> Settings:
    tree: dict[str, dict[str, Any]] = {}
    for path, value in values.items():
        group, _, name = path.partition(".")
        tree.setdefault(group, {})[name] = value.value
    return Settings.model_validate(tree)


def _message(problems: Iterable[str]) -> str:
    lines = [f"- {problem}" for problem in problems]
    if len(lines) > _MOST_PROBLEMS:
        lines = [*lines[:_MOST_PROBLEMS], f"- and {len(lines) - _MOST_PROBLEMS} more"]
    return "\n".join(["The configuration is invalid:", *lines])
