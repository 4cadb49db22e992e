"""BLEU, chrF and the tokenisers against the package `sacrebleu` itself, on random text (TAP).

usage: sacrebleu.py TEXT_SCORES [SEGMENTS [SEED]]; skips with the reason where the package is absent.
What is compared: each tokeniser's words; corpus scores, what is printed beside them and sentence scores, to 1e-9.
"""

import logging
import random
import subprocess
import sys
import unicodedata

sys.path = [p for p in sys.path if not p.endswith("tests/live")]  # this file has the package's name
try:
    import sacrebleu
    from sacrebleu.metrics import BLEU, CHRF
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a
    from sacrebleu.tokenizers.tokenizer_char import TokenizerChar
    from sacrebleu.tokenizers.tokenizer_intl import TokenizerV14International
    from sacrebleu.tokenizers.tokenizer_none import NoneTokenizer
except ImportError as e:
    print(f"1..0 # SKIP the Python package sacrebleu is not here ({e}); pip install sacrebleu")
    sys.exit(0)
logging.disable(logging.WARNING)

TOKENIZERS = {"13a": Tokenizer13a(), "intl": TokenizerV14International(), "char": TokenizerChar(),
              "none": NoneTokenizer()}
n_segments = int(sys.argv[2]) if len(sys.argv) > 2 else 12000
rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 20261121)


def of_category(wanted, n):
    """n characters of the categories, among those that every Unicode version in play has."""
    every = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) in wanted]
    return rng.sample(every, min(n, len(every)))


POOLS = [
    list("abcdefghijklmnopqrstuvwxyz"),
    list("ABCXYZ\u0130\u03a3\u03a3\u0391\u03b1\u01c5\u1e9e\u212a\u00c9\u00df\u023a"),
    list("0123456789"),
    list(".,.,-"),
    list("!\"#$%&'()*+/:;<=>?@[\\]^_`{|}~"),
    of_category({"Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po"}, 150),
    of_category({"Sm", "Sc", "Sk", "So"}, 150),
    of_category({"Nd", "Nl", "No"}, 100),
    of_category({"Mn", "Mc", "Me", "Cf", "Lm"}, 100),
    of_category({"Lu", "Lt"}, 150),
    of_category({"Lo", "Ll"}, 150),
    list("\t\u00a0\u2009\u3000\u2028\u0085\u001c\x0b\u200b\ufeff\x00"),
    ["&quot;", "&amp;", "&lt;", "&gt;", "&amp;lt;", "&apos;", "&", "<skipped>", "<skip", "-\n", "\n", "3.14", "1,000",
     "...", "..", ".5", "5.", "12-34", "'s"],
]


def atom():
    return rng.choice(POOLS[min(int(rng.expovariate(0.35)), len(POOLS) - 1)] if rng.random() < 0.5 else
                      rng.choice(POOLS))


VOCABULARY = ["".join(atom() for _ in range(rng.randint(1, 6))) for _ in range(400)]


def segment():
    kind = rng.random()
    if kind < 0.03:
        return rng.choice(["", " ", "\t", "\u00a0", ".", "\n"])
    if kind < 0.25:
        return "".join(atom() for _ in range(rng.randint(1, 40)))
    return rng.choice([" ", " ", " ", "  ", "\u00a0", ""]).join(
        rng.choice(VOCABULARY) for _ in range(rng.randint(1, 25)))


def variant(text):
    """text with some of its pieces changed, so that long n-grams match."""
    parts = text.split(" ")
    for _ in range(rng.randint(0, 4)):
        i = rng.randrange(len(parts))
        change = rng.random()
        if change < 0.4:
            parts[i] = rng.choice(VOCABULARY)
        elif change < 0.6:
            parts.insert(i, parts[rng.randrange(len(parts))])
        elif change < 0.8 and len(parts) > 1:
            del parts[i]
        else:
            parts[i] = parts[i].swapcase()
    return " ".join(parts)


scores = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def ask(line, segments):
    """segments: [(hyp, [refs])]; returns the corpus's line (None for words) and the segments' lines."""
    out = [f"{line} {len(segments)}\n".encode()]
    for hyp, refs in segments:
        out.append(f"{len(refs)}\n".encode())
        for text in [hyp, *refs]:
            raw = text.encode()
            out.append(f"{len(raw)}\n".encode() + raw)
    scores.stdin.write(b"".join(out))
    scores.stdin.flush()
    words = line.startswith("words")
    got = [scores.stdout.readline()[:-1].decode() for _ in range(len(segments) + (not words))]
    return (None, got) if words else (got[0].split("\t"), got[1:])


