#!/usr/bin/env python3
"""Prints what transformers reads from the config texts of tests/unit/test_hf_config.c (the table rows[])."""

import json
import os
import re
import tempfile

from transformers import AutoConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "../unit/test_hf_config.c"), encoding="utf-8") as f:
    text = f.read()
LITERAL = r'"(?:[^"\\]|\\.)*"'
shape = "".join(json.loads(x) for x in re.findall(LITERAL, re.search(r"#define SHAPE(.*?)\n\n", text, re.S)[1]))
table = re.search(r"\} rows\[\] = \{\n(.*?)\n\};", text, re.S)[1]

for row in re.findall(r"\{(%s),\s*((?:%s|SHAPE|\s)+)," % (LITERAL, LITERAL), table):
    parts = re.findall(LITERAL + "|SHAPE", row[1])
    config = "".join(shape if p == "SHAPE" else json.loads(p) for p in parts)
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as f:
            f.write(config)
        c = AutoConfig.from_pretrained(folder)
    rope = c.rope_parameters
    both = (rope["full_attention"], rope["sliding_attention"]) if "full_attention" in rope else (rope, rope)
    kind = both[0]["rope_type"]
    attention = 1.0 if kind == "default" or "full_attention" in rope else ROPE_INIT_FUNCTIONS[kind](c)[1]
    window = getattr(c, "sliding_window", None)
    types = getattr(c, "layer_types", None)
    sliding = [t == "sliding_attention" for t in types] if types else [window is not None] * c.num_hidden_layers
    head = getattr(c, "head_dim", None) or c.hidden_size // c.num_attention_heads
    print(json.loads(row[0]), "kv", c.num_key_value_heads, "head", head, "inner", c.intermediate_size, kind,
          "theta", both[0]["rope_theta"], both[1]["rope_theta"], "factor", both[0].get("factor"), "attention", attention,
          "original", both[0].get("original_max_position_embeddings"), "window", window,
          "sliding", "".join(str(int(s)) for s in sliding), "scale", getattr(c, "query_pre_attn_scalar", head) ** -0.5,
          "tied", c.tie_word_embeddings, sep=" ")
