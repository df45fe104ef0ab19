"""What a relay and the daemon say to each other before and around a client's bytes.

The daemon says :data:`HEARD` as soon as it has accepted a connection, and again while it gets ready for it.
The relay sends one JSON line, the *hello*; the daemon answers with one JSON line, the *welcome*. From then on
the relay sends its client's bytes as they are, and the daemon sends frames: one byte of kind, four of length,
the payload. The frames let the relay tell a session that ended, and how, from a daemon that died.

Standard library only: relays import this.
"""

from __future__ import annotations

import os
import struct

TYPE_CHECKING = False  # typing's own costs 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

HEARD = b'{"heard": true}\n'
"""Tells a daemon that works on the answer from one that hangs."""

HEARD_S = 0.3
"""Seconds between two of them."""

LIMIT = 1 << 22
"""Bytes a hello or a welcome may have. An environment may have 2 MiB and more."""

HEADER = struct.Struct("!BI")
DATA = 0
"""The payload is for the client's standard input."""
EXIT = 1
"""The session ended; the payload is the exit code as one byte, and a line for the person, perhaps empty."""
BEAT = 2
"""A sign of life; no payload."""

BEAT_S = 0.5
"""Seconds between two signs of life."""

_PREFIXES = ("ROLECALL_", "XDG_")
_NAMES = frozenset(
    {
        # Where things are.
        "HOME",
        "PATH",
        # Proxies and certificates; the system's custom has them in small letters too.
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        # What password tools need, for ``llm.api_key_command``.
        "USER",
        "LOGNAME",
        "LANG",
        "LC_ALL",
        "TMPDIR",
        "GNUPGHOME",
        "PASSWORD_STORE_DIR",
        "DBUS_SESSION_BUS_ADDRESS",
        "SSH_AUTH_SOCK",
    }
)


def shared_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables a client's settings can depend on, and no other (contract section 9)."""
    from rolecall.settings.variables import FALLBACKS  # noqa: PLC0415 - not before it is needed

    return {
        name: value
        for name, value in environment.items()
        if name in FALLBACKS or name.upper() in _NAMES or name.upper().startswith(_PREFIXES)
    }


def hello(door: str, options: Mapping[str, str], environment: Mapping[str, str], cwd: str) -> dict[str, Any]:
    """What a relay says of its client.

    Args:
        door: ``lsp`` or ``mcp``.
        options: the plain options of the command line, by name.
        environment: the client's.
        cwd: the folder it was started in.
    """
    config, level = options.get("--config"), options.get("--log-level")
    workspace = options.get("--workspace")
    return {
        "door": door,
        "environment": shared_environment(environment),
        "cwd": cwd,
        "config": os.path.join(cwd, config) if config else None,
        "overrides": {"logging.level": level} if level else {},
        "roots": [os.path.join(cwd, workspace)] if workspace else [],
        "umask": _umask(),
    }


def _umask() -> int:
    """The mask of this process, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
