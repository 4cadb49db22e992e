"""For bench/quality.sh: times `chimera quality` and the Python references in turn, and compares their values.

usage: quality_references.py CHIMERA FOLDER PAIRS ROUNDS. Writes FOLDER/<figure>: the ratio of each round, one a line,
and FOLDER/<figure>.whole, the same with all of our process; prints a line for each metric. A package that is absent is named on a line that begins with "skip"; values that
differ by more than 1e-9 of themselves end it with 1.
"""

import bisect
import importlib
import itertools
import json
import os
import random
import resource
import subprocess
import sys
import time

CHIMERA, FOLDER, PAIRS, ROUNDS = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
PRED, REF = os.path.join(FOLDER, "pred.txt"), os.path.join(FOLDER, "ref.txt")


def corpus(n):
    """Sentence-like pairs: 12 to 28 words of a vocabulary of 8,000, the one of rank r with the weight 1 / (r + 2.7)
    (Zipf and Mandelbrot's law, English's own constant), some commas, numbers and letters outside ASCII; a prediction is its reference with about a quarter of the words exchanged, left out,
    put in or moved."""
    rng = random.Random(20261121)
    letters = "etaoinshrdlucmfwypvbgk" * 4 + "\u00e9\u00fc\u00f1"
    words = ["".join(rng.choice(letters) for _ in range(rng.randint(1, 10))) for _ in range(8000)]
    mass = list(itertools.accumulate(1 / (r + 2.7) for r in range(1, len(words) + 1)))

    def word():
        return words[bisect.bisect(mass, rng.random() * mass[-1])]

    def sentence():
        out = [word() for _ in range(rng.randint(12, 28))]
        out[rng.randrange(len(out))] += ","
        if rng.random() < 0.3:
            out[rng.randrange(len(out))] = rng.choice(["3.14", "1,000", "12", "2026"])
        return out

    def change(ref):
        out = list(ref)
        for _ in range(len(ref) // 4):
            i, how = rng.randrange(len(out)), rng.random()
            if how < 0.5:
                out[i] = word()
            elif how < 0.7 and len(out) > 2:
                del out[i]
            elif how < 0.85:
                out.insert(i, word())
            else:
                j = rng.randrange(len(out))
                out[i], out[j] = out[j], out[i]
        return out

    refs = [sentence() for _ in range(n)]
    return [" ".join(change(r)).capitalize() + "." for r in refs], [" ".join(r).capitalize() + "." for r in refs]


def write(n, preds, refs):
    for path, lines in ((PRED, preds), (REF, refs)):
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(lines[:n]) + "\n")


# ---- the references: each gives {name: (value of all, values of lines)} ----------------------------------


def bleu(preds, refs):
    from sacrebleu.metrics import BLEU
    return {"bleu": (BLEU().corpus_score(preds, [refs]).score, None)}


def bleu_lines(preds, refs):
    from sacrebleu.metrics import BLEU
    alone = BLEU(effective_order=True)
    return {"bleu": (None, [alone.sentence_score(p, [r]).score for p, r in zip(preds, refs)])}


def chrf(preds, refs):
    from sacrebleu.metrics import CHRF
    return {"chrf": (CHRF().corpus_score(preds, [refs]).score, None)}


def chrf_plus(preds, refs):
    from sacrebleu.metrics import CHRF
    return {"chrf": (CHRF(word_order=2).corpus_score(preds, [refs]).score, None)}


def rouge(preds, refs):
    from rouge_score import rouge_scorer
    names = ["rouge1", "rouge2", "rougeL", "rougeLsum"]
    scorer = rouge_scorer.RougeScorer(names)
    scores = [scorer.score(r, p) for p, r in zip(preds, refs)]
    lines = {k: [s[k].fmeasure for s in scores] for k in names}
    return {k: (sum(v) / len(v), v) for k, v in lines.items()}


def edit_with(levenshtein, fuzz, preds, refs):
    lines = {
        "levenshtein": [levenshtein.distance(p, r) for p, r in zip(preds, refs)],
        "levenshtein_similarity": [levenshtein.normalized_similarity(p, r) for p, r in zip(preds, refs)],
        "ratio": [fuzz.ratio(p, r) for p, r in zip(preds, refs)],
    }
    return {k: (sum(v) / len(v), v) for k, v in lines.items()}


