#!/usr/bin/env python3
"""Texts and what the `tokenizers` library makes of them, one JSON object a line.

usage: tokenizer_cases.py FOLDER COUNT SEED
The first line names the library's version. Then for each case: text, ids = encode(text), some_ids
(random), decoded = decode(some_ids). COUNT random texts follow the ones written by hand.
"""
import json
import random
import sys

try:
    import tokenizers
except ImportError as e:
    print(f"python3: {e}", file=sys.stderr)
    sys.exit(77)

HAND = [
    "", " ", "  ", "   ", "\n", "\n\n", " \n ", "\t\tx", "a", " a", "  a", "a ", "a  ", "a  b", "a \n b", "\r\n", "\r\n\r\nx",
    "Hello, world!", "RLHF stands for", "I'm he's they've we'll you'd can't they're",
    "I'M HE'S THEY'VE", "'s't're've'm'll'd", "''s", "don''t", " 's", "'", "''", "it's' 's", "'sx 'rex 'r 'l 'v",
    "x\u2019s it\u2019s", "1234567890", "a1b2c3", "3.14159", "½ ² ٣ Ⅳ 五", " ½", "½a", "_x_y __init__",
    "if (x == 10) {\n    return y[0];\n}\n\n\tfoo();", "https://example.org/a?b=c&d=%20",
    "naïve café résumé", "e\u0301 a\u0308 combining", "\u0301", " \u0301x", "Ångström ﬁ ﬃ ß ẞ İ ı",
    "Привет, мир! Ελληνικά ქართული", "שלום עולם", "مرحبا بالعالم ١٢٣", "\u202eRTL\u202c", "नमस्ते दुनिया", "ไทยไม่มีวรรค",
    "你好，世界。漢字かな交じり文", "한국어 텍스트 ㄱㄴㄷ", "日本語 テキスト",
    "😀", "👨‍👩‍👧‍👦", "🏳️‍🌈 🇩🇪🇫🇷", "a😀b", " 😀", "  😀", "✊🏿", "\U0001f9ff\ufe0f",
    "\u00a0", "a\u00a0b", " \u00a0 b", "\u2003x", "\u3000x", "x\u2028y\u2029z", "\u0085x", "\u180ex", "\u200bx\u200d", "\ufeffx",
    "\x00", "\x00\x01\x02\x1c\x1d\x1e\x1f", "\x7f", "\x1c x", "\u0600", "\ue000\uf8ff", "\U000f0000", "\U0010ffff", "\ufffd", "\uffff",
    "<|endoftext|>", "a<|endoftext|>b", " <|endoftext|> ", "<|endoftext|><|endoftext|>", "<|endoftext|", "<<|endoftext|>>", "<|ENDOFTEXT|>",
    "In the beginning God created the heaven and the earth.", "ababababab", "a" * 300, "the" * 100, " " * 100, "\n" * 50 + "x", "é" * 64,
    "\U00016ac0\U0001e4d0\U0001ee00", "Ω≈ç√∫˜µ≤≥÷", "¡™£¢∞§¶•ªº–≠", "ａｂｃ１２３", "ǅǈ ʰʲ ـ", "\u0488\u20dd",
]
POOLS = [
    (0x20, 0x7e), (0x20, 0x7e), (0x61, 0x7a), (0x61, 0x7a), (0x30, 0x39), (0x20, 0x2f), (0x00, 0x20), (0x80, 0xff), (0x100, 0x24f),
    (0x2b0, 0x36f), (0x370, 0x52f), (0x590, 0x6ff), (0x900, 0xdff), (0x1680, 0x1680), (0x2000, 0x206f), (0x2070, 0x218f), (0x2190, 0x2bff),
    (0x3000, 0x30ff), (0x4e00, 0x9fff), (0xac00, 0xd7a3), (0xe000, 0xffff), (0x1f300, 0x1faff), (0x10000, 0x1ffff), (0x20000, 0x32000), (0x0, 0x10ffff),
]
SNIPPETS = [" ", "  ", "\n", "\t", "'", "'s", "'ll", "'re", "'T", "<|endoftext|>", "<|", " the", " and", "ing", "\u00a0", "\u3000", "1", "😀", "\u200d", "\ufe0f"]


def random_text(r):
    parts, pool = [], r.choice(POOLS)
    for _ in range(r.choice((1, 2, 3, 5, 8, 13, 21, 40))):
        if r.random() < 0.2:
            pool = r.choice(POOLS)
        if r.random() < 0.25:
            parts.append(r.choice(SNIPPETS))
            continue
        c = r.randint(*pool)
        parts.append(chr(c if not 0xd800 <= c < 0xe000 else 0x20))
    return "".join(parts)


def main(folder, count, seed):
    t, r = tokenizers.Tokenizer.from_file(folder + "/tokenizer.json"), random.Random(seed)
    vocab = t.get_vocab_size()  # asked once: it counts them anew each time
    print(json.dumps({"library": "tokenizers", "version": tokenizers.__version__, "vocab": vocab, "seed": seed}))
    for i in range(len(HAND) + count):
        text = HAND[i] if i < len(HAND) else random_text(r)
        some = [r.randrange(vocab if r.random() < 0.4 else 256) for _ in range(r.randrange(12))]
        print(json.dumps({"text": text, "ids": t.encode(text, add_special_tokens=True).ids, "some_ids": some,
                          "decoded": t.decode(some, skip_special_tokens=False)}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
