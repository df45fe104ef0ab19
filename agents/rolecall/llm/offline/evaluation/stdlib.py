"""The parts of the standard library that are pure: same arguments, same result, nothing touched."""

from __future__ import annotations

import functools
import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.evaluation.budget import NotUnderstood, Opaque
from rolecall.llm.offline.evaluation.streams import Pending

if TYPE_CHECKING:
    from collections.abc import Callable

_PURE: dict[str, str] = {
    "abc": "ABC ABCMeta abstractmethod",
    "base64": (
        "b64encode b64decode urlsafe_b64encode urlsafe_b64decode b32encode b32decode b16encode b16decode"
    ),
    "binascii": "hexlify unhexlify crc32",
    "bisect": "bisect bisect_left bisect_right",
    "collections": "Counter OrderedDict defaultdict deque namedtuple ChainMap",
    "colorsys": "rgb_to_hsv hsv_to_rgb rgb_to_hls hls_to_rgb rgb_to_yiq yiq_to_rgb",
    "contextlib": "suppress nullcontext",
    "copy": "copy deepcopy",
    "dataclasses": (
        "dataclass field replace asdict astuple fields is_dataclass KW_ONLY InitVar FrozenInstanceError"
    ),
    "datetime": "datetime date time timedelta timezone UTC MINYEAR MAXYEAR",
    "decimal": (
        "Decimal ROUND_HALF_UP ROUND_HALF_EVEN ROUND_DOWN ROUND_UP ROUND_CEILING ROUND_FLOOR InvalidOperation"
    ),
    "enum": "Enum IntEnum StrEnum Flag IntFlag auto unique",
    "fractions": "Fraction",
    "functools": "reduce partial total_ordering cached_property cmp_to_key",
    "hashlib": "",
    "html": "escape unescape",
    "http": "HTTPStatus",
    "itertools": (
        "accumulate chain combinations combinations_with_replacement compress dropwhile filterfalse "
        "groupby islice pairwise permutations product starmap takewhile zip_longest"
    ),
    "json": "dumps loads JSONDecodeError",
    "keyword": "iskeyword kwlist issoftkeyword",
    "math": (
        "acos acosh asin asinh atan atan2 atanh ceil comb copysign cos cosh degrees dist e exp fabs floor "
        "fmod frexp fsum gcd hypot inf isclose isfinite isinf isnan isqrt lcm ldexp log log10 log1p log2 "
        "modf nan pi prod radians remainder sin sinh sqrt tan tanh tau trunc"
    ),
    "operator": (
        "add and_ concat contains eq floordiv ge getitem gt index itemgetter le lt mod mul ne neg not_ "
        "or_ pos sub truediv truth xor"
    ),
    "os.path": "basename dirname join normpath split splitext isabs commonprefix commonpath",
    "pathlib": "Path PurePath PurePosixPath",
    "posixpath": "basename dirname join normpath split splitext isabs commonprefix commonpath",
    "re": (
        "compile match fullmatch search findall finditer split sub subn escape error I IGNORECASE M "
        "MULTILINE S DOTALL X VERBOSE A ASCII"
    ),
    "shlex": "quote split join",
    "statistics": (
        "mean fmean median median_low median_high mode multimode pstdev pvariance stdev variance "
        "StatisticsError"
    ),
    "string": (
        "ascii_letters ascii_lowercase ascii_uppercase digits hexdigits octdigits punctuation printable "
        "whitespace capwords"
    ),
    "struct": "pack unpack calcsize error",
    "textwrap": "dedent indent fill wrap shorten",
    "types": "MappingProxyType",
    "typing": (
        "Any Generic Protocol NamedTuple TypedDict ClassVar Final Literal Optional Union "
        "runtime_checkable final"
    ),
    "unicodedata": "normalize category combining east_asian_width name",
    "urllib.parse": (
        "quote quote_plus unquote unquote_plus urlencode urljoin urlparse urlsplit urlunparse urlunsplit "
        "parse_qs parse_qsl urldefrag"
    ),
    "uuid": "UUID NAMESPACE_DNS NAMESPACE_URL uuid5 uuid3",
}


@dataclass(frozen=True, slots=True)
class Namespace:
    """A module of the standard library, reduced to its pure members."""

    name: str

    def member(self, name: str) -> Any:
        """The member, or an `Opaque` that stands for it."""
        submodule = f"{self.name}.{name}"
        if submodule in _PURE or submodule in _STAND_INS:
            return Namespace(submodule)
        stand_in = _STAND_INS.get(self.name, {}).get(name)
        if stand_in is not None:
            return stand_in
        if name not in _PURE.get(self.name, "").split():
            return Opaque(submodule)
        try:
            value = getattr(importlib.import_module(self.name), name)
        except (ImportError, AttributeError):
            return Opaque(submodule)
        if callable(value):
            _FUNCTIONS[id(value)] = value
        return value


