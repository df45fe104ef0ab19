"""What the errors of many vendors mean, from bodies as they were recorded or documented."""

# one recorded body a line

import json

import pytest

from fakes.connection import endpoint_at
from rolecall.errors import (
    AuthenticationFailed,
    ContentFiltered,
    ContextTooLarge,
    EndpointUnreachable,
    ModelNotFound,
    RateLimited,
    UpstreamProtocolError,
    UpstreamUnavailable,
)
from rolecall.llm.classify import HttpFailure, from_event, from_status

HERE = endpoint_at("https://api.example.com/v1", model="big-model", api_key="sk-secret-key")


def classified(status, body, headers=None, endpoint=HERE):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return from_status(HttpFailure(status, headers or {}, data), endpoint)


def openai(message, code=None, kind="invalid_request_error", param=None):
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


OVERFLOWS = {
    "openai": (
        400,
        openai(
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
            "context_length_exceeded",
        ),
        8192,
    ),
    "azure, newer": (400, openai("Input tokens exceed the configured limit of 272000 tokens."), 272000),
    "vllm, flat": (
        400,
        {
            "object": "error",
            "message": "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens",
            "type": "BadRequestError",
            "param": None,
            "code": 400,
        },
        4096,
    ),
    "vllm, nested": (400, openai("maximum context length is 4096 tokens", 400, "BadRequestError"), 4096),
    "llama.cpp": (
        400,
        {
            "error": {
                "code": 400,
                "message": "the request exceeds the available context size, try increasing it",
                "type": "exceed_context_size_error",
                "n_prompt_tokens": 9000,
                "n_ctx": 4096,
            }
        },
        4096,
    ),
    "llama.cpp, older": (
        500,
        {"error": {"code": 500, "message": "the request exceeds the available context size. try increasing the "
                   "context size or enable context shift", "type": "server_error"}},
        None,
    ),
    "ollama": (400, {"error": "prompt is longer than the context length"}, None),
    "lm studio": (
        400,
        {"error": "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded "
         "with context length of only 4096 tokens, which is not enough; number of tokens to keep from the initial "
         "prompt is greater than the context length"},
        4096,
    ),
    "openrouter": (
        400,
        {"error": {"message": "This endpoint's maximum context length is 32768 tokens.", "code": 400}},
        32768,
    ),
    "anthropic": (
        400,
        {"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 210000 tokens > 200000 maximum"}},
        200000,
    ),
    "groq": (400, openai("Please reduce the length of the messages or completion.", "context_length_exceeded"), None),
    "groq, too large for the minute": (413, openai("Request too large for model", "rate_limit_exceeded", "tokens"), None),
    "deepseek": (400, openai("This model's maximum context length is 65536 tokens.", "invalid_request_error"), 65536),
    "gemini": (
        400,
        [{"error": {"code": 400, "message": "The input token count (2000000) exceeds the maximum number of tokens allowed (1048576).", "status": "INVALID_ARGUMENT"}}],
        1048576,
    ),
    "a proxy": (413, b"<html>Request Entity Too Large</html>", None),
    "openai, too large for the minute": (429, openai("Request too large for big-model in organization org-x on tokens per min (TPM): Limit 30000, Requested 41215. The input or output tokens must be reduced in order to run successfully.", "rate_limit_exceeded", "tokens"), 30000),
    "openai, one message": (400, openai("Invalid 'messages[1].content': string too long. Expected a string with maximum length 1048576, but got a string with length 1220000 instead.", "string_above_max_length"), None),
    "vllm, decoder": (400, openai("The decoder prompt (length 9000) is longer than the maximum model length of 4096. Make sure that `max_model_len` is no smaller than the number of text tokens.", 400, "BadRequestError"), 4096),
    "text generation inference": (422, {"error": "Input validation error: `inputs` must have less than 4096 tokens. Given: 9000", "error_type": "validation"}, 4096),
    "moonshot": (400, openai("Invalid request: Your request exceeded model token limit: 8192"), 8192),
    "zhipu": (400, {"error": {"code": "1261", "message": "Prompt exceeds max length"}}, None),
    "minimax": (400, {"error": {"type": "bad_request", "message": "invalid params, context window exceeds limit (2013)"}}, None),
    "copilot": (400, openai("prompt token count of 9000 exceeds the limit of 8192", "model_max_prompt_tokens_exceeded"), 8192),
}  # fmt: skip


