"""The shipped model is what its card says. TAP. usage: kjv_gpt2.py CHIMERA SOURCE-ROOT

Digests are recomputed; the held-out perplexity too, by transformers; where the Debian package of the text is
there, the held-out text and the tokenizer are made again from it and must be the same bytes. What `chimera model
perplexity` says of the first MOST tokens, on each engine, is compared with transformers' forward passes.
"""

import hashlib
import importlib.util
import json
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from tap import check, skip, done  # noqa: E402

try:
    import torch  # noqa: F401
    import transformers  # noqa: F401
except ImportError as error:
    print(f"1..0 # SKIP {error}")
    sys.exit(0)

CHIMERA, ROOT = sys.argv[1], pathlib.Path(sys.argv[2])
FOLDER = ROOT / "examples" / "kjv-gpt2"
MOST = 2048
BOUNDS = {"transformers-cpu": 1e-4, "onnxruntime-cpu": 1e-4, "llamacpp-cpu": 1e-3}  # its GELU is a table of halves


def script():
    spec = importlib.util.spec_from_file_location("kjv_gpt2", ROOT / "tools" / "train" / "kjv_gpt2.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_digests(result, card):
    for name, want in result["sha256"].items():
        got = hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()
        check(f"digest of {name}", got == want, f"{got}, training.json says {want}")
    check("the card has the weights' digest", result["sha256"]["model.safetensors"] in card)


def test_card(result, card):
    """Every figure that the card's first table gives is training.json's, rounded."""
    held_out = result["held_out"]
    rows = dict(re.findall(r"^\| (.+?) \| (.+?) \|$", card, re.MULTILINE))
    for row, want in (("parameters", f"{result['parameters']:,}"), ("seed", str(result["seed"])),
                      ("steps", f"{result['steps']:,}"),
                      ("held-out perplexity per token", f"{held_out['perplexity_per_token']:.4f}"),
                      ("held-out perplexity per byte", f"{held_out['perplexity_per_byte']:.5f}"),
                      ("held-out bits per byte", f"{held_out['bits_per_byte']:.4f}")):
        check(f"the card's {row}", rows.get(row) == want, f"{rows.get(row)}, training.json says {want}")


def test_perplexity(made, result):
    from tokenizers import Tokenizer
    from transformers import GPT2LMHeadModel

    model = GPT2LMHeadModel.from_pretrained(FOLDER)
    t = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    want = result["held_out"]
    got = made.perplexity(model, t, (FOLDER / "held-out.txt").read_text(encoding="utf-8"), want["stride"])
    for key in ("tokens", "scored_tokens", "scored_bytes"):
        check(f"held-out {key}", got[key] == want[key], f"{got[key]}, training.json says {want[key]}")
    near = abs(got["nll"] / want["nll"] - 1)
    check("held-out perplexity", near < 1e-6, f"{got}, training.json says {want}")
    test_engines(made.perplexity(model, t, (FOLDER / "held-out.txt").read_text(encoding="utf-8"), want["stride"], MOST))
    parameters = sum(p.numel() for p in model.parameters())
    check("parameters", parameters == result["parameters"], parameters)


def test_engines(want):
    """fp32 on every engine is transformers' number; int8 passes the gate for int8."""
    command = [CHIMERA, "-q", "--json", "model", "perplexity", str(FOLDER), "--text", str(FOLDER / "held-out.txt"),
               "--window", str(want["window"]), "--stride", str(want["stride"]), "--max-tokens", str(MOST)]
    for backend in BOUNDS:
        command += ["-b", backend]
    out = subprocess.run([*command, "-p", "fp32", "-p", "int8"], stdout=subprocess.PIPE, check=False).stdout
    for c in json.loads(out)["configurations"]:
        label = f"{c['backend']} {c['precision']}"
        if c["status"] in ("unavailable", "incompatible"):
            skip(label, c["reason"])
        elif c["precision"] == "fp32":
            got = c["perplexity"]["perplexity"] if c["status"] == "ok" else float("nan")
            near = abs(got / want["perplexity_per_token"] - 1)
            check(f"{label}: perplexity", near < BOUNDS[c["backend"]], f"{got}, want {want['perplexity_per_token']}; {c['reason']}")
            check(f"{label}: bits per byte", c["status"] == "ok" and
                  abs(c["perplexity"]["bits_per_byte"] / want["bits_per_byte"] - 1) < BOUNDS[c["backend"]], c["perplexity"])
        else:
            check(f"{label}: the gate", c["status"] == "ok" and c["gate"]["verdict"] == "pass", c)


def test_source(made):
    if not shutil.which("bible"):
        skip("the text and the tokenizer are made again", "the package bible-kjv is not here")
        return
    parts = made.split()
    check("the held-out text is the package's",
          made.plain(parts["held-out"]) == (FOLDER / "held-out.txt").read_text(encoding="utf-8"))
    check("and no chapter of it is in the training text",
          not set(made.plain(parts["held-out"]).split("\n\n")) & set(text.rstrip("\n") for _, _, text in parts["train"]))
    check("the tokenizer is learnt again",
          made.learn_tokenizer(parts["train"]).to_str(pretty=True) == (FOLDER / "tokenizer.json").read_text(encoding="utf-8"))


def main():
    result = json.loads((FOLDER / "training.json").read_text(encoding="utf-8"))
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    made = script()
    made.deterministic(1)
    test_digests(result, card)
    test_card(result, card)
    test_perplexity(made, result)
    test_source(made)
    return done()


sys.exit(main())
