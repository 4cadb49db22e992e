"""Drives the transformers worker as the lab does, over pipes, and prints TAP.

usage: transformers_worker.py CHIMERA WORKER.  The model is made by `chimera model synth`; what the worker
gives is compared with model.generate() and model.forward() of transformers itself, which is the other
implementation of the same thing, and the sampler with a plain transcription of src/backend/sampler.h.
"""

import importlib.util
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from tap import check, done  # noqa: E402

try:
    import numpy as np
    import torch
    import transformers
except ImportError as error:
    print(f"1..0 # SKIP {error}")
    sys.exit(0)

CHIMERA, WORKER = sys.argv[1:3]


class Worker:
    def __init__(self, backend, model, precision="fp32", **more):
        reader, writer = os.pipe()
        self.process = subprocess.Popen([sys.executable, WORKER], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        preexec_fn=lambda: os.dup2(writer, 3), pass_fds=(3,))
        os.close(writer)
        self.replies = os.fdopen(reader, "rb")
        self.loaded = self.ask(op="load", backend=backend, precision=precision, model="m", model_path=model,
                               device="cpu", threads=1, max_context=128, seed=0, options={}, **more)

    def ask(self, **q):
        self.process.stdin.write(json.dumps(q).encode() + b"\n")
        self.process.stdin.flush()
        line = self.replies.readline()
        return json.loads(line) if line else {"event": "nothing"}

    def run(self, prompts, n, **more):
        return self.ask(op="run", id=7, prompts=prompts, max_tokens=n, **{"temperature": 0, "stop_on_eos": False, **more})

    def end(self):
        self.process.stdin.close()
        return self.process.wait(20)


def reference(model, tokenizer, prompts, n):
    ids = [tokenizer(p)["input_ids"] for p in prompts]
    out = []
    for one in ids:
        given = torch.tensor([one])
        with torch.inference_mode():
            got = model.generate(given, attention_mask=torch.ones_like(given), max_new_tokens=n, min_new_tokens=n,
                                 do_sample=False, eos_token_id=None, pad_token_id=0)
        out.append(got[0, len(one):].tolist())
    return out


def sampled(model, tokenizer, prompt, n, temperature, top_p, seed):
    """src/backend/sampler.h, word by word."""
    rng, ids, new = np.random.Generator(np.random.PCG64(seed)), tokenizer(prompt)["input_ids"], []
    for _ in range(n):
        with torch.inference_mode():
            x = model(input_ids=torch.tensor([ids + new])).logits[0, -1].double().tolist()
        top = max(x) / temperature
        p = [math.exp(v / temperature - top) for v in x]
        total = sum(p)
        order = sorted(range(len(p)), key=lambda i: (-p[i], i))
        kept, mass = [], 0.0
        for i in order:
            if kept and mass >= top_p:
                break
            kept.append(i)
            mass += p[i] / total
        u, running = rng.random() * mass, 0.0
        for i in kept:
            running += p[i] / total
            if running > u:
                break
        new.append(i)
    return new


def test_engine(backend, path, model, tokenizer):
    w = Worker(backend, path)
    loaded, say = w.loaded, f"{backend}: "
    check(say + "loads, and is what its label says", loaded.get("event") == "loaded" and loaded["label_ok"], loaded)
    if loaded.get("event") != "loaded":
        return
    n_params = sum(p.numel() for p in model.parameters())
    check(say + "counts the parameters", loaded["model"]["n_params"] == n_params, loaded["model"])
    evidence = loaded["evidence"]
    check(say + "all weights and products are float32",
          evidence["weights_by_dtype"] == evidence["matmul_by_dtype"] == {"float32": 1.0}, evidence)

    prompts = ["Once upon a time", "one two three four five six seven", "tea", "  spaces\n"]
    want = reference(model, tokenizer, prompts, 12)
    for prompt, ids in zip(prompts, want):
        got = w.run([prompt], 12)
        check(say + f"greedy equals generate() for {prompt!r}", got.get("output_ids") == [ids], f"{got}, want {ids}")
    got = w.run(prompts, 12)
    check(say + "a padded batch equals its sequences", got.get("output_ids") == want, f"{got}, want {want}")
    lengths = [len(tokenizer(p)["input_ids"]) for p in prompts]
    check(say + "padding is counted apart", got["prompt_tokens"] == lengths and
          got["padding_tokens"] == sum(max(lengths) - n for n in lengths), got)
    stamps = [got["submitted"], got["tokenized"], *got["token_ns"], got["detokenized"]]
    check(say + "stamps rise and agree", stamps == sorted(stamps) and len(got["token_ns"]) == 12 and
          got["first_token"] == got["token_ns"][0] and got["finished"] == got["token_ns"][-1], got)
    check(say + "outputs are the ids' text", got["outputs"] == [tokenizer.decode(i) for i in want], got["outputs"])

    got = w.run(["Once upon a time"], 8, temperature=0.9, top_p=0.8, seed=5)
    want = sampled(model, tokenizer, "Once upon a time", 8, 0.9, 0.8, 5)
    check(say + "the sampler draws what the C engines draw", got.get("output_ids") == [want], f"{got}, want {want}")
    pair = w.run(["Once upon a time"] * 2, 8, temperature=0.9, top_p=0.8, seed=4)
    check(say + "sequence k draws from seed + k", pair.get("output_ids", [0, 0])[1] == want, f"{pair}, want {want}")
    test_logits(w, say, path, model, tokenizer)
    if backend.endswith("-compile"):
        proof = (w.run(prompts, 2).get("evidence") or evidence)["compile"]
        check(say + "was really compiled, without breaks", proof["happened"] and proof["graphs"] >= 2 and
              proof["breaks"] == proof["recompiles"] == 0 and proof["fallback"] is None, proof)
    test_refusals(w, say, loaded["model"]["n_ctx"])
    check(say + "ends at the end of input", w.end() == 0)


