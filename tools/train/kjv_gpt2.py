#!/usr/bin/env python3
"""Make examples/kjv-gpt2: a small GPT-2 trained on the King James text. Its README says more.

usage: kjv_gpt2.py text                        the text, as the package gives it, to stdout
       kjv_gpt2.py train OUT [--steps N] [--threads N] [--dropout P]
       kjv_gpt2.py evaluate FOLDER [--text FILE] [--stride N]
       kjv_gpt2.py same FOLDER                 is its text and tokenizer what the package gives?

Everything that a number could depend on is a constant below. Needs the Debian packages bible-kjv,
bible-kjv-text, python3-torch, python3-transformers and python3-tokenizers, and nothing else.
"""
import argparse
import csv
import hashlib
import json
import math
import os
import pathlib
import platform
import re
import resource
import subprocess
import sys
import time

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", RAYON_NUM_THREADS="1")

SEED = 1611
VOCAB, CTX, WIDTH, HEADS, LAYERS, INNER = 1024, 256, 256, 4, 3, 512
STEPS, BATCH, WARMUP = 2400, 8, 100
RATE, RATE_END, DECAY, BETAS, CLIP = 2e-3, 1e-4, 0.1, (0.9, 0.95), 1.0
THREADS, DROPOUT = 1, 0.0
END = "<|endoftext|>"
WHOLE = "gen1:1-rev22:21"
TEXT_SHA256 = "cd45f0c9cedab8e4439bd6486c8952c77cc8b0ecc5d1f6ae3513f2039f47229d"


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def package_text():
    """The whole text, a verse a line: `Ge1:1 In the beginning God created the heaven and the earth.`"""
    out = subprocess.run(["bible", "-f", WHOLE], check=True, stdout=subprocess.PIPE,
                         stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "LC_ALL": "C"}).stdout
    if sha256(out) != TEXT_SHA256:
        sys.exit(f"kjv_gpt2: `bible -f {WHOLE}` gives another text: sha256 {sha256(out)}, expected {TEXT_SHA256}")
    return out.decode("ascii")


def chapters():
    """[(book, chapter, text)] in the order of the book: a verse a line, without its marker."""
    found = []
    for line in package_text().splitlines():
        book, chapter, verse = re.fullmatch(r"(\d?[A-Za-z]+)(\d+):\d+ (.*)", line).groups()
        if not found or found[-1][:2] != [book, int(chapter)]:
            found.append([book, int(chapter), ""])
        found[-1][2] += verse + "\n"
    return found


def split():
    """Whole chapters, counted from 0 in the order of the book: number 20k + 10 is held out (the last
    judgement, nothing is chosen by it), 40k is for validation (the loss curve), the rest trains."""
    parts = {"train": [], "validation": [], "held-out": []}
    for i, chapter in enumerate(chapters()):
        parts["held-out" if i % 20 == 10 else "validation" if i % 40 == 0 else "train"].append(chapter)
    return parts


def plain(part):
    """A blank line between chapters."""
    return "\n".join(text for _, _, text in part)


def books(part):
    """The texts of a part, book by book."""
    found = {}
    for book, _, text in part:
        found[book] = found[book] + "\n" + text if book in found else text
    return list(found.values())


