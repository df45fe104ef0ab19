"""The user's home folder, also where the environment does not name it.

Standard library only, and little of it: relays import this.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False  # typing's own costs 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Mapping


def home_of(environment: Mapping[str, str]) -> str:
    """What ``HOME`` says, else the account; the root where neither does, as in a container of any user id."""
    named = environment.get("HOME", "")
    if os.path.isabs(named):
        return named
    try:
        import pwd  # noqa: PLC0415 - rarely needed, and Windows has none
    except ImportError:
        return os.path.expanduser("~")
    try:
        return pwd.getpwuid(os.getuid()).pw_dir or "/"
    except KeyError:
        return "/"