def test_logits(w, say, folder, model, tokenizer):
    sequences = [tokenizer(t)["input_ids"] for t in ("abcdefg hij", "xy")]
    with torch.inference_mode():
        want = np.concatenate([model(input_ids=torch.tensor([s])).logits[0].numpy() for s in sequences])
    file = os.path.join(os.path.dirname(folder), "logits")
    for path in ("prefill", "decode", "batch"):
        reply = w.ask(op="logits", id=1, tokens=sequences, path=path, file=file)
        got = np.fromfile(file, dtype=np.float32).reshape(-1, reply.get("vocab") or 1)
        far = float(abs(got - want).max() / want.std()) if got.shape == want.shape else math.inf
        check(say + f"logits by {path} equal forward()", far < 2e-5, f"{far}, {reply}")


def test_refusals(w, say, n_ctx):
    for label, reply in (
        ("an empty prompt", w.run([""], 4)), ("no tokens wanted", w.run(["a"], 0)),
        ("no prompts", w.ask(op="run", id=7, max_tokens=3)), ("more than the context", w.run(["a"], n_ctx + 1)),
        ("an unknown operation", w.ask(op="rum", id=7)), ("a token outside the vocabulary",
         w.ask(op="logits", id=7, tokens=[[10**7]], path="prefill", file="/dev/null")),
    ):
        check(say + f"{label} is refused", reply["event"] == "error" and reply["status"] == "error" and reply["reason"], reply)
    check(say + "and goes on", w.run(["a b"], 2).get("event") == "sample")


def test_eos(path, model, tokenizer):
    """The model's end is made the token that greedy decoding gives third for one of two prompts."""
    prompts = ["Once upon a time", "tea"]
    ids = reference(model, tokenizer, prompts, 6)
    for name in ("config.json", "generation_config.json"):
        file = os.path.join(path, name)
        if os.path.exists(file):
            with open(file, encoding="utf-8") as f:
                config = json.load(f)
            with open(file, "w", encoding="utf-8") as f:
                json.dump({**config, "eos_token_id": ids[0][2]}, f)
    want = [x[:x.index(ids[0][2]) + 1] if ids[0][2] in x else x for x in ids]
    w = Worker("transformers-cpu", path)
    got = w.run(prompts, 6, stop_on_eos=True)
    check("a sequence ends at its end, and the batch goes on", got.get("output_ids") == want and
          got["stop"] == ["eos" if len(x) < 6 or x[-1] == ids[0][2] else "length" for x in want] and
          got["generated_tokens"] == [len(x) for x in want], f"{got}, want {want}")
    got = w.run(prompts, 6)
    check("stop_on_eos false goes past it", got.get("output_ids") == ids, f"{got}, want {ids}")
    w.end()


def test_statuses():
    spec = importlib.util.spec_from_file_location("chimera_worker", WORKER)
    worker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(worker)
    torch_says = "[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory: you tried to " \
                 "allocate 4398046511104 bytes. Error code 12 (Cannot allocate memory)"
    try:
        torch.empty(1 << 60)
        said = None
    except RuntimeError as error:
        said = worker.status_of(error)
    check("torch's own refusal of memory is oom", said == "oom" and worker.status_of(RuntimeError(torch_says)) == "oom" and
          worker.status_of(MemoryError()) == "oom" and worker.status_of(ValueError("x")) == "error", said)


def main():
    test_statuses()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CHIMERA_CACHE"] = os.path.join(folder, "cache")
        path = os.path.join(folder, "model")
        subprocess.run([CHIMERA, "model", "synth", "synth:gpt2/L=2,d=64,h=4,vocab=1000,ctx=128,seed=42", "-o", path], check=True,
                       stdout=subprocess.DEVNULL)
        tokenizer = transformers.AutoTokenizer.from_pretrained(path)
        model = transformers.AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval()
        for backend in ("transformers-cpu", "transformers-cpu-compile"):
            test_engine(backend, path, model, tokenizer)
        w = Worker("transformers-cpu", path, "int8")
        check("int8 is incompatible", w.loaded.get("status") == "incompatible" and w.end() == 1, w.loaded)
        w = Worker("transformers-cpu", path, "bf16")
        got = w.loaded.get("evidence", {})
        check("bf16 is bf16", got.get("matmul_by_dtype") == {"bfloat16": 1.0} and w.loaded["label_ok"], w.loaded)
        w.end()
        w = Worker("transformers-cpu", folder)
        check("a folder without a model is unavailable", w.loaded.get("status") == "unavailable", w.loaded)
        if not torch.cuda.is_available():
            w = Worker("transformers-gpu", path)
            check("no GPU is unavailable", w.loaded.get("status") == "unavailable", w.loaded)
        test_eos(path, model, tokenizer)
        os.environ["CXX"] = "/nonexistent"
        os.environ["CHIMERA_CACHE"] = os.path.join(folder, "other")
        w = Worker("transformers-cpu-compile", path)
        proof = w.loaded.get("evidence", {}).get("compile", {})
        check("without a compiler the label is withdrawn", w.loaded.get("label_ok") is False and not proof["happened"]
              and proof["fallback"] == "eager" and proof["reason"], w.loaded)
        w.end()
    return done()


sys.exit(main())
