"""Small tokenizers in the shapes of the real families, trained here with Hugging Face tokenizers, and what `transformers`
gives for random texts. usage: tokenizer_families.py FOLDER COUNT SEED [VOCAB]
Writes FOLDER/<family>/ beside those that are there and prints JSON lines for test_tokenizer_families: for each family one with its folder, then the texts."""
import json
import os
import random
import sys

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", USE_TORCH="0", TRANSFORMERS_VERBOSITY="error")
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from transformers import AutoTokenizer

import tokenizer_cases

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
BYTES = [f"<0x{b:02X}>" for b in range(256)]


def text():
    """What is on the machine: Python's own sources, which have some Unicode, and its test data."""
    import encodings
    import unicodedata
    folder = os.path.dirname(os.path.dirname(encodings.__file__))
    names = [os.path.join(folder, n) for n in sorted(os.listdir(folder)) if n.endswith(".py")][:60]
    out = [open(n, encoding="utf-8", errors="replace").read()[:20000] for n in names]
    out += [" ".join(unicodedata.name(chr(c), "") + " " + chr(c) for c in range(b, b + 256)) for b in
            (0x80, 0x300, 0x400, 0x600, 0x900, 0x3040, 0x4e00, 0xac00, 0x1f300)]
    return [line + "\n" for part in out for line in part.split("\n")]