count = failed = 0


def check(label, ok, why=""):
    global count, failed
    count += 1
    failed += not ok
    print(f"{'ok' if ok else 'not ok'} {count} - {label}")
    if not ok:
        print(f"# {why}")


def near(got, want):
    return abs(float(got) - want) <= 1e-9 * max(1.0, abs(want))


def check_words(texts):
    for name, tokenizer in TOKENIZERS.items():
        for lower in (False, True):
            _, got = ask(f"words {name} {int(lower)}", [(t, []) for t in texts])
            wrong = ""
            for text, words in zip(texts, got):
                want = tokenizer((text.lower() if lower else text).rstrip()).split()
                if [w for w in words.split(" ") if w] != want:
                    wrong = f"{text!r}: got {words.split(' ')}, want {want}"
            check(f"words of {len(texts)} segments, {name}, {'lower' if lower else 'mixed'} case", not wrong, wrong)


def check_metric(metric, request, segments, sentence):
    n = max(len(refs) for _, refs in segments)
    streams = [[refs[k] if k < len(refs) else None for _, refs in segments] for k in range(n)]
    score = metric.corpus_score([h for h, _ in segments], streams)
    signature = metric.get_signature()
    mark = f"version:{sacrebleu.__version__}", f"v:{sacrebleu.__version__}"
    head, got = ask(request, segments)
    beside = score._verbose if isinstance(metric, BLEU) else score.name
    wrong = ""
    if not near(head[0], score.score) or head[1] != beside:
        wrong = f"corpus: got {head[:2]}, want {score.score} {beside}"
    for k, short in enumerate((False, True)):
        ours = head[2 + k].split("-chimera-")[0]
        if ours.rsplit(":", 1)[0] != signature.format(short).rsplit(":", 1)[0] or "chimera" not in head[2 + k]:
            wrong = f"signature: got {head[2 + k]}, want {signature.format(short)} ({mark[k]})"
    for (hyp, refs), one in zip(segments, got):
        want = sentence.sentence_score(hyp, refs).score
        if not near(one, want):
            wrong = f"{hyp!r} against {refs!r}: got {one}, want {want}"
    check(f"{request}, {len(segments)} segments", not wrong, wrong)


corpus = []
for _ in range(n_segments):
    reference = segment()
    refs = [reference] + [variant(reference) for _ in range(rng.choice([0, 0, 0, 1, 2]))]
    corpus.append((variant(reference) if rng.random() < 0.9 else segment(), refs))
check_words([h for h, _ in corpus])

CHUNKS = 48
size = max(1, len(corpus) // CHUNKS)
for k in range(CHUNKS):
    part = corpus[k * size:(k + 1) * size]
    if k % 2:
        part = [(h, r[:1]) for h, r in part]
    if k % 3:
        tok = rng.choice(list(TOKENIZERS))
        smooth = rng.choice(["exp", "floor", "add-k", "none"])
        value = rng.choice([None, 0.01, 0.5, 2.0]) if smooth in ("floor", "add-k") else None
        lower, effective = rng.random() < 0.5, rng.random() < 0.5
        options = {"lowercase": lower, "tokenize": tok, "smooth_method": smooth, "smooth_value": value}
        check_metric(BLEU(effective_order=effective, **options),
                     f"bleu {tok} {int(lower)} {smooth} {'-' if value is None else value} {int(effective)}", part,
                     BLEU(effective_order=True, **options))
    else:
        c, w, beta = rng.choice([6, 6, 4, 1, 8]), rng.choice([0, 2, 1, 3]), rng.choice([2, 2, 1, 3, 0])
        lower, white, eps = (rng.random() < 0.5 for _ in range(3))
        metric = CHRF(c, w, beta, lower, white, eps)
        check_metric(metric, f"chrf {c} {w} {beta} {int(lower)} {int(white)} {int(eps)}", part, metric)

print(f"# {len(corpus)} segments, sacrebleu {sacrebleu.__version__}")
scores.stdin.close()
check("text_scores ended well", scores.wait() == 0)
print(f"1..{count}\n# {count - failed} passed, {failed} failed")
sys.exit(failed > 0)