def learn_tokenizer(part):
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    t.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(vocab_size=VOCAB - 1, min_frequency=2, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    t.train_from_iterator(books(part), trainer)
    t.add_special_tokens([AddedToken(END, special=True, normalized=False)])
    assert t.get_vocab_size() == VOCAB and t.token_to_id(END) == VOCAB - 1
    return t


def write_tokenizer(t, out):
    t.save(str(out / "tokenizer.json"))
    config = {"tokenizer_class": "GPT2Tokenizer", "model_max_length": CTX, "add_prefix_space": False,
              "bos_token": END, "eos_token": END, "unk_token": END}
    (out / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")


def ids_of(t, part):
    import torch

    ids = [i for text in books(part) for i in t.encode(text).ids + [VOCAB - 1]]
    return torch.tensor(ids, dtype=torch.long)


def new_model(dropout):
    from transformers import GPT2Config, GPT2LMHeadModel

    return GPT2LMHeadModel(GPT2Config(
        vocab_size=VOCAB, n_positions=CTX, n_embd=WIDTH, n_head=HEADS, n_layer=LAYERS, n_inner=INNER,
        embd_pdrop=dropout, attn_pdrop=0.0, resid_pdrop=dropout,
        bos_token_id=VOCAB - 1, eos_token_id=VOCAB - 1))


def optimiser(model):
    """Matrices decay; biases and norms do not."""
    import torch

    groups = [{"params": [p for p in model.parameters() if p.ndim >= 2], "weight_decay": DECAY},
              {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=RATE, betas=BETAS)


def rate_at(step, steps):
    """Linear warm-up, then a cosine down to RATE_END."""
    warm = min(WARMUP, steps // 5)
    if step < warm:
        return RATE * (step + 1) / warm
    along = (step - warm) / max(1, steps - warm)
    return RATE_END + (RATE - RATE_END) * (1 + math.cos(math.pi * along)) / 2


def loss_of(model, batch):
    import torch

    logits = model(input_ids=batch[:, :-1], use_cache=False).logits
    return torch.nn.functional.cross_entropy(logits.reshape(-1, VOCAB), batch[:, 1:].reshape(-1))


def validation_loss(model, ids):
    """Mean over windows that do not overlap; a curve to look at, not the card's perplexity."""
    import torch

    model.eval()
    n = (len(ids) - 1) // CTX
    rows = torch.stack([ids[i * CTX:i * CTX + CTX + 1] for i in range(n)])
    with torch.inference_mode():
        total = sum(float(loss_of(model, r)) * len(r) for r in rows.split(BATCH))
    model.train()
    return total / n


def fit(model, train, validation, steps, curve):
    """Each batch: BATCH windows from places drawn at random. Writes a row of the curve every 20 steps."""
    import torch

    draw = torch.Generator().manual_seed(SEED)
    adam = optimiser(model)
    rows = csv.writer(curve, lineterminator="\n")
    rows.writerow(["step", "tokens", "learning_rate", "train_loss", "validation_loss"])
    recent, model = [], model.train()
    for step in range(steps):
        for group in adam.param_groups:
            group["lr"] = rate_at(step, steps)
        starts = torch.randint(len(train) - CTX, (BATCH,), generator=draw).tolist()
        loss = loss_of(model, torch.stack([train[s:s + CTX + 1] for s in starts]))
        adam.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        adam.step()
        recent.append(loss.item())
        if (step + 1) % 20 == 0 or step + 1 == steps:
            seen = (step + 1) % 200 == 0 or step + 1 == steps
            value = f"{validation_loss(model, validation):.5f}" if seen else ""
            rows.writerow([step + 1, (step + 1) * BATCH * CTX, f"{rate_at(step, steps):.6g}",
                           f"{sum(recent) / len(recent):.5f}", value])
            curve.flush()
            recent = []


def perplexity(model, t, text, stride, most=None):
    """Of the first `most` tokens. Sliding window: CTX tokens, of which the last `stride` are scored (all but the first in the first
    window), each given what stands before it in its window. Natural logarithm, sums in double."""
    import torch

    ids = torch.tensor(t.encode(text).ids[:most])
    total, scored, end_before = 0.0, 0, 1
    model.eval()
    with torch.inference_mode():
        for begin in range(0, len(ids), stride):
            end = min(begin + CTX, len(ids))
            window = ids[begin:end]
            logp = model(input_ids=window[None], use_cache=False).logits[0].double().log_softmax(-1)
            first = end_before - begin
            total -= float(logp[range(first - 1, end - begin - 1), window[first:]].sum())
            scored += end - end_before
            end_before = end
            if end == len(ids):
                break
    scored_bytes = len(t.decode(ids[1:].tolist()).encode())
    return {"window": CTX, "stride": stride, "tokens": len(ids), "scored_tokens": scored,
            "scored_bytes": scored_bytes, "nll": total, "perplexity_per_token": math.exp(total / scored),
            "perplexity_per_byte": math.exp(total / scored_bytes),
            "bits_per_byte": total / scored_bytes / math.log(2)}


def deterministic(threads):
    import torch

    torch.manual_seed(SEED)
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)


def versions():
    import tokenizers
    import torch
    import transformers

    cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                if line.startswith("model name")), platform.machine())
    return {"python": platform.python_version(), "torch": torch.__version__,
            "transformers": transformers.__version__, "tokenizers": tokenizers.__version__, "cpu": cpu}


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def draw_curve(out):
    script = f"""set terminal pngcairo size 800,450; set output '{out}/loss.png'
set datafile separator comma; set xlabel 'step'; set ylabel 'loss, nats a token'; set grid
set title 'kjv-gpt2: training'; set yrange [2:5]
plot '{out}/loss.csv' skip 1 using 1:4 with lines title 'training', \\
     '' skip 1 using 1:5 with linespoints title 'validation'
"""
    subprocess.run(["gnuplot"], input=script, text=True, check=False)


def train(args):
    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    began, parts = time.monotonic(), split()
    (out / "held-out.txt").write_text(plain(parts["held-out"]), encoding="utf-8")
    t = learn_tokenizer(parts["train"])
    write_tokenizer(t, out)
    deterministic(args.threads)
    ids = {name: ids_of(t, parts[name]) for name in ("train", "validation")}
    model = new_model(args.dropout)
    with open(out / "loss.csv", "w", encoding="utf-8") as curve:
        fit(model, ids["train"], ids["validation"], args.steps, curve)
    fit_s, fit_cpu_s = time.monotonic() - began, cpu_seconds()
    model.save_pretrained(out)
    (out / "model.safetensors").chmod(0o644)
    result = {
        "seed": SEED, "steps": args.steps, "batch": BATCH, "context": CTX, "dropout": args.dropout,
        "threads": args.threads, "parameters": sum(p.numel() for p in model.parameters()),
        "train": {"chapters": len(parts["train"]), "bytes": len(plain(parts["train"])), "tokens": len(ids["train"])},
        "validation": {"chapters": len(parts["validation"]), "tokens": len(ids["validation"])},
        "held_out": {"chapters": len(parts["held-out"]), "bytes": len(plain(parts["held-out"])),
                     **perplexity(model, t, plain(parts["held-out"]), CTX // 2)},
        "wall_s": round(fit_s, 1), "cpu_s": round(fit_cpu_s, 1), "versions": versions(),
        "text_sha256": TEXT_SHA256,
        "sha256": {name: sha256((out / name).read_bytes()) for name in
                   ("model.safetensors", "tokenizer.json", "config.json", "held-out.txt", "loss.csv")},
    }
    (out / "training.json").write_text(json.dumps(result, indent=2) + "\n")
    draw_curve(out)
    print(json.dumps(result, indent=2))


def evaluate(args):
    from tokenizers import Tokenizer
    from transformers import GPT2LMHeadModel

    folder = pathlib.Path(args.folder)
    deterministic(args.threads)
    text = pathlib.Path(args.text or folder / "held-out.txt").read_text(encoding="utf-8")
    model = GPT2LMHeadModel.from_pretrained(folder)
    t = Tokenizer.from_file(str(folder / "tokenizer.json"))
    print(json.dumps(perplexity(model, t, text, args.stride), indent=2))


def same(args):
    folder, parts, wrong = pathlib.Path(args.folder), split(), 0
    made = {"held-out.txt": plain(parts["held-out"]), "tokenizer.json": learn_tokenizer(parts["train"]).to_str(pretty=True)}
    for name, text in made.items():
        equal = (folder / name).read_text(encoding="utf-8") == text
        wrong += not equal
        print(f"{name}: {'the same' if equal else 'differs'}")
    sys.exit(1 if wrong else 0)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--threads", type=int, default=THREADS)
    sub = p.add_subparsers(required=True)
    sub.add_parser("text").set_defaults(run=lambda _: sys.stdout.write(package_text()))
    q = sub.add_parser("train")
    q.add_argument("out")
    q.add_argument("--steps", type=int, default=STEPS)
    q.add_argument("--dropout", type=float, default=DROPOUT)
    q.set_defaults(run=train)
    q = sub.add_parser("evaluate")
    q.add_argument("folder")
    q.add_argument("--text")
    q.add_argument("--stride", type=int, default=CTX // 2)
    q.set_defaults(run=evaluate)
    q = sub.add_parser("same")
    q.add_argument("folder")
    q.set_defaults(run=same)
    args = p.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
