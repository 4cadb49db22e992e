#!/usr/bin/env python3
"""Write the hand-made files of corpus/: small ones, so that a fuzzer has little to change.

usage: seeds.py [CORPUS-FOLDER]; the files that a fuzzer found (fail_found_*) are not touched.
After the formats' own descriptions: safetensors' README, ggml's gguf.md, onnx.proto.
"""
import json
import pathlib
import struct
import sys

corpus = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "corpus")


def write(target, name, data):
    (corpus / target).mkdir(parents=True, exist_ok=True)
    (corpus / target / name).write_bytes(data if isinstance(data, bytes) else data.encode())


def safetensors(header, data):
    text = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def make_safetensors():
    two = {"__metadata__": {"format": "pt"}, "w": tensor("F32", [2, 3], 0, 24), "b": tensor("BF16", [3], 24, 30)}
    every = {t: tensor(t, [1], 8 * i, 8 * i + 8) for i, t in enumerate(["F64", "I64"])}
    every |= {"s": tensor("F32", [], 16, 20), "none": tensor("F16", [0, 4], 20, 20), "i": tensor("U8", [1], 20, 21)}
    write("safetensors", "pass_two", safetensors(two, bytes(range(30))))
    write("safetensors", "pass_every_type", safetensors(every, bytes(21)))
    write("safetensors", "pass_empty", safetensors({}, b""))
    write("safetensors", "pass_index", json.dumps({"metadata": {"total_size": 16}, "weight_map": {
        "a": "s1.safetensors", "b": "s2.safetensors"}}))
    write("safetensors", "fail_index_other_file", json.dumps({"weight_map": {"a": "s2.safetensors"}}))
    write("safetensors", "fail_index_no_map", "{}")
    write("safetensors", "fail_index_away", json.dumps({"weight_map": {"a": "../s1.safetensors"}}))
    write("safetensors", "fail_gap", safetensors({"a": tensor("U8", [1], 1, 2)}, b"ab"))
    write("safetensors", "fail_overlap", safetensors({"a": tensor("U8", [2], 0, 2), "b": tensor("U8", [2], 1, 3)}, b"abc"))
    write("safetensors", "fail_truncated", safetensors({"a": tensor("F32", [4], 0, 16)}, b"abc"))
    write("safetensors", "fail_header_length", struct.pack("<Q", 2**63) + b"{}")
    write("safetensors", "fail_empty", b"")
    write("safetensors", "fail_shape_overflows", safetensors({"a": tensor("U8", [2**40, 2**40], 0, 0)}, b""))
    write("safetensors", "fail_control_characters", safetensors({"\x1b[2J\n\x7f": {}}, b""))


def text(s):
    s = s if isinstance(s, bytes) else s.encode()
    return struct.pack("<Q", len(s)) + s


def value(key, kind, packed):
    return text(key) + struct.pack("<I", kind) + packed


def gguf(values, tensors, data, version=3, n_values=None, n_tensors=None, alignment=32):
    out = b"GGUF" + struct.pack("<IQQ", version, len(tensors) if n_tensors is None else n_tensors,
                                len(values) if n_values is None else n_values)
    out += b"".join(values)
    for name, dims, kind, at in tensors:
        out += text(name) + struct.pack("<I", len(dims)) + b"".join(struct.pack("<Q", d) for d in dims)
        out += struct.pack("<IQ", kind, at)
    return out + bytes(-len(out) % alignment) + data


