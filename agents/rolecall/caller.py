"""Who asks: the surroundings of one client, which no other client's settings may leak into.

The process that serves may be shared by many clients, so nothing here reads ``os.environ``: the
surroundings are taken once, where the client is (``Caller.here``), and handed in.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rolecall.home import home_of

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Caller:
    """One client's surroundings.

    Attributes:
        environment: the client's environment variables.
        cwd: the folder the client was started in.
        config_file: ``--config``; replaces the user file.
        overrides: what the command line sets, key path to value (``{"llm.model": "m"}``).
        name: which door: ``lsp``, ``mcp`` or ``cli``.
        umask: what files made for the client are closed to; None where this process is the client's own.
    """

    environment: Mapping[str, str] = field(repr=False)  # holds keys
    cwd: Path
    config_file: Path | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict[str, Any])
    name: str = "cli"
    umask: int | None = None

    @classmethod
    def here(
        cls,
        name: str,
        *,
        config_file: Path | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> Caller:
        """The surroundings of this very process. A folder that was removed counts as the root: as none."""
        try:
            cwd = Path.cwd()
        except FileNotFoundError:
            cwd = Path("/")
        return cls(dict(os.environ), cwd, config_file, dict(overrides or {}), name)

    def home(self) -> Path:
        """The user's home folder, as the client sees it."""
        return Path(home_of(self.environment))

    def config_folder(self) -> Path:
        """``$XDG_CONFIG_HOME/rolecall``: settings, ``.env`` and role files."""
        return self._xdg("XDG_CONFIG_HOME", ".config")

    def state_folder(self) -> Path:
        """``$XDG_STATE_HOME/rolecall``: logs, journals and what ``revert`` needs."""
        return self._xdg("XDG_STATE_HOME", ".local/state")

    def cache_folder(self) -> Path:
        """``$XDG_CACHE_HOME/rolecall``."""
        return self._xdg("XDG_CACHE_HOME", ".cache")

    def _xdg(self, variable: str, default: str) -> Path:
        # The XDG specification: a relative value is invalid and ignored.
        base = Path(self.environment.get(variable, ""))
        return (base if base.is_absolute() else self.home() / default) / "rolecall"
