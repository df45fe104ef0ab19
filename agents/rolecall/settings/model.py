"""Every setting: its default, its range and what it does. The only place where defaults stand.

``config.yaml``, ``.env.example``, the JSON Schema and the error messages are made from this
(``python -m rolecall.settings.generate``). Seconds end in ``_s``, bytes in ``_bytes``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, StrictStr

from rolecall.settings import checks
from rolecall.settings.addresses import check_address, check_base_url


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a setting may be, in the words an error message needs after "must be"."""

    words: str


_EXAMPLE_ADDRESS = 'an http:// or https:// address, such as "http://localhost:11434/v1"'
_LAX = Field(strict=False)  # takes the list of YAML and JSON where the model keeps a tuple

Text = Annotated[str, AfterValidator(checks.check_text), Allowed("text on one line, not empty")]
Address = Annotated[str, AfterValidator(check_address), Allowed(_EXAMPLE_ADDRESS)]
BaseUrl = Annotated[str, AfterValidator(check_base_url), Allowed(_EXAMPLE_ADDRESS)]
Key = Annotated[SecretStr, AfterValidator(checks.check_key), Allowed("a key, as text without spaces")]
Command = Annotated[
    str, AfterValidator(checks.check_command), Allowed('a command line as text, such as "pass show openai"')
]
Headers = Annotated[
    dict[StrictStr, StrictStr],
    AfterValidator(checks.check_headers),
    Allowed('a map of header names to text, such as {"X-Title": "Rolecall"}'),
]
Globs = Annotated[
    tuple[StrictStr, ...],
    _LAX,
    AfterValidator(checks.check_globs),
    Allowed('a list of patterns, such as ["docs/**", "*.min.js"]'),
]
Models = Annotated[
    tuple[StrictStr, ...],
    _LAX,
    AfterValidator(checks.check_names),
    Allowed('a list of model names, such as ["qwen3-coder"]'),
]
Tools = Annotated[
    tuple[StrictStr, ...],
    _LAX,
    AfterValidator(checks.check_names),
    Allowed('a list of tool names, such as ["developer", "apply_edits"]'),
]
Tokens = Annotated[
    tuple[SecretStr, ...],
    _LAX,
    AfterValidator(checks.check_tokens),
    Allowed('a list of "TOKEN", "name=TOKEN" or "name=sha256:HEX"'),
]
File = Annotated[Path, BeforeValidator(checks.check_file), Allowed("the path of a file, as text")]
Level = Literal["debug", "info", "warning", "error", "critical"]

_DAY_S = 86_400
_MIB = 1_024 * 1_024


