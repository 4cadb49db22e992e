#!/usr/bin/env python3
"""Every form of an ONNX export gives the values that it should: logits through the worker, against those of the fp32
export of the same model; and what another sequence in the batch may change. TAP. usage: onnx_forms.py CHIMERA

The bounds of rounding are of this model (seeded, so that its logits are the same everywhere) with half as much again to
spare; a wrong scale, a wrong zero or rows that share a step are tens of percent."""

import array
import json
import math
import os
import subprocess
import sys
import tempfile

CHIMERA = os.path.abspath(sys.argv[1])
count = failed = 0
LONG = [[(7 * i + 13 * k) % 600 for i in range(40)] for k in range(3)]
SHORT = [[5, 300, 17, 42, 599, 1]]


def check(label, fine, seen=""):
    global count, failed
    count += 1
    failed += not fine
    print(f"{'ok' if fine else 'not ok'} {count} - {label}{'' if fine else f'  # {seen}'}")


def logits(folder, precision, batches, backend="onnxruntime-cpu"):
    """One list of floats per batch: of its first sequence."""
    with tempfile.TemporaryDirectory() as work:
        name = os.path.join(work, "logits")
        requests = [{"op": "load", "backend": backend, "precision": precision, "model": folder, "model_path": folder,
                     "device": "cpu", "threads": 1, "max_context": 64, "max_batch": 4, "seed": 1, "options": {}}]
        requests += [{"op": "logits", "id": i, "tokens": b, "path": "batch", "file": f"{name}{i}"}
                     for i, b in enumerate(batches)]
        text = "".join(json.dumps(q) + "\n" for q in requests) + '{"op":"quit"}\n'
        with open(os.path.join(work, "replies"), "w+b") as replies:
            subprocess.run([CHIMERA, "worker"], input=text.encode(), stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, timeout=240, check=False,
                           preexec_fn=lambda: os.dup2(replies.fileno(), 3), pass_fds=(3,))
            replies.seek(0)
            said = [json.loads(line) for line in replies]
        bad = [r for r in said if r["event"] == "error"]
        if bad:
            raise RuntimeError(bad[0]["reason"])
        result = []
        for i, batch in enumerate(batches):
            x = array.array("f")
            with open(f"{name}{i}", "rb") as f:
                x.frombytes(f.read())
            vocab = len(x) // sum(map(len, batch))
            result.append(x[:vocab * len(batch[0])])
        return result, said[0]


def distance(x, y):
    """Root of the mean squared difference over the standard deviation of y."""
    n = len(y)
    mean = sum(y) / n
    return math.sqrt(sum((a - b) ** 2 for a, b in zip(x, y)) / sum((b - mean) ** 2 for b in y))


def main():
    with tempfile.TemporaryDirectory() as work:
        model = "synth:gpt2/L=2,d=128,h=4,vocab=600"
        forms = [("fp32", "fp32", [], 0, 1e-5), ("dynamic", "int8", [], 0.05, None),
                 ("row", "int8", ["--form", "row"], 0.053, 1e-5), ("qdq", "int8", ["--form", "qdq"], 0.075, 1e-5),
                 ("int4", "int4", [], 0.36, 1e-5)]
        want = None
        for name, precision, words, most, mates in forms:
            folder = os.path.join(work, name)
            made = subprocess.run([CHIMERA, "model", "export", model, "-p", precision, "-o", folder, *words],
                                  capture_output=True, text=True, check=False)
            if made.returncode:
                check(f"{name} is made", False, made.stderr)
                continue
            try:
                (alone, together), loaded = logits(folder, precision, [SHORT, SHORT + LONG])
            except RuntimeError as error:
                if "install libonnxruntime" in str(error):
                    print("1..0 # SKIP ONNX Runtime is not here")
                    return 0
                check(f"{name} runs", False, error)
                continue
            want = want or alone
            far = distance(alone, want)
            check(f"{name}: its label holds", loaded["label_ok"], loaded.get("label_reason"))
            check(f"{name}: its values are those of the model", far <= most, f"{far} of the spread, bound {most}")
            if name != "fp32":
                check(f"{name}: and rounded", far > 1e-4, f"{far}: nothing was")
            moved = distance(together, alone)
            if mates is None:
                check(f"{name}: its batch moves it, as documented", 1e-4 < moved < most, moved)
            else:
                check(f"{name}: no other sequence moves it", moved < mates, moved)
            print(f"# {name}: {far:.4f} from fp32, {moved:.2g} by its batch")
        half(model, os.path.join(work, "fp16"), want)
    print(f"1..{count}")
    return failed > 0


def half(model, folder, want):
    """No CPU computes in half precision here, so that chimera will not run it: the graph is tried by itself."""
    subprocess.run([CHIMERA, "model", "export", model, "-p", "fp16", "-o", folder], capture_output=True, check=False)
    program = """
import sys, numpy as np, onnxruntime as o
options = o.SessionOptions(); options.log_severity_level = 4
s = o.InferenceSession(sys.argv[1] + "/model.onnx", options, providers=["CPUExecutionProvider"])
ids = np.array([[int(x) for x in sys.argv[2].split(",")]]); n = ids.shape[1]
feeds = {"input_ids": ids, "position_ids": np.arange(n)[None], "attention_mask": np.ones((1, n), np.int64),
         "logit_rows": np.arange(n)}
for i in s.get_inputs():
    if i.name.startswith("past"):
        feeds[i.name] = np.zeros((1, i.shape[1], 0, i.shape[3]), np.float32)
np.save(sys.argv[3], s.run(["logits"], feeds)[0].astype(np.float32).ravel())
"""
    try:
        import numpy
    except ImportError:
        numpy = None
    out = folder + ".npy"
    ran = numpy and subprocess.run([sys.executable, "-c", program, folder, ",".join(map(str, SHORT[0])), out],
                                   capture_output=True, text=True, check=False)
    if not ran or "ModuleNotFoundError" in ran.stderr:
        global count
        count += 1
        print(f"ok {count} - fp16 # SKIP needs onnxruntime and numpy in {sys.executable}")
        return
    far = distance(numpy.load(out), want) if ran.returncode == 0 else math.inf
    check("fp16: its values are those of the model", 1e-6 < far < 1e-3, f"{far} {ran.stderr[-300:]}")
    print(f"# fp16: {far:.2g} from fp32")


sys.exit(main())
