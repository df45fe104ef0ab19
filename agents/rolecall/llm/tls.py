"""Which certificate authorities a connection trusts: the system's, or the ones its client named."""

from __future__ import annotations

import ssl
from pathlib import Path

from rolecall.errors import ConfigurationInvalid


def context(ca: str | None) -> ssl.SSLContext:
    """An SSL context that verifies the peer.

    Args:
        ca: a file of PEM certificates, or a folder of hashed ones; None for the system's.

    Raises:
        ConfigurationInvalid: ``ca`` is no such file, or holds no certificates.
    """
    import httpx2  # noqa: PLC0415  # heavy; only once something is sent

    if ca is None:
        # Without the environment: the process that serves must not lend its own SSL_CERT_FILE to clients.
        return httpx2.create_ssl_context(trust_env=False)
    try:
        if Path(ca).is_dir():
            return ssl.create_default_context(capath=ca)
        return ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationInvalid(
            f"The certificates in {ca} cannot be used: {error.strerror or type(error).__name__}.",
            hint="Point SSL_CERT_FILE (or REQUESTS_CA_BUNDLE) to a file of PEM certificates, or unset it.",
        ) from error


def unused_context() -> ssl.SSLContext:
    """A context for connections without TLS: cheap to make, and it trusts nobody."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