class Group(BaseModel):
    """Base of the groups: closed, frozen, no coercion, no value in an error."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, hide_input_in_errors=True
    )


class LlmSettings(Group):
    """The model that is asked, and how long it may take."""

    provider: Literal["auto", "openai", "offline"] = Field(
        default="auto",
        description="Who answers. auto: what base_url or a key says, else a local server, else offline. "
        "openai: any OpenAI-compatible endpoint. offline: scaffolds made from the code, no model.",
    )
    base_url: BaseUrl | None = Field(
        default=None,
        repr=False,  # may hold a password
        description="Where the endpoint is, with the part before /chat/completions.",
    )
    api_key: Key | None = Field(
        default=None,
        description="The endpoint's key. Sent only where the base_url of the same file leads.",
    )
    api_key_command: Command | None = Field(
        default=None,
        repr=False,
        description="A command that prints the key, instead of api_key. Run without a shell, in your home.",
    )
    model: Text | None = Field(default=None, description="The model. Unset: the only chat model listed.")
    fallback_models: Models = Field(
        default=(), description="Models to ask, in this order, where the first is not available."
    )
    temperature: float | None = Field(
        default=None, ge=0, le=2, description="Sampling temperature. Unset: the endpoint's own."
    )
    max_output_tokens: int | None = Field(
        default=None,
        ge=1,
        le=10_000_000,
        description="Most tokens of an answer. Unset: the endpoint's own limit.",
    )
    context_window: int | None = Field(
        default=None,
        ge=1,
        le=100_000_000,
        description="The model's window in tokens. Unset: asked of endpoints that tell it.",
    )
    stream: bool = Field(default=True, description="Stream the answer as it is written.")
    connect_timeout_s: float = Field(
        default=5.0, gt=0, le=_DAY_S, description="Longest wait for a connection, in seconds."
    )
    first_token_timeout_s: float = Field(
        default=120.0, gt=0, le=_DAY_S, description="Longest wait for the first token, in seconds."
    )
    idle_timeout_s: float = Field(
        default=60.0, gt=0, le=_DAY_S, description="Longest silence within an answer, in seconds."
    )
    total_timeout_s: float = Field(
        default=600.0, gt=0, le=_DAY_S, description="Longest time for a whole task, in seconds."
    )
    max_answer_bytes: int = Field(
        default=8 * _MIB, ge=1, le=1_024 * _MIB, description="Largest answer that is taken, in bytes."
    )
    extra_headers: Headers = Field(
        default={}, repr=False, description="Further headers of each request. Sent where the key may be sent."
    )


class RetrySettings(Group):
    """What happens after a failure that may pass."""

    max_attempts: int = Field(
        default=4, ge=1, le=100, description="Most attempts for one request, the first included."
    )
    initial_delay_s: float = Field(
        default=1.0, ge=0, le=3_600, description="Wait before the second attempt, in seconds, before jitter."
    )
    multiplier: float = Field(
        default=2.0, ge=1, le=100, description="How much longer each further wait is than the last."
    )
    max_delay_s: float = Field(default=60.0, ge=0, le=3_600, description="Longest single wait, in seconds.")
    jitter: Literal["full", "equal", "none"] = Field(
        default="full",
        description="How waits are spread. full: from 0 to the wait. equal: its upper half. none: exact.",
    )
    max_total_delay_s: float = Field(
        default=120.0, ge=0, le=_DAY_S, description="Longest time one request may spend waiting, in seconds."
    )


class BreakerSettings(Group):
    """When an endpoint that keeps failing is left alone, and when it is tried again."""

    failure_threshold: int = Field(
        default=5, ge=1, le=10_000, description="Failures in a row that open the breaker."
    )
    failure_rate: float = Field(
        default=0.5, gt=0, le=1, description="Share of failures in a full window that opens the breaker."
    )
    window: int = Field(default=20, ge=1, le=10_000, description="Requests over which failure_rate is taken.")
    open_s: float = Field(
        default=60.0, gt=0, le=_DAY_S, description="How long an open breaker refuses requests, in seconds."
    )
    recovery_attempts: int = Field(
        default=3,
        ge=1,
        le=1_000,
        description="Probes, one at a time, that must succeed in a row to close it.",
    )


class PoolSettings(Group):
    """The connections all roles share."""

    max_connections: int = Field(
        default=100, ge=1, le=10_000, description="Most connections to one endpoint."
    )
    max_keepalive: int = Field(
        default=20, ge=0, le=10_000, description="Most idle connections that are kept."
    )
    keepalive_expiry_s: float = Field(
        default=300.0, ge=0, le=_DAY_S, description="How long an idle connection is kept, in seconds."
    )
    max_age_s: float = Field(
        default=3_600.0, gt=0, le=7 * _DAY_S, description="Age at which a client is replaced, in seconds."
    )
    min_success_rate: float = Field(
        default=0.5, ge=0, le=1, description="Share of successes below which a client is replaced."
    )


class ContextSettings(Group):
    """What a model gets to see of the workspace. Files with secrets are never among it."""

    max_file_bytes: int = Field(
        default=256 * 1_024, ge=1, le=100 * _MIB, description="Largest file that is read, in bytes."
    )
    max_total_tokens: int | None = Field(
        default=None,
        ge=1,
        le=10_000_000,
        description="Most tokens of a request. Unset: the window less the output, 32000 when it is unknown.",
    )
    open_files: bool = Field(default=False, description="Also send the other files open in the editor.")
    diagnostics: bool = Field(default=True, description="Send what tools report about the file.")
    exclude: Globs = Field(
        default=(), description="Patterns of files that are never sent. A workspace can add to them."
    )


class ApplySettings(Group):
    """How an answer becomes edits."""

    confirm: Literal["always", "overwrite", "protected"] = Field(
        default="overwrite",
        description="What needs your consent. always: every change. overwrite: changes to existing files "
        "other than the one asked in. protected: only protected names.",
    )
    protect: Globs = Field(
        default=(),
        description="Patterns of further files that always need your consent. A workspace can add.",
    )
    repair_rounds: int = Field(
        default=1,
        ge=0,
        le=10,
        description="Further requests that may mend a failed or cut block; 0 for none.",
    )
    format_hint: Literal["auto", "whole", "edit"] = Field(
        default="auto",
        description="The form asked for. whole: whole files. edit: search and replace. auto: by size.",
    )


class McpSettings(Group):
    """The tools for assistants."""

    tools: Tools | None = Field(default=None, description="The tools that are offered. Unset: all of them.")
    inline_limit_bytes: int = Field(
        default=10_000,
        ge=100,
        le=10_000_000,
        description="Largest result sent inline; the rest goes as links.",
    )
    call_deadline_s: float = Field(
        default=270.0,
        gt=0,
        le=_DAY_S,
        description="A call that takes longer, in seconds, answers that the task is running. "
        "Without a progressToken: at most 50.",
    )
    heartbeat_s: float = Field(
        default=5.0, gt=0, le=300, description="A sign of life at least this often, in seconds."
    )
    http_tokens: Tokens = Field(
        default=(),
        description="Bearer tokens of the HTTP server: TOKEN, name=TOKEN or name=sha256:HEX. "
        "Without any it serves this machine only.",
    )


class DaemonSettings(Group):
    """The process that editors and assistants share."""

    enabled: bool = Field(default=True, description="Share one process. false: each serves in its own.")
    idle_timeout_s: float = Field(
        default=900.0, ge=0, le=30 * _DAY_S, description="How long it stays without clients, in seconds."
    )


class ConcurrencySettings(Group):
    """How much happens at once."""

    max_tasks: int = Field(default=5, ge=1, le=1_000, description="Most tasks at once; more wait their turn.")
    per_endpoint: int = Field(
        default=0, ge=0, le=1_000, description="Most requests at once to one endpoint; 0 for no limit."
    )


class LoggingSettings(Group):
    """What is logged, and where. Keys never are."""

    level: Annotated[Level, BeforeValidator(checks.fold_level)] = Field(
        default="info", description="The least severe messages that are kept; debug also logs prompts."
    )
    format: Literal["auto", "json", "console"] = Field(
        default="auto", description="auto: console on a terminal, JSON lines elsewhere."
    )
    file: File | None = Field(default=None, description="A file that is rotated. Unset: standard error.")


class MetricsSettings(Group):
    """Counters, gauges and histograms."""

    enabled: bool = Field(default=True, description="Collect metrics.")
    otlp_endpoint: Address | None = Field(
        default=None,
        repr=False,  # may hold a password
        description="An OpenTelemetry collector (OTLP over HTTP) they are also sent to.",
    )


class Settings(Group):
    """All groups. Frozen: a changed configuration is a new object."""

    llm: LlmSettings = LlmSettings()
    retry: RetrySettings = RetrySettings()
    breaker: BreakerSettings = BreakerSettings()
    pool: PoolSettings = PoolSettings()
    context: ContextSettings = ContextSettings()
    apply: ApplySettings = ApplySettings()
    mcp: McpSettings = McpSettings()
    daemon: DaemonSettings = DaemonSettings()
    concurrency: ConcurrencySettings = ConcurrencySettings()
    logging: LoggingSettings = LoggingSettings()
    metrics: MetricsSettings = MetricsSettings()
