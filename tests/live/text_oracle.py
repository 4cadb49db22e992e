#!/usr/bin/env python3
"""text_oracle.py - chimera's ROUGE and edit measures against the packages rouge_score and rapidfuzz, on random pairs:
Unicode, empty texts, lines, long texts. TAP. usage: text_oracle.py CHIMERA [PAIRS]

What is not installed is skipped. ROUGE to 1e-9, edit measures to the last bit.
"""
import json
import os
import random
import re
import string
import subprocess
import sys
import tempfile
import unicodedata

chimera = os.path.realpath(sys.argv[1])
N = int(sys.argv[2]) if len(sys.argv) > 2 else 1500
count = failed = 0

WORDS = """the a an of to and in is was it for that on with as be at by this from or have not are but had his they which
one you were all her she there would their we him been has when who will no more if out so said what up its about than
into them can only other time new some could these two may first then do any like my now over such our man me even most
made after also did many off before must well back through years where much your way down should because long each just
those people too mr how little state good world make very year still see own work men day get here old life both between
being under three never know same last another while us might great go come since against right came take used himself
few house use place during high without again home around small however found thought went say part once general skies
dying lying tying news innings outings cannings howe proceed exceed succeed happiness relational conditional rational
digitizer conformabli radicalli differentli vileli analogousli vietnamization predication operator feudalism
decisiveness hopefulness callousness formaliti sensitiviti sensibiliti triplicate formative formalize electriciti
electrical hopeful goodness revival allowance inference airliner gyroscopic adjustable defensible irritant replacement
adjustment dependent adoption homologou communism activate angulariti homologous effective bowdlerize probate rate cease
controll roll agreed feed plastered bled motoring sing conflated troubled sized hopping tanned falling hissing fizzed
failing filing happy sky enjoy spied died ties flies yyyy geologi theologi fulli alli ies ied eed generalli""".split()
LETTERS = "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789 _-.,'\"" + "äöüßéñçøİıſKΣσςЖж中文日本語ทไทย😀🚀é̈" + "       　\x1c"


def sentence(rng, n):
    out = []
    for _ in range(n):
        word = rng.choice(WORDS)
        kind = rng.random()
        if kind < 0.05:
            word = word.capitalize()
        elif kind < 0.1:
            word += rng.choice(".,;:!?-")
        elif kind < 0.15:
            word = "".join(rng.choice(LETTERS) for _ in range(rng.randint(1, 12)))
        elif kind < 0.2:
            word += rng.choice(["s", "es", "ed", "ing", "ly", "ational", "ness", "ies", "eed", "y", "ll", "logi", "alli"])
        out.append(word)
    return rng.choice([" ", " ", " ", "  ", "\n"]).join(out)


