"""A real llama.cpp on a model made on the spot: half a megabyte of random numbers, one token a character.

Run as a module it serves until its standard input ends, so that it never outlives the test that started it.
It prints its address, once it listens.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WINDOW = 2_048
"""Tokens of a slot."""

SLOTS = 2

_EMBEDDING, _HEADS, _LAYERS, _FEED_FORWARD = 64, 4, 2, 128
_TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:"


@dataclass(frozen=True, slots=True)
class Llama:
    """A running server."""

    origin: str

    @property
    def base_url(self) -> str:
        """What to configure as ``llm.base_url``."""
        return f"{self.origin}/v1"

    def slots(self) -> list[dict[str, Any]]:
        """What its slots are doing."""
        with urllib.request.urlopen(f"{self.origin}/slots", timeout=10) as response:
            return json.load(response)

    def busy(self) -> int:
        """Slots that are computing."""
        return sum(bool(slot["is_processing"]) for slot in self.slots())


@contextmanager
def serving(folder: Path, *, window: int = WINDOW) -> Iterator[Llama]:
    """Make a model in ``folder`` and serve it; ended on the way out."""
    command = [sys.executable, __file__, str(folder / "tiny.gguf"), str(window)]
    with (folder / "llama.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            origin = process.stdout.readline().decode().strip()
            assert origin.startswith("http://"), (folder / "llama.log").read_text()[-2_000:]
            yield Llama(origin)
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
            process.stdout.close()


def _make(path: str, window: int) -> None:
    """Write a Llama of random weights whose tokens are bytes and printable characters."""
    import gguf
    import numpy as np

    words = [b"<unk>", b"<s>", b"</s>", *(b"<0x%02X>" % byte for byte in range(256))]
    kinds = [2, 3, 3, *[6] * 256]
    characters = ["\u2581", *(chr(code) for code in range(33, 127))]
    words += [character.encode() for character in characters]
    kinds += [1] * len(characters)

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(window)
    writer.add_embedding_length(_EMBEDDING)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(_FEED_FORWARD)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_EMBEDDING // _HEADS)
    writer.add_vocab_size(len(words))
    writer.add_file_type(0)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(words)
    writer.add_token_scores([-float(place) for place in range(len(words))])
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template(_TEMPLATE)

    numbers = np.random.default_rng(7)

    def random(*shape: int) -> Any:
        return (numbers.standard_normal(shape) * 0.05).astype(np.float32)

    def ones() -> Any:
        return np.ones(_EMBEDDING, np.float32)

    writer.add_tensor("token_embd.weight", random(len(words), _EMBEDDING))
    writer.add_tensor("output.weight", random(len(words), _EMBEDDING))
    writer.add_tensor("output_norm.weight", ones())
    for layer in range(_LAYERS):
        block = f"blk.{layer}."
        writer.add_tensor(f"{block}attn_norm.weight", ones())
        writer.add_tensor(f"{block}ffn_norm.weight", ones())
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            writer.add_tensor(f"{block}{part}.weight", random(_EMBEDDING, _EMBEDDING))
        for part in ("ffn_gate", "ffn_up"):
            writer.add_tensor(f"{block}{part}.weight", random(_FEED_FORWARD, _EMBEDDING))
        writer.add_tensor(f"{block}ffn_down.weight", random(_EMBEDDING, _FEED_FORWARD))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _serve(path: str, window: int) -> None:
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = path
    parameters.model_alias = {"tiny"}
    parameters.n_ctx = window * SLOTS
    parameters.n_parallel = SLOTS
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.cpuparams.n_threads = 1
    parameters.endpoint_slots = True
    parameters.fit_params = False
    parameters.warmup = False
    parameters.verbosity = 0
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)  # noqa: T201  # how the address is told
    sys.stdin.buffer.read()


if __name__ == "__main__":
    model, size = sys.argv[1], int(sys.argv[2])
    _make(model, size)
    _serve(model, size)
    # Its threads are native and would outlast the interpreter's own end.
    import os

    os._exit(0)
