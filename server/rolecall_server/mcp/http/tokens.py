"""Who a bearer token belongs to."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import SecretStr

HASHED = "sha256:"


class Tokens:
    """The tokens of ``mcp.http_tokens``: ``TOKEN``, ``name=TOKEN`` or ``name=sha256:HEX``.

    Only digests are kept, and each is compared with each, in constant time: how long an answer takes tells
    nothing of a token.
    """

    def __init__(self, configured: Sequence[SecretStr] = ()) -> None:
        self._digests = [_entry(index, token.get_secret_value()) for index, token in enumerate(configured, 1)]

    def __bool__(self) -> bool:
        return bool(self._digests)

    def user(self, token: str) -> str | None:
        """The name of the user whose token it is; None where it is nobody's."""
        digest = hashlib.sha256(token.encode(errors="surrogatepass")).digest()
        found = None
        for name, known in self._digests:
            if hmac.compare_digest(digest, known):
                found = name
        return found


def _entry(index: int, configured: str) -> tuple[str, bytes]:
    name, _, rest = configured.partition("=")
    if not rest.strip("="):  # a token without a name; Base64 may end in =
        return f"token {index}", hashlib.sha256(configured.encode()).digest()
    if rest.startswith(HASHED):
        return name, bytes.fromhex(rest.removeprefix(HASHED))
    return name, hashlib.sha256(rest.encode()).digest()