def changed(rng, text):
    letters = list(text)
    for _ in range(rng.randint(0, 1 + len(letters) // 6)):
        i = rng.randrange(len(letters) + 1)
        kind = rng.randrange(5)
        if kind == 0:
            letters.insert(i, rng.choice(LETTERS))
        elif kind == 1 and i < len(letters):
            del letters[i]
        elif kind == 2 and i < len(letters):
            letters[i] = rng.choice(LETTERS)
        elif kind == 3 and i + 1 < len(letters):
            letters[i], letters[i + 1] = letters[i + 1], letters[i]
        elif i < len(letters):
            letters[i:i] = letters[:rng.randint(0, 8)]
    return "".join(letters)


def pair(rng, i):
    kind = rng.random()
    if kind < 0.02:
        return rng.choice([("", ""), ("", "a"), ("a b", ""), (" ", "\n"), ("?", "!"), ("a", "a"), ("ab", "ba")])
    if kind < 0.15:
        few = "".join(rng.choice("ab ") for _ in range(rng.randint(0, 12)))
        return few, "".join(rng.choice("ab ") for _ in range(rng.randint(0, 12)))
    n = rng.randint(0, 24) if rng.random() > 0.03 else rng.randint(60, 400)
    a = sentence(rng, n)
    if kind < 0.5:
        return a, changed(rng, a)
    if kind < 0.65:
        words = a.split()
        rng.shuffle(words)
        return a, " ".join(words[: rng.randint(0, len(words))])
    return a, sentence(rng, rng.randint(0, 24))


def scores(folder, pairs, args):
    """Every line's value of every series, as chimera has it. Texts are parted by NUL."""
    paths = []
    for k in range(2):
        path = os.path.join(folder, "side%d" % k)
        with open(path, "wb") as f:
            f.write(b"".join(p[k].encode() + b"\0" for p in pairs))
        paths.append(path)
    out = subprocess.run([chimera, "quality", "--json", "--per-line", "--bootstrap", "0", "--delimiter", "\\0",
                          "--ref", paths[0], "--pred", paths[1], *args], stdout=subprocess.PIPE, check=True).stdout
    return {k: v["lines"] for k, v in json.loads(out)["systems"][0]["scores"].items()}


def ok(label, wrong, total):
    global count, failed
    count += 1
    print("%sok %d - %s: %d values" % ("not " if wrong else "", count, label, total))
    for line in wrong[:5]:
        print("#", line)
    if wrong:
        print("# %d wrong" % len(wrong))
    failed += bool(wrong)


def skip(label, why):
    global count
    count += 1
    print("ok %d - %s # SKIP %s" % (count, label, why))


def check_rouge(folder, pairs, stem):
    from rouge_score import rouge_scorer
    types = ["rouge1", "rouge2", "rouge3", "rouge4", "rougeL", "rougeLsum"]
    scorer = rouge_scorer.RougeScorer(types, use_stemmer=stem)
    got = scores(folder, pairs, ["--metric", "rouge", "--rouge-types", ",".join(types)] + (["--stem"] if stem else []))
    wrong, total = [], 0
    for i, (target, prediction) in enumerate(pairs):
        for name, want in scorer.score(target, prediction).items():
            for part, value in (("", want.fmeasure), ("_precision", want.precision), ("_recall", want.recall)):
                total += 1
                if abs(got[name + part][i] - value) > 1e-9:
                    wrong.append("%s%s of %a, %a: %r, want %r" % (name, part, target[:60], prediction[:60],
                                                                  got[name + part][i], value))
    ok("ROUGE as rouge_score has it, %s" % ("stems" if stem else "words"), wrong, total)


def check_edit(folder, pairs):
    from rapidfuzz import distance as d, fuzz
    want = {
        "levenshtein": d.Levenshtein.distance, "levenshtein_similarity": d.Levenshtein.normalized_similarity,
        "indel": d.Indel.distance, "indel_similarity": d.Indel.normalized_similarity, "lcs": d.LCSseq.similarity,
        "lcs_similarity": d.LCSseq.normalized_similarity, "osa": d.OSA.distance,
        "osa_similarity": d.OSA.normalized_similarity, "damerau": d.DamerauLevenshtein.distance,
        "damerau_similarity": d.DamerauLevenshtein.normalized_similarity, "prefix": d.Prefix.similarity,
        "postfix": d.Postfix.similarity, "jaro": d.Jaro.similarity, "jaro_winkler": d.JaroWinkler.similarity,
        "ratio": fuzz.ratio, "partial_ratio": fuzz.partial_ratio, "token_sort_ratio": fuzz.token_sort_ratio,
        "token_set_ratio": fuzz.token_set_ratio, "token_ratio": fuzz.token_ratio,
        "partial_token_sort_ratio": fuzz.partial_token_sort_ratio,
        "partial_token_set_ratio": fuzz.partial_token_set_ratio, "partial_token_ratio": fuzz.partial_token_ratio,
        "wratio": fuzz.WRatio, "qratio": fuzz.QRatio,
    }
    got = scores(folder, pairs, ["--metric", "edit", "--edit-types", "all"])
    for name, of in want.items():
        wrong = []
        for i, (a, b) in enumerate(pairs):
            value = of(a, b)
            if got[name][i] != value:
                wrong.append("%a, %a: %r, want %r" % (a[:60], b[:60], got[name][i], value))
        ok("%s as rapidfuzz has it" % name, wrong, len(pairs))


def check_exact(folder, pairs):
    """want: the steps of SQuAD's evaluate-v1.1.py, and unicodedata's normal forms."""
    def squad(text):
        text = "".join(c for c in text.lower() if c not in string.punctuation)
        return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())

    more = [(a, a.upper()) for a, b in pairs] + [(a, unicodedata.normalize("NFD", a)) for a, b in pairs]
    for normalize, form in (("squad", "none"), ("none", "nfc"), ("none", "nfkc"), ("squad", "nfkc")):
        got = scores(folder, more, ["--metric", "exact", "--exact-normalize", normalize, "--unicode", form])
        wrong = []
        for i, texts in enumerate(more):
            x, y = (t if form == "none" else unicodedata.normalize(form.upper(), t) for t in texts)
            if normalize == "squad":
                x, y = squad(x), squad(y)
            if got["exact_match"][i] != (x == y):
                wrong.append("%a, %a: %r" % (texts[0][:60], texts[1][:60], got["exact_match"][i]))
        ok("exact match, %s, %s" % (normalize, form), wrong, len(more))


with tempfile.TemporaryDirectory() as folder:
    rng = random.Random(int(os.environ.get("SEED", "1")))
    pairs = [pair(rng, i) for i in range(N)]
    try:
        check_rouge(folder, pairs, False)
        check_rouge(folder, pairs, True)
    except ImportError as e:
        skip("ROUGE as rouge_score has it", str(e))
    try:
        check_edit(folder, pairs)
    except ImportError as e:
        skip("edit measures as rapidfuzz has them", str(e))
    check_exact(folder, pairs)
print("1..%d" % count)
sys.exit(failed > 0)