@dataclass(frozen=True, slots=True, eq=False)
class StandIn:
    """A callable of ours in place of a native one whose effect on the result is nil."""

    function: Callable[..., Any]

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call what stands behind it."""
        return self.function(*arguments, **keywords)


@dataclass(frozen=True, slots=True, eq=False)
class Silent:
    """A logger: whatever is called on it does nothing a caller could see."""

    name: str = "logger"

    def member(self, name: str) -> Any:
        """A method that does nothing; ``bind`` and ``getChild`` give a logger again."""
        if name in {"bind", "getChild", "new", "unbind"}:
            return StandIn(lambda *_arguments, **_keywords: self)
        if name in _LOG_METHODS:
            return StandIn(_nothing)
        return Opaque(f"{self.name}.{name}")


_LONGEST_SLEEP = 0.01
_LOG_METHODS = frozenset(
    ["debug", "info", "warning", "error", "exception", "critical", "log", "fatal", "warn"]
)


def _nothing(*_arguments: Any, **_keywords: Any) -> None:
    return


def _logger(*_arguments: Any, **_keywords: Any) -> Silent:
    return Silent()


def _cast(_kind: Any, value: Any) -> Any:
    return value


def _memoized(*arguments: Any, **_keywords: Any) -> Any:
    """``lru_cache`` with or without parentheses; unhashable arguments are not understood."""
    if len(arguments) == 1 and callable(arguments[0]):
        return _Memoized(arguments[0])
    return StandIn(_Memoized)


class _Memoized:
    """A cached function: the same results, for hashable arguments."""

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        self.function = function

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call what stands behind it."""
        try:
            hash((arguments, tuple(keywords.values())))
        except TypeError as error:
            raise NotUnderstood("an unhashable argument of a cached function") from error
        return self.function(*arguments, **keywords)


def _wraps(wrapped: Any, *_arguments: Any, **_keywords: Any) -> StandIn:
    def apply(wrapper: Any) -> Any:
        for name in ("__name__", "__qualname__", "__doc__"):
            if hasattr(wrapped, name):
                setattr(wrapper, name, getattr(wrapped, name))
        return wrapper

    return StandIn(apply)


def _sleep(seconds: float, result: Any = None) -> Pending:
    if seconds > _LONGEST_SLEEP:
        raise NotUnderstood("a test should not sleep")
    return Pending(lambda: result)


def _gather(*pending: Any, **_keywords: Any) -> Pending:
    if not all(isinstance(item, Pending) for item in pending):
        raise NotUnderstood("asyncio.gather of a value that is not understood")
    return Pending(lambda: [item.result() for item in pending])


def _run_pending(pending: Any, **_keywords: Any) -> Any:
    if not isinstance(pending, Pending):
        raise NotUnderstood("asyncio.run of a value that is not understood")
    return pending.result()


def _unchanged(value: Any) -> Any:
    return value


def _overload(function: Any) -> Opaque:
    return Opaque(getattr(function, "__name__", "overload"))


def _new_type(_name: str, _base: Any) -> StandIn:
    return StandIn(_unchanged)


_STAND_INS: dict[str, dict[str, Any]] = {
    "functools": {"lru_cache": StandIn(_memoized), "cache": StandIn(_memoized), "wraps": StandIn(_wraps)},
    "logging": {
        "getLogger": StandIn(_logger),
        **{
            name: StandIn(_nothing) for name in ("debug", "info", "warning", "error", "exception", "critical")
        },
        **dict(zip(("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"), (10, 20, 30, 40, 50), strict=True)),
    },
    "structlog": {"get_logger": StandIn(_logger)},
    "typing": {
        "TYPE_CHECKING": False,
        "cast": StandIn(_cast),
        "override": StandIn(_unchanged),
        "no_type_check": StandIn(_unchanged),
        "NewType": StandIn(_new_type),
        "overload": StandIn(_overload),
        "assert_never": Opaque("assert_never"),
    },
    "typing_extensions": {"override": StandIn(_unchanged), "TYPE_CHECKING": False},
    "asyncio": {"sleep": StandIn(_sleep), "gather": StandIn(_gather), "run": StandIn(_run_pending)},
    "collections.abc": {},
    "os": {},
    "urllib": {},
}


def is_known_module(name: str) -> bool:
    """Whether the module, or a part of it, is on the list."""
    return name in _PURE or name in _STAND_INS


_FUNCTIONS: dict[int, Any] = {}
"""Native callables handed out, by id; holding them keeps the ids from being reused."""


def is_pure(function: Any) -> bool:
    """Whether a `Namespace` handed the callable out."""
    return id(function) in _FUNCTIONS
