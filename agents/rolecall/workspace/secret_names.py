"""Which files hold secrets, told by their names (contract section 7): their content never goes to a model.

Two rules. Names that a tool keeps credentials under are listed. Names that say so in words are recognised:
``secrets.py``, ``db-credentials.yaml``, ``prod_passwords.txt``. Code about secrets (``password_reset.py``,
``secretary.py``, ``test_credentials.py``, ``keys.ts``) and pages about them (``docs/secrets.md``) are none.
"""

from __future__ import annotations

import fnmatch
import re
from posixpath import splitext
from typing import TYPE_CHECKING, Final

from rolecall.workspace.globs import compile_all, first_match, fold

if TYPE_CHECKING:
    from collections.abc import Sequence

SECRETS: Final = (
    # Environments.
    ".env*",
    "*.env",
    ".envrc",
    ".dev.vars*",
    "local.settings.json",
    # Keys and the stores they are kept in.
    "*.pem",
    "*.key",
    "*.p8",
    "*.p12",
    "*.pkcs12",
    "*.pfx",
    "*.jks",
    "*.jceks",
    "*.bks",
    "*.keystore",
    "*.keytab",
    "*.kdb",
    "*.kdbx",
    "*.psafe3",
    "*.ppk",
    "*.pvk",
    "*.snk",
    "*.gpg",
    "*.agekey",
    "*.ovpn",
    "id_rsa*",
    "id_dsa*",
    "id_ecdsa*",
    "id_ed25519*",
    "ssh_host_*_key",
    "secring.*",
    "wallet.dat",
    ".ssh",
    ".gnupg",
    ".password-store",
    # Clouds, clusters and infrastructure.
    ".aws",
    ".azure",
    ".gcloud",
    ".config/gcloud",
    ".kube",
    "kubeconfig*",
    "*.kubeconfig",
    ".docker/config.json",
    ".dockercfg",
    ".dockerconfigjson",
    ".s3cfg",
    ".boto",
    "*service-account*.json",
    "*service_account*.json",
    "*serviceaccount*.json",
    "*firebase-adminsdk*.json",
    "application_default_credentials.json",
    "*.tfstate",
    "*.tfstate.*",
    "*.tfvars",
    "*.tfvars.json",
    ".terraformrc",
    "terraform.rc",
    ".vault*",
    "vault.y*ml",
    "vault.json",
    "vault[_-]pass*",
    # Accounts of other tools.
    ".netrc",
    "_netrc",
    ".npmrc",
    ".pypirc",
    ".git-credentials",
    ".gitcredentials",
    ".config/gh/hosts.yml",
    "auth.json",
    "token.json",
    "token.pickle",
    ".pgpass",
    "pgpass.conf",
    ".my.cnf",
    ".mylogin.cnf",
    ".htpasswd*",
    "htpasswd",
    ".ftpconfig",
    "sftp-config.json",
    ".passwd-s3fs",
    ".*_history",
    "*.creds",
)
"""Files and folders that tools keep keys, passwords and tokens under; compared case-folded, in any folder."""

# Thousands of paths are asked about in one listing: the names of one component are one expression.
_LISTED: Final = re.compile("|".join(fnmatch.translate(name) for name in SECRETS if "/" not in name))
_NESTED: Final = compile_all(name for name in SECRETS if "/" in name)
_CODE: Final = re.compile(
    r"\.(?:pyi?|pyw|ipynb|[cm]?[jt]s|[jt]sx|vue|svelte|go|rs|java|kts?|scala|groovy|cs|fs|vb|rb|erb|php|swift|mm?|[ch]"
    r"|cc|cpp|cxx|hpp|lua|dart|exs?|erl|clj|p[lm]|r|jl|hs|ml|zig|nim|(?:ba|z|fi)?sh|ps1|bats|sql|tf|bicep|proto"
    r"|graphql|feature|html|s?css)"
)
_PROSE: Final = frozenset({".md", ".mdx", ".rst", ".adoc", ".asciidoc"})
_BACKUP: Final = re.compile(r"(?:~|\.(?:bak|backup|old|orig|save|saved|copy|tmp|swp|swo))+$")
_WORDS: Final = r"(?:secrets?|credentials?|creds|passwords?|passwd|passphrases?)"
_WHOLE_NAME: Final = re.compile(
    r"[._-]*(?:(?:local|prod|production|dev|development|staging|my|private)[._-])?"
    r"(?:secrets?|credentials?|creds|passwords)(?:[._-](?:local|prod|production|dev|development|staging))?"
)
"""What code is called that holds secrets, not code about them."""

_WITHIN: Final = re.compile(
    rf"(?:^|[._ -]){_WORDS}(?:[._ -]|$)"
    r"|(?:^|[._ -])(?:api|auth|access|secret|private|signing|encryption|master)[._ -]?keys?(?:[._ -]|$)"
    r"|(?:^|[._ -])(?:api|auth|access|refresh|bearer)[._ -]?tokens?(?:[._ -]|$)|^[._]?token$"
)
"""Words in the name of data that make it a secret."""

_FOLDER: Final = re.compile(r"[._-]*(?:secrets?|credentials?|creds|passwords)")


def is_secret(path: str) -> bool:
    """Whether the path's name says that its content must not go to a model."""
    parts = [fold(name) for name in path.split("/") if name not in {"", "."}]
    if not parts:
        return False
    original = _BACKUP.sub("", parts[-1])
    return _named(parts) or (original != parts[-1] and _named([*parts[:-1], original]))


def _named(parts: Sequence[str]) -> bool:
    if any(map(_LISTED.match, parts)) or first_match(_NESTED, parts) is not None:
        return True
    name = parts[-1]
    stem, suffix = splitext(name.lstrip("."))
    if _CODE.fullmatch(suffix):
        return _WHOLE_NAME.fullmatch(stem) is not None
    if suffix in _PROSE:
        return stem.strip("._-") == "passwords"
    # A folder of secrets holds them under any name, beside the code that reads them.
    return _WITHIN.search(name) is not None or any(map(_FOLDER.fullmatch, parts[:-1]))