def byte_level(t, name, vocab, specials):
    t.train_from_iterator(text(), trainers.BpeTrainer(
        vocab_size=vocab, special_tokens=[], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    t.decoder = decoders.ByteLevel()
    t.add_special_tokens(specials)
    return t


def sentence_piece(t, vocab, specials):
    """Trained on characters; then with the 256 byte tokens, and merges for every pair that makes a token, as
    transformers makes them of a SentencePiece model."""
    t.train_from_iterator(text(), trainers.BpeTrainer(vocab_size=vocab, special_tokens=specials + BYTES,
                                                      show_progress=False, limit_alphabet=600, max_token_length=16))
    parts = json.loads(t.to_str())
    ids = parts["model"]["vocab"]
    merges = []
    for token, i in ids.items():
        if token in specials or token in BYTES:
            continue
        pairs = [(token[:k], token[k:]) for k in range(1, len(token)) if token[:k] in ids and token[k:] in ids]
        merges += [(i, ids[a], ids[b], a, b) for a, b in pairs]
    parts["model"]["merges"] = [[a, b] for _, _, _, a, b in sorted(merges)]
    parts["model"].update(byte_fallback=True, fuse_unk=True, unk_token="<unk>")
    return parts


def template(bos):
    return {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": bos, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}]}


def around(parts, bos):
    ids = [x["id"] for x in parts["added_tokens"] if x["content"] == bos]
    return dict(template(bos), special_tokens={bos: {"id": bos, "ids": ids, "tokens": [bos]}})


def llama3(vocab):
    t = Tokenizer(models.BPE(ignore_merges=True))
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(LLAMA3), "isolated"),
                                               pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    byte_level(t, "llama3", vocab, ["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"])
    parts = json.loads(t.to_str())
    parts["post_processor"] = {"type": "Sequence", "processors": [
        {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True}, around(parts, "<|begin_of_text|>")]}
    return parts, {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|begin_of_text|>", "eos_token": "<|end_of_text|>",
                   "clean_up_tokenization_spaces": True}, "llama"


def qwen2(vocab):
    t = Tokenizer(models.BPE())
    t.normalizer = normalizers.NFC()
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(QWEN2), "isolated"),
                                               pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    byte_level(t, "qwen2", vocab, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    t.add_tokens([AddedToken("<tool_call>", normalized=False), AddedToken("<think>", normalized=False)])
    parts = json.loads(t.to_str())
    parts["post_processor"] = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    added = {str(x["id"]): {k: v for k, v in x.items() if k != "id"} for x in parts["added_tokens"]}
    return parts, {"tokenizer_class": "Qwen2Tokenizer", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "bos_token": None,
                   "unk_token": None, "add_prefix_space": False, "added_tokens_decoder": added,
                   "additional_special_tokens": ["<|im_start|>", "<|im_end|>"]}, "qwen2"


def legacy(vocab):
    """Llama 2's and Mistral 0.1's first files: a normaliser makes the marks."""
    t = Tokenizer(models.BPE())
    t.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    t.pre_tokenizer = pre_tokenizers.Split("\u2581", "merged_with_next")
    parts = sentence_piece(t, vocab, ["<unk>", "<s>", "</s>"])
    parts["pre_tokenizer"] = None
    parts["decoder"] = {"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
        {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
    parts["post_processor"] = around(parts, "<s>")
    return parts, {"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "add_bos_token": True,
                   "add_eos_token": False, "legacy": True, "pad_token": None}, "mistral"


def metaspace(vocab):
    """The newer form: a pre-tokeniser makes the marks."""
    parts, config, model = legacy(vocab)
    parts["normalizer"] = None
    parts["pre_tokenizer"] = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": False}
    return parts, dict(config, legacy=False), model


def llama2(vocab):
    """Read by LlamaTokenizer, which makes its own parts."""
    parts, config, _ = legacy(vocab)
    return parts, dict(config, legacy=False), "llama"


def llama2_legacy(vocab):
    parts, config, _ = legacy(vocab)
    return parts, config, "llama"


def gemma3(vocab):
    t = Tokenizer(models.BPE())
    t.normalizer = normalizers.Replace(" ", "\u2581")
    t.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    specials = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    parts = sentence_piece(t, vocab, specials)
    ids = parts["model"]["vocab"]
    plain = ["\u2581" * n for n in range(2, 17)] + ["\n" * n for n in range(2, 9)] + ["<start_of_turn>", "<end_of_turn>", "<unused0>"]
    for token in plain:
        ids.setdefault(token, len(ids))
        parts["added_tokens"].append({"id": ids[token], "content": token, "single_word": False, "lstrip": False, "rstrip": False,
                                      "normalized": False, "special": token.startswith("<start") or token.startswith("<end")})
    parts["decoder"] = {"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}]}
    parts["post_processor"] = around(parts, "<bos>")
    added = {str(x["id"]): {k: v for k, v in x.items() if k != "id"} for x in parts["added_tokens"]}
    return parts, {"tokenizer_class": "GemmaTokenizer", "bos_token": "<bos>", "eos_token": "<eos>", "unk_token": "<unk>", "pad_token": "<pad>",
                   "mask_token": "<mask>", "added_tokens_decoder": added, "add_bos_token": True, "image_token": "<image_soft_token>",
                   "extra_special_tokens": {"boi_token": "<start_of_image>"}}, "gemma3_text"


def gpt2(vocab):
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    byte_level(t, "gpt2", vocab, ["<|endoftext|>"])
    parts = json.loads(t.to_str())
    del parts["model"]["type"]
    return parts, {"model_max_length": 1024}, "gpt2"


def odd(vocab):
    """No family's: what is left of the parts, and added tokens with every wish."""
    t = Tokenizer(models.BPE(unk_token="?", fuse_unk=False))
    t.normalizer = normalizers.Sequence([normalizers.Strip(), normalizers.NFKC(), normalizers.Lowercase(),
                                         normalizers.Replace(Regex(r"\p{P}{2,}"), ", ")])
    t.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Whitespace(), pre_tokenizers.Digits(individual_digits=False), pre_tokenizers.Split("e", "contiguous"),
        pre_tokenizers.Split(Regex(r"[aiou]+"), "merged_with_previous"), pre_tokenizers.Split(Regex("l"), "removed", invert=False),
        pre_tokenizers.Split(Regex(r"[^t]"), "merged_with_next", invert=True),
        pre_tokenizers.Metaspace(prepend_scheme="always", split=True)])
    t.train_from_iterator(text(), trainers.BpeTrainer(vocab_size=vocab, special_tokens=["?", "[x]"], show_progress=False, limit_alphabet=200))
    t.add_tokens([AddedToken("The", single_word=True, normalized=True), AddedToken(" and", lstrip=True, normalized=False),
                  AddedToken("ing", rstrip=True, normalized=False), AddedToken("<|", lstrip=True, rstrip=True, single_word=True, normalized=False),
                  AddedToken("<|endoftext|>", normalized=True, special=True)])
    t.decoder = decoders.Metaspace(prepend_scheme="always")
    return json.loads(t.to_str()), {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "[bos]", "unk_token": "?",
                                    "extra_special_tokens": ["[extra one]", "<|"]}, "llama"


def odd_forms(vocab):
    """NFD, NFKD, Digits one by one, no decoder; unknown ones fused."""
    t = Tokenizer(models.BPE(unk_token="?", fuse_unk=True))
    t.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.Strip(left=False, right=True), normalizers.NFKD()])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Digits(individual_digits=True)])
    t.train_from_iterator(text(), trainers.BpeTrainer(vocab_size=vocab, special_tokens=["?"], show_progress=False, limit_alphabet=200))
    return json.loads(t.to_str()), {}, "llama"


