"""Perplexity of every local engine against torch: the loop of "Perplexity of fixed-length models" (Hugging Face
transformers, docs), log-softmax and sums in float64. Prints TAP.

usage: perplexity.py CHIMERA TEXT [MODEL].  Without MODEL one is made by `chimera model synth`.
"""

import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from tap import check, skip, done  # noqa: E402

try:
    import torch
    import transformers
except ImportError as error:
    print(f"1..0 # SKIP {error}")
    sys.exit(0)

CHIMERA, TEXT = sys.argv[1:3]
WINDOW, STRIDE, TOKENS = 96, 40, 900
THREADS = 2


def near(label, got, want, rel):
    off = abs(got - want) / abs(want) if got is not None else math.inf
    check(f"{label} within {rel:g}", off <= rel, f"got {got}, want {want}: {off:.2e} apart")


def chimera(*args, want=(0, 1)):
    done = subprocess.run([CHIMERA, "-q", "--json", "model", *args], capture_output=True, text=True)
    if done.returncode not in want:
        print(f"Bail out! chimera model {' '.join(args)}: {done.stderr}")
        sys.exit(1)
    return json.loads(done.stdout)


def rows(path, dtype, ids):
    """Of each scored token: its float64 log-probabilities, in the order of the text."""
    model = transformers.AutoModelForCausalLM.from_pretrained(path, dtype=dtype, local_files_only=True).eval()
    before = 0
    for begin in range(0, len(ids), STRIDE):
        end = min(begin + WINDOW, len(ids))
        with torch.inference_mode():
            logits = model(torch.tensor([ids[begin:end]])).logits[0].double()
        logp = torch.log_softmax(logits, -1)
        for t in range(max(before, 1), end):
            yield ids[t], logp[t - 1 - begin]
        before = end
        if end == len(ids):
            return


def main():
    torch.set_num_threads(THREADS)
    if len(sys.argv) > 3:
        model = sys.argv[3]
        path = model
    else:
        model = "synth:gpt2/L=2,d=64,h=2,vocab=1000,ctx=128,seed=5"
        path = chimera("synth", model)["path"]
    report = chimera("perplexity", model, "--text", TEXT, "-b", "transformers-cpu", "-b", "onnxruntime-cpu", "-b",
                     "llamacpp-cpu", "-p", "fp32", "-p", "bf16", "--window", str(WINDOW), "--stride", str(STRIDE),
                     "--max-tokens", str(TOKENS), "-t", str(THREADS))
    text = open(TEXT, encoding="utf-8", newline="").read()
    tokenizer = transformers.AutoTokenizer.from_pretrained(path, local_files_only=True)
    ids = tokenizer(text)["input_ids"][:TOKENS]
    offsets = tokenizer(text, return_offsets_mapping=True)["offset_mapping"][:TOKENS]
    bytes_ = len(text[offsets[0][1]:offsets[-1][1]].encode())
    reference = list(rows(path, torch.float32, ids))
    logp = [float(r[i]) for i, r in reference]
    nll = -math.fsum(logp)
    want = math.exp(nll / len(logp))
    check("the same tokens", report["tokens"] == len(ids), f"{report['tokens']}, want {len(ids)}")
    found = {(c["backend"], c["precision"]): c for c in report["configurations"]}
    for name, rel in ("transformers-cpu", 1e-6), ("onnxruntime-cpu", 1e-4), ("llamacpp-cpu", 1e-3):
        c = found[name, "fp32"]
        if c["status"] in ("unavailable", "incompatible"):
            skip(f"{name}: perplexity", c["reason"])
            continue
        p = c["perplexity"] or {}
        near(f"{name}: perplexity", p.get("perplexity"), want, rel)
        near(f"{name}: bits per byte", p.get("bits_per_byte"), nll / math.log(2) / bytes_, rel)
        check(f"{name}: every token but the first", p.get("tokens") == len(ids) - 1, f"{p.get('tokens')}")
    compare(found["transformers-cpu", "bf16"], path, ids, reference)
    compiled(model)


def compiled(model):
    """The compiled code has no logits of all positions; the eager ones are not its."""
    report = chimera("perplexity", model, "--text", TEXT, "-b", "onnxruntime-cpu", "-b", "transformers-cpu-compile",
                     "--window", str(WINDOW), "--max-tokens", "200", "-t", str(THREADS))
    c = report["configurations"][1]
    if c["status"] == "unavailable":
        skip("compiled code is not scored", c["reason"])
        return
    check("compiled code is not scored by the uncompiled model",
          c["perplexity"] is None and "last position only" in (c["reason"] or ""), f"{c['status']}: {c['reason']}")


def compare(c, path, ids, reference):
    """Two precisions of one engine: the difference, the divergence and the shared choice."""
    if c["status"] != "ok":
        skip("bf16 against fp32", c["reason"])
        return
    kl, delta, same = [], [], 0
    for (i, p), (_, q) in zip(reference, rows(path, torch.bfloat16, ids)):
        kl.append(float((p.exp() * (p - q)).sum()))
        delta.append(float(p[i] - q[i]))
        same += int(p.argmax()) == int(q.argmax())
    n = len(kl)
    near("bf16: relative increase", c["difference"]["relative_increase"], math.expm1(math.fsum(delta) / n), 1e-4)
    near("bf16: mean divergence", c["kl"]["mean"], math.fsum(kl) / n, 1e-4)
    near("bf16: largest divergence", c["kl"]["max"], max(kl), 1e-3)
    near("bf16: share of same top tokens", c["same_top"]["share"], same / n, 1e-3)


with tempfile.TemporaryDirectory() as cache:
    os.environ.setdefault("CHIMERA_CACHE", cache)
    main()
sys.exit(done())