def edit_python(preds, refs):
    return edit_with(importlib.import_module("rapidfuzz.distance.Levenshtein_py"),
                     importlib.import_module("rapidfuzz.fuzz_py"), preds, refs)


def edit_cpp(preds, refs):
    return edit_with(importlib.import_module("rapidfuzz.distance.Levenshtein"),
                     importlib.import_module("rapidfuzz.fuzz"), preds, refs)


ROWS = [  # figure, package, reference, pairs that it is timed on, options of chimera quality
    ("bleu", "sacrebleu", bleu, 10000, ["--metric", "bleu"]),
    ("chrf", "sacrebleu", chrf, 5000, ["--metric", "chrf"]),
    ("chrf++", "sacrebleu", chrf_plus, 5000, ["--metric", "chrf", "--chrf-word-order", "2"]),
    ("rouge", "rouge_score", rouge, 3000, ["--metric", "rouge"]),
    ("edit-python", "rapidfuzz", edit_python, 3000, ["--metric", "edit"]),
    ("edit-c++", "rapidfuzz", edit_cpp, 100000, ["--metric", "edit"]),
]


# Reads and checks the files, computes no metric, and says so: what is left when it is taken off is the scoring.
NOTHING = ["--metric", "semantic"]


def ours(options, lines=False):
    """The answer and the process's CPU time: start, reading, scoring, writing, all of it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    p = subprocess.run([CHIMERA, "--json", "quality", "--pred", PRED, "--ref", REF, "--bootstrap", "0", *options,
                        *(["--per-line"] if lines else [])], stdout=subprocess.PIPE, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return json.loads(p.stdout)["systems"][0]["scores"], cpu


def theirs(reference, preds, refs):
    """The answer and the CPU time of the call alone, without starting Python and without reading."""
    begin = time.process_time()
    values = reference(preds, refs)
    return values, time.process_time() - begin


def near(a, b):
    return abs(a - b) <= 1e-9 * max(1.0, abs(b))


def compare(figure, scores, want):
    bad = n = 0
    for name, (value, lines) in want.items():
        got = scores[name]
        if value is not None:
            n += 1
            bad += not near(got["value"], value)
        if lines is not None:
            n += len(lines)
            bad += len(got["lines"]) != len(lines) or sum(not near(x, y) for x, y in zip(got["lines"], lines))
    print(f"  {figure}: {n} values compared, {bad} differ by more than 1e-9", flush=True)
    return bad


def main():
    preds, refs = corpus(PAIRS)
    bad = done = 0
    for figure, package, reference, most, options in ROWS:
        try:
            importlib.import_module(package)
        except ImportError as error:
            print(f"skip {figure}: {error}", flush=True)
            continue
        n = min(most, PAIRS)
        write(n, preds, refs)
        theirs(reference, preds[:100], refs[:100])  # imports and caches are no part of a round
        scores, _ = ours(options, lines=True)
        bad += compare(figure, scores, reference(preds[:n], refs[:n]))
        if figure == "bleu":
            bad += compare("sentence bleu", scores, bleu_lines(preds[:n], refs[:n]))
        write(PAIRS, preds, refs)
        rounds = []
        for k in range(ROUNDS):
            pair = {}
            for who in ("ours", "theirs") if k % 2 else ("theirs", "ours"):
                if who == "theirs":
                    pair["theirs"] = theirs(reference, preds[:n], refs[:n])[1] / n
                    continue
                pair["whole"] = ours(options)[1] / PAIRS
                pair["ours"] = pair["whole"] - ours(NOTHING)[1] / PAIRS
            rounds.append(pair)
        for name, who in ((figure, "ours"), (figure + ".whole", "whole")):
            with open(os.path.join(FOLDER, name), "w", encoding="utf-8") as f:
                f.writelines(f"{r['theirs'] / r[who]:.4g}\n" for r in rounds)
        us = {w: sorted(r[w] for r in rounds)[len(rounds) // 2] * 1e6 for w in rounds[0]}
        print(f"  {figure}: {us['ours']:.3g} us a pair ({us['whole']:.3g} with start, reading and writing) on {PAIRS} pairs, "
              f"{package} {us['theirs']:.4g} us on {n}", flush=True)
        done += 1
    return 1 if bad else 77 if not done else 0


sys.exit(main())