FAMILIES = [gpt2, llama3, qwen2, legacy, metaspace, llama2, llama2_legacy, gemma3, odd, odd_forms]


def make(folder, vocab):
    yield from sorted(n for n in os.listdir(folder) if n.startswith("synth"))
    for family in FAMILIES:
        parts, config, model = family(vocab)
        at = os.path.join(folder, family.__name__)
        os.makedirs(at, exist_ok=True)
        for name, content in (("tokenizer.json", parts), ("tokenizer_config.json", config), ("config.json", {"model_type": model})):
            with open(os.path.join(at, name), "w", encoding="utf-8") as f:
                json.dump(content, f, ensure_ascii=False)
        yield family.__name__


def texts(library, count, seed):
    r = random.Random(seed)
    words = [t for t in library.get_added_vocab()] + ["The", " and ", "singing ", "<|", "hello world", "  \n", "\u2581", "e\u0301", "\ufdfa",
                                                     "\u1100\u1161\u11a8", "\u0958", "don't", "I'LL", "12345", "\u00bd\u0663", "<0x41>", "\u0130", "\u03a3"]
    yield from tokenizer_cases.HAND
    for _ in range(count):
        parts = [tokenizer_cases.random_text(r)]
        while r.random() < 0.5:
            parts.insert(r.randrange(len(parts) + 1), r.choice(words))
            parts.append(tokenizer_cases.random_text(r))
        yield "".join(parts)


def forms(folder):
    """Every code point that a normal form or lower case may touch, between two marks, in bytes."""
    code_points = [c for c in [*range(1, 0x20000), *range(0x2f800, 0x2fa20), *range(0xe0000, 0xe0200)]
                   if not (0x3400 <= c < 0xa000 or 0xad00 <= c < 0xd700 or 0xd800 <= c < 0xf900 or 0x17000 <= c < 0x18d00)]
    for name in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase"):
        t = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}, merges=[]))
        t.normalizer = getattr(normalizers, name)()
        t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        t.decoder = decoders.ByteLevel()
        at = os.path.join(folder, "form" + name)
        os.makedirs(at)
        t.save(os.path.join(at, "tokenizer.json"))
        print(json.dumps({"folder": at, "class": "every code point", "least": len(code_points) // 128}))
        for i in range(0, len(code_points), 128):
            text = "".join("a\u0345" + chr(c) + "\u0334" + chr(c) for c in code_points[i:i + 128])
            ids = t.encode(text).ids
            print(json.dumps({"text": text, "ids": ids, "back": t.decode(ids), "some_ids": [], "decoded": ""}))


def main(folder, count, seed, vocab):
    forms(folder)
    for family in make(folder, vocab):
        library = AutoTokenizer.from_pretrained(os.path.join(folder, family))
        backend, size, r = library.backend_tokenizer, len(library), random.Random(seed)
        print(json.dumps({"folder": os.path.join(folder, family), "class": type(library).__name__, "vocab": size}))
        for i, text in enumerate(texts(library, count, seed)):
            ids = library(text)["input_ids"] if i < 500 else backend.encode(text).ids
            some = [r.randrange(size) if r.random() < 0.6 else r.randrange(min(size, 300)) for _ in range(r.randrange(12))]
            back, decoded = ((library.decode(ids), library.decode(some)) if i < 500 else
                             (backend.decode(ids, skip_special_tokens=False), backend.decode(some, skip_special_tokens=False)))
            print(json.dumps({"text": text, "ids": ids, "back": back, "some_ids": some, "decoded": decoded}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int((sys.argv + ["1500"])[4]))
