#!/usr/bin/env python3
"""Prints the rows of tests/unit/test_rope.c: frequencies by transformers' own ROPE_INIT_FUNCTIONS."""

from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

LLAMA3 = {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}
YARN = {"factor": 4.0, "original_max_position_embeddings": 2048}
CASES = (
    ("default", 8, 1e4, {}),
    ("default", 16, 5e5, {}),
    ("linear", 8, 1e4, {"factor": 2.5}),
    ("dynamic", 8, 1e4, {"factor": 4.0}),
    ("llama3", 128, 5e5, LLAMA3),
    ("llama3", 64, 5e5, {**LLAMA3, "factor": 32.0}),
    ("yarn", 64, 1e4, YARN),
    ("yarn", 128, 1e6, {**YARN, "original_max_position_embeddings": 32768}),
    ("yarn", 32, 1e4, {**YARN, "beta_fast": 16.0, "beta_slow": 2.0, "truncate": False}),
    ("yarn", 32, 1e4, {**YARN, "factor": 40.0, "mscale": 0.707, "mscale_all_dim": 1.0}),
    ("yarn", 8, 1e4, {**YARN, "attention_factor": 1.25}),
)

for kind, head_dim, theta, extra in CASES:
    config = LlamaConfig(hidden_size=2 * head_dim, num_attention_heads=2, head_dim=head_dim,
                         max_position_embeddings=131072,
                         rope_parameters={"rope_type": kind, "rope_theta": theta, **extra})
    make = ROPE_INIT_FUNCTIONS.get(kind, LlamaRotaryEmbedding.compute_default_rope_parameters)
    frequencies, attention = make(config)
    # Every pair where there are few, else every sixteenth of the half and the last.
    n = head_dim // 2
    which = sorted({*range(0, n, max(1, n // 8)), n - 1})
    print(f'"{kind}", {head_dim}, {theta:g}, {extra}: attention {attention!r}')
    print("  " + ", ".join(f"{{{i}, {frequencies[i].item():.9e}}}" for i in which))
