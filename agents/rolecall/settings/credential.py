"""Which key may go where (contract section 3).

A key goes with the ``base_url`` of its own source. Where that source names none, it goes with the one in
effect. It is never sent to another origin, whichever source moved the address.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rolecall.settings.addresses import origin, without_password

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rolecall.caller import Caller
    from rolecall.settings.items import Value

ADDRESS = "llm.base_url"
BOUND = ("llm.api_key", "llm.api_key_command", "llm.extra_headers")
"""Settings that may go only where the address of their own source leads; the key comes before the command."""


@dataclass(frozen=True, slots=True)
class Credential:
    """Where to go, and the key that may be sent there. None where nothing is configured."""

    base_url: str | None = field(repr=False)  # may hold a password
    api_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Layer:
    """The values of one source.

    Attributes:
        source: what a key is bound to: one file, or ``environment`` for all variables and their ``.env``.
    """

    source: str
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Binding:
    """What may be sent to the address in effect.

    Attributes:
        values: of `BOUND`, those that may.
        uses: the one that yields the key, if any.
        withheld: a line for every value that may not.
    """

    values: dict[str, Value]
    uses: str | None
    withheld: tuple[str, ...]


def bind(layers: Sequence[Layer]) -> Binding:
    """Choose among all sources' keys, commands and headers: the last one that belongs to the address."""
    addresses = {layer.source: layer.values[ADDRESS] for layer in layers if ADDRESS in layer.values}
    effective = next((layer.values[ADDRESS] for layer in reversed(layers) if ADDRESS in layer.values), None)
    values: dict[str, Value] = {}
    uses: str | None = None
    withheld: list[str] = []
    for layer in reversed(layers):
        own = addresses.get(layer.source)
        for path in BOUND:
            if path not in layer.values or (path == BOUND[-1] and path in values):
                continue
            if effective is None or own is None or origin(own.value) == origin(effective.value):
                values.setdefault(path, layer.values[path])
                uses = uses or (path if path != BOUND[-1] else None)
            elif uses is None or path == BOUND[-1]:
                withheld.append(_withheld(path, layer.values[path], own, effective))
    return Binding(values, uses, tuple(withheld))


def read_key(uses: str | None, value: Any, caller: Caller) -> str | None:
    """The key that ``uses`` yields.

    Raises:
        ConfigurationInvalid: the command failed, took too long or printed no key. Its output is not quoted.
    """
    if uses is None:
        return None
    if uses == "llm.api_key":
        return str(value.get_secret_value())
    from rolecall.settings import key_command  # noqa: PLC0415  starting processes is rarely needed

    return key_command.run(value, caller)


def _withheld(path: str, value: Value, own: Value, effective: Value) -> str:
    return (
        f"{path} from {value.origin} is not sent: it belongs to {without_password(own.value)}, "
        f"and llm.base_url is {without_password(effective.value)} ({effective.origin})"
    )