@pytest.mark.parametrize(("status", "body", "limit"), OVERFLOWS.values(), ids=OVERFLOWS.keys())
def test_a_request_that_is_too_large_is_told_in_many_ways(status, body, limit):
    error = classified(status, body)
    assert type(error) is ContextTooLarge
    assert not error.retriable
    assert error.limit_tokens == limit
    assert "big-model" in error.message
    assert "api.example.com" in error.message


OTHERS = {
    "openai, key": (401, openai("Incorrect API key provided: sk-se***", "invalid_api_key"), AuthenticationFailed, False),
    "a proxy's login": (403, b"<html>Forbidden</html>", AuthenticationFailed, False),
    "gemini, key": (400, [{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT"}}], AuthenticationFailed, False),
    "anthropic, key": (401, {"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key"}}, AuthenticationFailed, False),
    "openai, model": (404, openai("The model `x` does not exist or you do not have access to it.", "model_not_found"), ModelNotFound, False),
    "openai, no access": (403, openai("Project does not have access to model `x`", "model_not_found"), ModelNotFound, False),
    "ollama, model": (404, openai('model "x" not found, try pulling it first', None, "api_error"), ModelNotFound, False),
    "vllm, model": (404, {"object": "error", "message": "The model `x` does not exist.", "type": "NotFoundError", "code": 404}, ModelNotFound, False),
    "openrouter, model": (400, {"error": {"message": "x is not a valid model ID", "code": 400}}, ModelNotFound, False),
    "lm studio, none": (404, openai("No models loaded. Please load a model in the developer page.", "model_not_found"), ModelNotFound, False),
    "azure, deployment": (404, openai("The API deployment for this resource does not exist.", "DeploymentNotFound"), ModelNotFound, False),
    "fastapi, path": (404, {"detail": "Not Found"}, UpstreamProtocolError, False),
    "go, path": (404, b"404 page not found", UpstreamProtocolError, False),
    "openai, path": (404, openai("Invalid URL (POST /chat/completions)"), UpstreamProtocolError, False),
    "a method": (405, {"detail": "Method Not Allowed"}, UpstreamProtocolError, False),
    "openai, rate": (429, openai("Rate limit reached for x", "rate_limit_exceeded", "tokens"), RateLimited, True),
    "a bare rate": (429, b"", RateLimited, True),
    "gemini, by the minute": (429, [{"error": {"code": 429, "message": "You exceeded your current quota, please check your plan and billing details.", "status": "RESOURCE_EXHAUSTED"}}], RateLimited, True),
    "groq, flexible tier full": (498, b"", UpstreamUnavailable, True),
    "openai, quota": (429, openai("You exceeded your current quota", "insufficient_quota", "insufficient_quota"), RateLimited, False),
    "deepseek, balance": (402, openai("Insufficient Balance", "invalid_request_error"), RateLimited, False),
    "anthropic, credit": (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "Your credit balance is too low"}}, RateLimited, False),
    "anthropic, busy": (529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, UpstreamUnavailable, True),
    "ollama, busy": (503, {"error": "server busy, please try again.  maximum pending requests exceeded"}, UpstreamUnavailable, True),
    "llama.cpp, loading": (503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, UpstreamUnavailable, True),
    "a gateway": (502, b"<html>Bad Gateway</html>", UpstreamUnavailable, True),
    "a slow gateway": (504, b"", UpstreamUnavailable, True),
    "a plain failure": (500, openai("The server had an error"), UpstreamUnavailable, True),
    "cloudflare": (520, b"error code: 520", UpstreamUnavailable, True),
    "cloudflare, model": (410, openai("The model `x` has been deprecated"), ModelNotFound, False),
    "groq, model": (400, openai("The model `x` has been decommissioned.", "invalid_request_error"), ModelNotFound, False),
    "tgi, generation": (424, {"error": "Request failed during generation", "error_type": "generation"}, UpstreamUnavailable, True),
    "a slow request": (408, b"", UpstreamUnavailable, True),
    "a conflict": (409, openai("conflict"), UpstreamUnavailable, True),
    "not implemented": (501, b"", UpstreamProtocolError, False),
    "azure, filter": (400, openai("The response was filtered due to the prompt triggering content management policy", "content_filter"), ContentFiltered, False),
    "openai, policy": (400, openai("Your request was rejected by our safety system", "content_policy_violation"), ContentFiltered, False),
    "deepseek, filter": (400, openai("Content Exists Risk", "invalid_request_error"), ContentFiltered, False),
    "a bad value": (400, openai("Invalid value for temperature", None, param="temperature"), UpstreamProtocolError, False),
    "fastapi, validation": (422, {"detail": [{"loc": ["body"], "msg": "field required"}]}, UpstreamProtocolError, False),
    "a proxy that asks": (407, b"", EndpointUnreachable, False),
    "a move": (301, b"", UpstreamProtocolError, False),
    "not modified": (304, b"", UpstreamProtocolError, False),
}  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kind", "retriable"), OTHERS.values(), ids=OTHERS.keys())
def test_each_failure_has_its_class(status, body, kind, retriable):
    error = classified(status, body)
    assert type(error) is kind
    assert error.retriable is retriable
    assert error.status == status
    assert error.message.endswith((".", "…")) or "It said: " in error.message
    assert error.hint
    assert "sk-secret" not in error.message + error.hint


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'"x"',
        b"\xff\xfe",
        b"[[[[",
        b'{"error": 7}',
        b'{"error": null}',
        b'{"error": {}}',
        b'{"error": {"message": 7, "code": ["x"]}}',
    ],
)
@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_any_body_is_survived(status, body):
    assert classified(status, body).status == status


