"""A BERT of a Hugging Face folder as a GGUF file for llama.cpp's architecture "bert" (WordPiece)."""

import json
import os
import struct

import numpy as np

LAYER = {"attention.self.query": "attn_q", "attention.self.key": "attn_k", "attention.self.value": "attn_v",
         "attention.output.dense": "attn_output", "attention.output.LayerNorm": "attn_output_norm",
         "intermediate.dense": "ffn_up", "output.dense": "ffn_down", "output.LayerNorm": "layer_output_norm"}
TOP = {"embeddings.word_embeddings": "token_embd", "embeddings.token_type_embeddings": "token_types",
       "embeddings.position_embeddings": "position_embd", "embeddings.LayerNorm": "token_embd_norm"}
POOLING = {"none": 0, "mean": 1, "cls": 2, "lasttoken": 3, "rank": 4}


def text(s):
    b = s.encode()
    return struct.pack("<Q", len(b)) + b


def pair(key, value):
    if isinstance(value, list):
        kind = 8 if isinstance(value[0], str) else 5
        body = b"".join(text(x) if kind == 8 else struct.pack("<i", x) for x in value)
        return text(key) + struct.pack("<IIQ", 9, kind, len(value)) + body
    if isinstance(value, str):
        return text(key) + struct.pack("<I", 8) + text(value)
    if isinstance(value, bool):
        return text(key) + struct.pack("<IB", 7, value)
    if isinstance(value, float):
        return text(key) + struct.pack("<If", 6, value)
    return text(key) + struct.pack("<II", 4, value)


def name_of(key):
    """llama.cpp's name of a tensor; None for what it does not use (the pooler)."""
    key = key.removeprefix("bert.")
    stem, _, end = key.rpartition(".")
    if stem in TOP:
        return f"{TOP[stem]}.{end}"
    if not stem.startswith("encoder.layer."):
        return None
    _, _, i, rest = stem.split(".", 3)
    return f"blk.{i}.{LAYER[rest]}.{end}"


def vocabulary(folder, size):
    with open(os.path.join(folder, "tokenizer.json"), encoding="utf-8") as f:
        ids = json.load(f)["model"]["vocab"]
    words = [f"[UNUSED{i}]" for i in range(size)]
    for word, i in ids.items():
        words[i] = word
    return ids, words


def write(folder, path, pooling="mean", n_ctx=None):
    """pooling None: the file names none. n_ctx: what the file says that the model takes."""
    from safetensors.numpy import load_file
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as f:
        c = json.load(f)
    ids, words = vocabulary(folder, c["vocab_size"])
    special = [w.startswith("[") and w.endswith("]") and len(w) > 2 for w in words]
    pieces = [w if s else w[2:] if w.startswith("##") else "\u2581" + w for w, s in zip(words, special)]
    pairs = [("general.architecture", "bert"), ("general.name", "test"), ("bert.block_count", c["num_hidden_layers"]),
             ("bert.context_length", n_ctx or c["max_position_embeddings"]), ("bert.embedding_length", c["hidden_size"]),
             ("bert.feed_forward_length", c["intermediate_size"]), ("bert.attention.head_count", c["num_attention_heads"]),
             ("bert.attention.layer_norm_epsilon", float(c["layer_norm_eps"])), ("bert.attention.causal", False),
             ("general.file_type", 0), ("tokenizer.ggml.model", "bert"), ("tokenizer.ggml.pre", "jina-v2-en"),
             ("tokenizer.ggml.token_type_count", c.get("type_vocab_size", 2)), ("tokenizer.ggml.tokens", pieces),
             ("tokenizer.ggml.token_type", [3 if s else 1 for s in special]),
             ("tokenizer.ggml.bos_token_id", ids["[CLS]"]), ("tokenizer.ggml.seperator_token_id", ids["[SEP]"]),
             ("tokenizer.ggml.unknown_token_id", ids["[UNK]"]), ("tokenizer.ggml.padding_token_id", ids["[PAD]"]),
             ("tokenizer.ggml.cls_token_id", ids["[CLS]"]), ("tokenizer.ggml.mask_token_id", ids["[MASK]"])]
    if pooling is not None:
        pairs.append(("bert.pooling_type", POOLING[pooling]))
    tensors = [(name_of(k), np.ascontiguousarray(v, np.float32)) for k, v in
               sorted(load_file(os.path.join(folder, "model.safetensors")).items()) if name_of(k)]
    if n_ctx:
        tensors = [(k, x[:n_ctx] if k == "position_embd.weight" else x) for k, x in tensors]
    head, at = b"", 0
    for name, x in tensors:
        head += text(name) + struct.pack("<I", x.ndim) + struct.pack(f"<{x.ndim}Q", *reversed(x.shape))
        head += struct.pack("<IQ", 0, at)
        at += (x.nbytes + 31) // 32 * 32
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs)) + b"".join(pair(*p) for p in pairs) + head
    with open(path, "wb") as f:
        f.write(head + b"\0" * (-len(head) % 32))
        for _, x in tensors:
            f.write(x.tobytes() + b"\0" * (-x.nbytes % 32))
