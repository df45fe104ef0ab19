"""What a relay and the daemon say to each other before and around a client's bytes.

The relay sends one JSON line, the *hello*; the daemon answers with one JSON line, the *welcome*. From then on
the relay sends its client's bytes as they are, and the daemon sends frames: one byte of kind, four of length,
the payload. The frames let the relay tell a session that ended, and how, from a daemon that died.

Standard library only: relays import this.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

LIMIT: Final = 1 << 20
"""Bytes a hello or a welcome may have."""

HEADER: Final = struct.Struct("!BI")
DATA: Final = 0
"""The payload is for the client's standard input."""
EXIT: Final = 1
"""The session ended; the payload is one byte, the exit code."""

_PREFIXES = ("ROLECALL_", "XDG_", "OPENAI_", "LLM_")
_NAMES = frozenset(
    {
        "HOME",
        "PATH",
        "LOG_LEVEL",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
    }
)


def shared_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables a client's settings can depend on, and no other (contract section 9)."""
    return {
        name: value
        for name, value in environment.items()
        if name.upper() in _NAMES or name.startswith(_PREFIXES)
    }