def test_without_a_key_the_hint_is_to_set_one():
    error = classified(401, b"", endpoint=endpoint_at("https://api.example.com/v1"))
    assert "No key was sent" in error.hint


@pytest.mark.parametrize(("verdict", "retriable"), [("true", True), ("false", False)])
def test_the_endpoints_own_verdict_counts(verdict, retriable):
    assert classified(500, b"", {"x-should-retry": verdict}).retriable is retriable


def test_what_the_endpoint_says_is_shown_on_one_line_cut_and_without_secrets():
    error = classified(500, openai("first\nsecond\x1b[31m sk-secret-key http://u:p@h/ " + "x" * 1_000))
    said = error.message.partition("It said: ")[2]
    assert said.startswith("first second [31m *** http://***@h/ xxx")
    assert said.endswith("…")
    assert len(said) <= 300


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"error": {"message": "Rate limit reached", "type": "rate_limit_error"}}, RateLimited),
        (
            {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
            UpstreamUnavailable,
        ),
        ({"error": {"message": "Provider returned error", "code": 502}}, UpstreamUnavailable),
        ({"error": {"message": "Provider returned error", "code": "429"}}, RateLimited),
        ({"error": {"message": "bad", "code": "invalid_api_key"}}, AuthenticationFailed),
        ({"error": "Unexpected endpoint or method. (POST /chat/completions)"}, UpstreamProtocolError),
        ({"error": {"message": "blocked", "code": "content_filter"}}, ContentFiltered),
        ({"object": "error", "message": "boom", "code": 500}, UpstreamUnavailable),
        (b"not json at all", UpstreamUnavailable),
    ],
)
def test_an_error_in_the_middle_of_a_stream_is_classified_likewise(body, kind):
    assert type(from_event(body, HERE)) is kind