def make_gguf():
    u32 = lambda key, x: value(key, 4, struct.pack("<I", x))
    usual = [value("general.architecture", 8, text("gpt2")), u32("gpt2.block_count", 1), u32("gpt2.embedding_length", 4),
             u32("gpt2.context_length", 8), u32("gpt2.attention.head_count", 2), value("tokenizer.ggml.model", 8, text("gpt2")),
             value("tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 2) + text("a") + text("b")),
             value("tokenizer.ggml.token_type", 9, struct.pack("<IQii", 5, 2, 1, 1))]
    weights = [("token_embd.weight", [4, 2], 0, 0), ("blk.0.attn_q.weight", [32, 1], 8, 32)]
    write("gguf", "pass_usual", gguf(usual, weights, bytes(66)))
    every = [value("k%d" % k, k, bytes(n)) for k, n in enumerate([1, 1, 2, 2, 4, 4, 4, 1])]
    every += [value("k%d" % k, k, bytes(8)) for k in (10, 11, 12)] + [u32("general.alignment", 8)]
    write("gguf", "pass_every_value", gguf(every, [], b"", version=2))
    write("gguf", "fail_empty", b"")
    write("gguf", "fail_magic", b"GGML" + bytes(20))
    write("gguf", "fail_version", gguf([], [], b"", version=1))
    write("gguf", "fail_texts_too_large", gguf([value("general.name", 8, text("x" * 9000))], [], b""))
    write("gguf", "fail_truncated", gguf(usual, weights, bytes(60)))
    write("gguf", "fail_many_tensors", gguf([], [], b"", n_tensors=2**62))
    write("gguf", "fail_many_values", gguf([], [], b"", n_values=2**62))
    write("gguf", "fail_array_of_strings", gguf([value("a", 9, struct.pack("<IQ", 8, 2**61))], [], b""))
    write("gguf", "fail_array_overflows", gguf([value("a", 9, struct.pack("<IQ", 12, 2**61))], [], b""))
    write("gguf", "fail_shape_overflows", gguf([], [("t", [2**40, 2**40], 0, 0)], b""))
    write("gguf", "fail_offset_overflows", gguf([], [("t", [32], 0, 2**64 - 32)], bytes(128)))
    write("gguf", "fail_alignment", gguf([u32("general.alignment", 0)], [("t", [1], 0, 0)], bytes(4)))
    write("gguf", "fail_type", gguf([], [("t", [1], 5, 0)], bytes(4)))
    write("gguf", "fail_control_characters", gguf([], [(b"\x1b[2J\n\xff\x7f", [1], 5, 0)], bytes(4)))


def varint(x):
    out = b""
    while x > 127:
        out += bytes([x & 127 | 128])
        x >>= 7
    return out + bytes([x])


def field(number, x):
    return varint(number << 3) + varint(x) if isinstance(x, int) else varint(number << 3 | 2) + varint(len(x)) + x


def initializer(name, dims, kind, raw=b""):
    return field(5, b"".join(field(1, d) for d in dims) + field(2, kind) + field(8, name) + field(9, raw))


def node(op, inputs, outputs, extra=b""):
    return field(1, b"".join(field(1, i) for i in inputs) + b"".join(field(2, o) for o in outputs) + field(4, op) + extra)


def make_onnx():
    packed = field(5, field(1, varint(4) + varint(2)) + field(2, 1) + field(8, b"p"))
    outside = field(5, field(1, 4) + field(2, 1) + field(8, b"e") + field(14, 1) + b"".join(
        field(13, field(1, k) + field(2, v)) for k, v in ((b"location", b"model.onnx.data"), (b"offset", b"0"), (b"length", b"16"))))
    graph = node(b"MatMul", [b"x", b"w"], [b"y"]) + node(b"MatMulInteger", [b"y", b"q"], [b"z"])
    graph += node(b"MatMulNBits", [b"z", b"n"], [b"o"], field(5, field(1, b"bits") + field(3, 4) + field(20, 2)) + field(7, b"com.microsoft"))
    graph += node(b"DequantizeLinear", [b"q", b"s"], [b"d"]) + node(b"Cast", [b"h"], [b"c"]) + node(b"Gather", [b"w", b"x"], [b"g"])
    graph += initializer(b"w", [2, 2], 1, bytes(16)) + initializer(b"q", [4, 2], 3, bytes(8)) + initializer(b"h", [2], 10, bytes(4))
    graph += initializer(b"n", [2, 1, 16], 2, bytes(32)) + initializer(b"i", [2], 7, bytes(16)) + packed + outside
    model = field(1, 10) + field(2, b"seed") + field(7, graph + field(2, b"g")) + field(8, field(2, 17))
    write("onnx", "pass_usual", model)
    write("onnx", "fail_empty", b"")
    write("onnx", "fail_no_graph", field(1, 10))
    write("onnx", "fail_truncated", model[:-20])
    write("onnx", "fail_length_overflows", varint(7 << 3 | 2) + b"\xff" * 9 + b"\x01")
    write("onnx", "fail_group", bytes([7 << 3 | 3]))
    write("onnx", "fail_varint", b"\xff" * 11)
    write("onnx", "any_long_dims", field(7, initializer(b"w", [2**63 - 1] * 5, 1)))


def make_config():
    gpt2 = {"model_type": "gpt2", "n_layer": 1, "n_embd": 8, "n_head": 2, "vocab_size": 257, "n_positions": 16,
            "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5, "eos_token_id": 256}
    llama = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 64, "num_hidden_layers": 2,
             "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 128, "vocab_size": 300,
             "max_position_embeddings": 64, "rms_norm_eps": 1e-6, "hidden_act": "silu", "rope_theta": 10000.0,
             "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                              "original_max_position_embeddings": 32}, "tie_word_embeddings": False}
    gemma = {**llama, "model_type": "gemma3_text", "head_dim": 16, "sliding_window": 32, "sliding_window_pattern": 6,
             "query_pre_attn_scalar": 16, "rope_local_base_freq": 10000.0, "hidden_activation": "gelu_pytorch_tanh",
             "layer_types": ["sliding_attention", "full_attention"], "rope_scaling": None}
    write("config", "pass_gpt2", json.dumps(gpt2))
    write("config", "any_llama", json.dumps(llama))
    write("config", "any_gemma", json.dumps(gemma))
    write("config", "fail_empty", "")
    write("config", "fail_no_object", "[]")
    write("config", "fail_heads", json.dumps({**gpt2, "n_head": 3}))
    write("config", "fail_negative", json.dumps({**gpt2, "n_layer": -1}))
    write("config", "fail_huge", json.dumps({**gpt2, "n_layer": 2**62}))
    write("config", "any_control_characters", json.dumps({**gpt2, "model_type": "\x1b[2J\n\x7f"}))


def make_experiment():
    whole = """repetitions: 2
prompt_sets: {s: [one, two]}
scenarios: [{name: a, prompt_set: s, mode: batch, batch_size: 2}]
models: [{name: "synth:gpt2/L=1,d=8,h=1,vocab=257"}]
backends: [onnxruntime-cpu]
quantization: {modes: [fp32, int8]}
max_tokens: 4
"""
    write("experiment", "pass_usual", whole)
    write("experiment", "fail_empty", "")
    write("experiment", "fail_unknown_key", whole + "repetition: 3\n")
    write("experiment", "fail_aliases", "a: &a [1]\n" + "".join(f"b{i}: &b{i} [*{'a' if not i else f'b{i - 1}'}, *{'a' if not i else f'b{i - 1}'}]\n" for i in range(40)))
    write("experiment", "fail_deep", "[" * 200)
    write("experiment", "fail_control_characters", whole + '"\\e[2J\\x7f": 3\n')


def make_tokenizer():
    def ids(words):
        return {w: i for i, w in enumerate(words)}

    def added(i, text, **more):
        return {"id": i, "content": text, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True, **more}

    def files(*parts):
        return "\0".join(json.dumps(p, separators=(",", ":"), ensure_ascii=False) for p in parts).encode()

    # GPT-2's letters for the bytes 0 to 255; those of "a" and "b" come first
    own = [*range(33, 127), *range(161, 173), *range(174, 256)]
    alphabet = [chr(b) for b in own if chr(b) not in "ab"] + [chr(256 + i) for i in range(256 - len(own))]
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    gpt2 = {"version": "1.0", "added_tokens": [added(259, "<|endoftext|>")], "normalizer": None, "pre_tokenizer": level,
            "post_processor": level, "decoder": level,
            "model": {"type": "BPE", "unk_token": None, "byte_fallback": False, "ignore_merges": False,
                      "vocab": {**ids(["a", "b", "ab", "\u0120a", "aa", *alphabet]), "<|endoftext|>": 259},
                      "merges": [["a", "b"], "\u0120 a", ["a", "a"]]}}
    split = {"type": "Split", "pattern": {"Regex": "(?i:'s|'t)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"},
             "behavior": "Isolated", "invert": False}
    template = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [260], "tokens": ["<s>"]}}}
    llama3 = {**gpt2, "added_tokens": [added(259, "<|endoftext|>"), added(260, "<s>", lstrip=True, rstrip=True)],
              "normalizer": {"type": "NFC"}, "post_processor": {"type": "Sequence", "processors": [level, template]},
              "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, {**level, "use_regex": False}]},
              "model": {**gpt2["model"], "ignore_merges": True}}
    words = ["<unk>", "<s>", "</s>", "<0x20>", "<0xC3>", "<0xA9>", "\u2581", "a", "b", "\u2581a", "H", "e", "l", "o"]
    sentence = {"version": "1.0", "added_tokens": [added(0, "<unk>"), added(1, "<s>"), added(2, "</s>", normalized=True, special=False, single_word=True)],
                "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "\u2581"}, {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]},
                "pre_tokenizer": None, "post_processor": {**template, "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}},
                "decoder": {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
                            {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
                "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True, "vocab": ids(words), "merges": ["\u2581 a"]}}
    gemma = {**sentence, "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"},
             "pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False}}
    meta = {**sentence, "normalizer": None, "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": True},
            "decoder": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": True}}
    more = {**gpt2, "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Lowercase"}, {"type": "Strip", "strip_left": True, "strip_right": True}]},
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, {"type": "Whitespace"}, level]}}
    write("tokenizer", "pass_byte_level", files(gpt2))
    write("tokenizer", "pass_llama3", files(llama3, {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>"}, {"model_type": "llama"}))
    write("tokenizer", "pass_sentence", files(sentence))
    write("tokenizer", "pass_llama_class", files(sentence, {"tokenizer_class": "LlamaTokenizer", "legacy": False, "add_bos_token": True,
                                                        "add_eos_token": False, "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}, {"model_type": "llama"}))
    write("tokenizer", "pass_gemma", files(gemma, {"tokenizer_class": "GemmaTokenizer", "extra_special_tokens": {"x_token": "<x>"}}, {"model_type": "gemma3_text"}))
    write("tokenizer", "pass_metaspace", files(meta))
    write("tokenizer", "pass_normalizers", files(more))
    write("tokenizer", "fail_empty", b"")
    write("tokenizer", "fail_no_model", b"{}")
    write("tokenizer", "fail_huge_id", files({**gpt2, "model": {**gpt2["model"], "vocab": {"a": 2**31 - 1}}}))
    write("tokenizer", "fail_huge_added_id", files({**gpt2, "added_tokens": [added(2**40, "x")]}))
    write("tokenizer", "fail_merge_of_nothing", files({**gpt2, "model": {**gpt2["model"], "merges": [["a", "zz"]]}}))
    write("tokenizer", "fail_wordpiece", files({**gpt2, "model": {"type": "WordPiece", "vocab": {}}}))
    write("tokenizer", "fail_regex", files({**gpt2, "pre_tokenizer": {**split, "pattern": {"Regex": "(("}}}))
    write("tokenizer", "fail_control_characters", files({**gpt2, "normalizer": {"type": "\x1b[2J\n\x7f"}}))


def make_samples():
    cell = {"scenario": "s", "backend": "b", "precision": "p", "model": "m"}
    least = {**cell, "invocation": 0, "phase": "measured", "status": "ok", "latency_ms": 1.5}
    whole = {**cell, "invocation": 0, "segment": 0, "phase": "measured", "repetition": 0, "prompt_index": 0,
             "agent": 0, "agents": 1, "seq": 0, "status": "ok", "reason": None, "submitted_ns": 1000,
             "tokenized_ns": 1100, "first_token_ns": 1200, "finished_ns": 1300, "detokenized_ns": 1400,
             "token_ns": [200, 300], "latency_ms": 0.0003, "ttft_ms": 0.0002, "prefill_ms": None,
             "decode_ms": 0.0001, "batch_size": 1, "prompt_tokens": 3, "generated_tokens": 2, "padding_tokens": 0,
             "stop": ["length"], "outputs": ["a \"b\"\n"], "output_ids": [[1, 2]], "cpu_ms": 1, "peak_rss_mb": 2.5,
             "seed": 2**64 - 1, "overlap_ms": None, "started_at": "2026-01-01T00:00:00.000Z"}
    line = lambda *keys: "".join(json.dumps({**least, **k}) + "\n" for k in keys)
    write("samples", "pass_whole", json.dumps(whole) + "\n")
    write("samples", "pass_least", line({}, {}, {"seq": 1}, {"seq": 1}, {"invocation": 1}, {"seq": 0}))
    write("samples", "pass_torn", line({}, {}) + '{"scenario":"s","ba')
    write("samples", "pass_no_newline", line({"seq": 1}).strip())
    write("samples", "pass_crlf_and_blank", line({}).replace("\n", "\r\n") + "\r\n \t\n\n" + line({}))
    write("samples", "pass_mark", "\ufeff" + line({}))
    write("samples", "pass_other_cell", line({}, {"model": "m2"}))
    write("samples", "pass_batch", line({"outputs": ["x", None, "y"], "output_ids": [[1], [2], []], "prompt_index": 3,
                                         "stop": ["eos", 3, "length"]}))
    # As the lab writes them, without blanks, and with what the quick way leaves to the JSON reader.
    tight = lambda *keys: "".join(json.dumps(k, separators=(",", ":"), ensure_ascii=False) + "\n" for k in keys)
    write("sample_line", "pass_tight", tight(whole, {**whole, "seed": 7, "seq": 1, "stop": ["eos", "length"], "reason": "a word"}, least,
                                         {**whole, "token_ns": [-5, 10**18], "output_ids": [[], [12345678, 0]], "outputs": ["\u00e9\u2019\U0001f600", "\\/"]}))
    write("sample_line", "any_tight", tight({**least, "x": {"y": [True, False, None, {}, [], {"z": 1.25}]}}, {**least, "latency_ms": 0.1234567890123456789},
                                        {**least, "latency_ms": -0.0, "seq": 1.0, "submitted_ns": 10**19, "stop": ["a", 1, ""], "reason": "\t"},
                                        {**least, "token_ns": [1.5, "x", -0], "segment": 2**31, "repetition": 99999999, "started_at": "z" * 300}))
    write("sample_line", "any_almost", "".join(tight(least).replace("1.5", x) for x in ("01.5", "1.", ".5", "1e5", "-1", "1.5.5", "", "+1", "15x", "12345678x")))
    write("samples", "any_empty", "")
    write("samples", "any_no_json", "NaN\n[1]\n1e999\n{\n")
    write("samples", "any_nan", line({}).replace("1.5", "NaN") + line({}).replace("1.5", "1e999"))
    write("samples", "any_huge", line({"latency_ms": 1e308, "invocation": 2**31 - 1, "seq": -2**31, "submitted_ns": 2**63}))
    write("samples", "any_types", line({"latency_ms": "1.5"}, {"status": 3}, {"phase": None}, {"invocation": 1.5}, {"stop": "x"}))
    write("samples", "any_key_twice", line({})[:-2] + ', "status": "ok"}\n')
    write("samples", "any_not_utf8", line({"reason": "?"}).encode().replace(b"?", b"\xff"))


def make_csv():
    write("csv", "pass_samples", "backend,latency_ms,ttft_ms,status,invocation,prompt_id,started_at\na,1.5,1,ok,0,x,2026-01-01T00:00:00.5Z\n"
          "b,,2,failed,1,y,2026-01-01T00:00:01.5+01:00\n")
    write("csv", "pass_cells", "model;mean_ms;median_ms;first_ms;n_samples\na;1;2;3;4\n\"b\"\"c\";1e3;NaN;.5;7\n")
    write("csv", "pass_bom_crlf", b"\xef\xbb\xbfLatency (ms)\tnote\r\n1\t\"a\nb\"\r\n\r\n2\t")
    write("csv", "fail_empty", b"")
    write("csv", "fail_open_quote", 'latency_ms,x\n1,"a\n2,b\n')
    write("csv", "fail_quote_inside", 'latency_ms,x\n1,a"b\n2,b\n3,c')
    write("csv", "fail_nul", b"latency_ms\n1\x002\n")
    write("csv", "fail_two_delimiters", "latency_ms;a,b\n1;2,3\n")
    write("csv", "fail_nothing_measured", "a,b\n1,2\n")
    write("csv", "fail_control_characters", "latency_ms,\x1b[2J\x7f\n1\n1\x1b,2,3\n")
    write("csv", "any_numbers", "latency_ms,tokens,power_w\n1,5,-1\n1e999,1.5,1\n+1.,007,-.5e-3\n\"1,5\",1 000,x\n")


def make_import():
    bench = {"build_commit": "a", "build_number": 1, "cpu_info": "c", "gpu_info": "", "backends": "CPU",
             "model_filename": "m-q8_0.gguf", "model_type": "llama 7B Q8_0", "model_n_params": 7, "n_threads": 2,
             "n_prompt": 8, "n_gen": 0, "n_depth": 0, "test_time": "2026-01-01T00:00:00Z", "avg_ns": 2, "stddev_ns": 1,
             "avg_ts": 4e9, "stddev_ts": 1, "samples_ns": [1, 2, 3], "samples_ts": [8e9, 4e9, 2.7e9]}
    guide = {"metadata": {"guidellm_version": "0.8.1"}, "benchmarks": [{"config": {
        "strategy": {"type_": "constant", "rate": 2}, "backend": {"model": "m"}, "warmup": {"value": 1}},
        "scheduler_metrics": {"measure_start_time": 5}, "requests": {"successful": [
            {"request_latency": 0.5, "request_start_time": 4.5, "time_to_first_token_ms": 7, "prompt_tokens": 3, "output_tokens": 2}],
            "errored": [{"info": {"error": "no", "timings": {"request_start": 6, "request_end": 7}}}], "incomplete": []}}]}
    vllm = {"backend": "vllm", "model_id": "m", "request_rate": "inf", "max_concurrency": 2, "completed": 2, "ttfts": [0.1, 0.0],
            "itls": [[0.01, 0.02], []], "input_lens": [3, 3], "output_lens": [3, 0], "start_times": [9.5, 9.6], "errors": ["", "x"]}
    aiperf = {"metadata": {"request_start_ns": 1700000000000000000, "benchmark_phase": "profiling", "was_cancelled": False},
              "metrics": {"request_latency": {"value": 5.5, "unit": "ms"}, "time_to_first_token": {"value": 1, "unit": "ms"},
                          "output_sequence_length": {"value": 2, "unit": "tokens"}, "inter_chunk_latency": {"value": [4.5], "unit": "ms"}}}
    write("import", "pass_llama_bench", json.dumps([bench, {**bench, "n_gen": 4, "n_threads": 4}]))
    write("import", "pass_llama_bench_csv", "n_prompt,n_gen,model_filename,model_type,avg_ns,stddev_ns\n8,0,a.gguf,x,5000000000,7\n")
    write("import", "pass_guidellm", json.dumps(guide))
    write("import", "pass_guidellm_summary", json.dumps({"benchmarks": [{"config": {}, "metrics": {"request_latency": {"successful": {
        "count": 3, "mean": 0.5, "median": 0.4, "percentiles": {"p99": 1}}}}}]}))
    write("import", "pass_vllm", json.dumps(vllm))
    write("import", "pass_vllm_two", json.dumps(vllm) + "\n" + json.dumps({"completed": 2, "mean_e2el_ms": 3, "request_rate": float("inf")}))
    write("import", "pass_aiperf", json.dumps(aiperf) + "\n" + json.dumps({**aiperf, "error": {"message": "no"}}))
    write("import", "pass_aiperf_summary", json.dumps({"request_latency": {"unit": "ms", "avg": 3, "count": 2}, "metrics": 1}))
    write("import", "pass_jsonl", '{"latency_ms":1,"usage":{"output_tokens":2}}\n{"latency_ms":NaN,"status":false}\n')
    write("import", "pass_array", '[{"latency_ms":1},{"latency_ms":"2.5"}]')
    write("import", "fail_lengths", json.dumps({**vllm, "itls": []}))
    write("import", "fail_torn", json.dumps(vllm)[:-4])
    write("import", "fail_empty", b"")
    write("import", "fail_control_characters", '{"latency_ms":"\\u001b[2J\\u0000\\n"}')


def make_nist():
    anova = "Between Treatment 2 6 3 12\nWithin Treatment 3 .75 .25\n"
    linear = "Certified Regression Statistics\n B0 1 .1\n B1 2 .2\nResidual 3 1 .3\n"
    model = "Model: y\n 2 Parameters\n\n %s\n\n Start 1 Start 2\n b1 = 1 2 3 4\n b2 = .1 .2 .3 .4\n"
    rows = "Data: y x\n 1 1\n 2 2\n 4 3\n 9 5\n 9 6\n"
    write("nist", "pass_univariate", "Sample Mean ybar: 2\n n-1) s: 1\nData: Y\n---\n1\n2\n3\n")
    write("nist", "pass_anova", anova + "Data: T R\n1 10\n1 11\n2 20\n2 21\n3 30\n3 31\n")
    write("nist", "pass_anova_table", anova + "Data:\n T\n\n1 2 3\n\n10 20 30\n11 21 31\n")
    write("nist", "pass_linear", linear + rows)
    write("nist", "pass_polynomial", linear + " B2 3 .3\n" + rows)
    write("nist", "pass_exponential", model % "y = b1*exp[b2*x] + e" + rows)
    write("nist", "pass_several", model % "pi = 3\nlog[y] = (b1 - arctan[b2/(x+1)]/pi)**(-.5)\n + cos(2*pi*x)  + e" + rows)
    write("nist", "fail_no_data", linear)
    write("nist", "fail_word", linear + rows + "end\n")
    write("nist", "fail_gap", linear.replace("B1", "B7") + rows)


for make in (make_nist, make_csv, make_import, make_tokenizer, make_safetensors, make_gguf, make_onnx, make_config, make_experiment,
             make_samples):
    make()
