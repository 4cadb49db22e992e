"""Real Hugging Face folders of every family, and the synth ones, against transformers itself. Prints TAP.

usage: families.py CHIMERA WORKER.  The folders are written by transformers' own save_pretrained (sharded and
single, fp32, fp16 and bf16, both spellings of config.json). What `chimera model inspect` counts must be what
transformers counts; the worker's three paths (one forward, token by token, left-padded batch) must give the
logits of a plain forward in float32, and its greedy texts those of model.generate().
"""

import importlib.util
import json
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
transformers.utils.logging.disable_progress_bar()
transformers.utils.logging.set_verbosity_error()
SHAPE = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 4, "num_attention_heads": 4,
         "num_key_value_heads": 2, "vocab_size": 300, "max_position_embeddings": 128,
         "bos_token_id": 299, "eos_token_id": 299, "pad_token_id": None}
LLAMA3 = {"rope_type": "llama3", "rope_theta": 5e5, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 32}
YARN = {"rope_type": "yarn", "rope_theta": 1e6, "factor": 4.0, "original_max_position_embeddings": 32}
# class, its settings, dtype of the file, size of a shard, config.json in the older spelling
CASES = {
    "llama 3.1, bf16, sharded": ("LlamaConfig", {"rope_parameters": LLAMA3}, "bfloat16", "60KB", False),
    "llama, biases, tied, older spelling": ("LlamaConfig", {
        "attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True,
        "rope_parameters": {"rope_type": "linear", "rope_theta": 1e4, "factor": 2.0}}, "float32", "1GB", True),
    "mistral, window 8, fp16": ("MistralConfig", {"sliding_window": 8}, "float16", "1GB", False),
    "qwen2, yarn, half of the layers slide": ("Qwen2Config", {
        "use_sliding_window": True, "sliding_window": 8, "max_window_layers": 2, "rope_parameters": YARN},
        "bfloat16", "100KB", False),
    "qwen3, tied, older spelling": ("Qwen3Config", {
        "head_dim": 32, "tie_word_embeddings": True, "rope_parameters": {**YARN, "attention_factor": 1.25}},
        "bfloat16", "1GB", True),
    "gemma3, bf16, sharded": ("Gemma3TextConfig", {
        "head_dim": 32, "sliding_window": 8, "query_pre_attn_scalar": 24,
        "layer_types": ["sliding_attention", "full_attention"] * 2, "rope_parameters": {
            "full_attention": {"rope_type": "linear", "rope_theta": 1e6, "factor": 8.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 1e4}}}, "bfloat16", "60KB", False),
}
SYNTH = ("llama/L=3,rope=llama3,shards=4", "mistral/L=2,window=8", "qwen2/L=4,window=8,tied=1,rope=yarn",
         "qwen3/L=2,bias=1,rope=dynamic", "gemma3/L=6,rope=linear", "gpt2/L=2,shards=2")
PROMPTS = ("Once upon a time there was", "one two three four five six seven eight nine ten", "tea", "  spaces\n")


def chimera(*words):
    return subprocess.run([CHIMERA, *words], check=True, capture_output=True, text=True).stdout


def older_spelling(path):
    with open(path, encoding="utf-8") as f:
        config = json.load(f)
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope.pop("rope_theta")
    config["rope_scaling"] = {"type": rope.pop("rope_type"), **rope}
    config["torch_dtype"] = config.pop("dtype")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(config, f)


def write_folder(case, folder, tokenizer):
    name, settings, dtype, shard, old = case
    torch.manual_seed(11)
    config = getattr(transformers, name)(**{**SHAPE, **settings})
    model = transformers.AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for p in model.parameters():  # no bias zero, no norm one, sharper than an initialisation
            p.add_(torch.randn_like(p) * 0.1)
    model.to(getattr(torch, dtype)).save_pretrained(folder, max_shard_size=shard)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        with open(os.path.join(tokenizer, file), "rb") as f, open(os.path.join(folder, file), "wb") as g:
            g.write(f.read())
    if old:
        older_spelling(os.path.join(folder, "config.json"))
    return os.path.exists(os.path.join(folder, "model.safetensors.index.json"))


def load(folder):
    model, info = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    return model.eval(), {k: v for k, v in info.items() if v}


def check_facts(label, folder, model, dtype):
    got, c = json.loads(chimera("model", "inspect", "--json", folder)), model.config
    head = getattr(c, "head_dim", None) or c.hidden_size // c.num_attention_heads
    tied = model.get_output_embeddings().weight is model.get_input_embeddings().weight
    want = {"params": sum(p.numel() for p in model.parameters()), "architecture": c.model_type,
            "embedding_params": sum(m.weight.numel() for m in model.modules() if isinstance(m, torch.nn.Embedding)),
            "n_layers": c.num_hidden_layers, "d_model": c.hidden_size, "n_heads": c.num_attention_heads,
            "n_kv_heads": getattr(c, "num_key_value_heads", c.num_attention_heads), "head_dim": head,
            "vocab_size": c.vocab_size, "n_ctx": c.max_position_embeddings, "head_tied": tied}
    short = {"float32": "F32", "float16": "F16", "bfloat16": "BF16"}[dtype]
    differ = {k: (got[k], v) for k, v in want.items() if got[k] != v}
    check(f"{label}: inspect counts what transformers counts", not differ and list(got["dtypes"]) == [short],
          f"{differ}, {got['dtypes']}")


def check_paths(label, engine, model, folder):
    sequences = [engine.encode(p) for p in PROMPTS]
    with torch.inference_mode():
        want = np.concatenate([model(input_ids=torch.tensor([s])).logits[0].numpy() for s in sequences])
    file = os.path.join(folder, "logits")
    for path in ("prefill", "decode", "batch"):
        engine.logits({"tokens": sequences, "path": path, "file": file})
        got = np.fromfile(file, dtype=np.float32).reshape(want.shape)
        far = float(abs(got - want).max() / want.std())
        check(f"{label}: logits by {path} equal forward()", far < 2e-5, far)
    os.unlink(file)


def check_texts(label, engine, model):
    want = []
    for one in map(engine.encode, PROMPTS):
        given = torch.tensor([one])
        with torch.inference_mode():
            got = model.generate(given, attention_mask=torch.ones_like(given), max_new_tokens=24, min_new_tokens=24,
                                 do_sample=False, eos_token_id=None, pad_token_id=0)
        want.append(got[0, len(one):].tolist())
    q = {"max_tokens": 24, "temperature": 0, "stop_on_eos": False}
    alone = [engine.run({**q, "prompts": [p]})["output_ids"][0] for p in PROMPTS]
    check(f"{label}: greedy texts equal generate()", alone == want, f"{alone}, want {want}")
    together = engine.run({**q, "prompts": list(PROMPTS)})["output_ids"]
    check(f"{label}: and those of a padded batch", together == want, f"{together}, want {want}")


def test_engine(label, worker, folder, model):
    engine = worker.Engine({"backend": "transformers-cpu", "precision": "fp32", "model_path": folder, "threads": 1})
    evidence = engine.evidence()
    check(f"{label}: fp32 is fp32, whatever is stored", engine.label()["label_ok"] and
          evidence["weights_by_dtype"] == evidence["matmul_by_dtype"] == {"float32": 1.0}, evidence)
    check_paths(label, engine, model, folder)
    check_texts(label, engine, model)


def test_synth(name, root):
    plain = name.replace(",shards=4", "").replace(",shards=2", "")
    states = {}
    for which, spec in (("", name), (",dtype=fp16", plain), (",dtype=bf16", plain)):
        folder = os.path.join(root, "synth")
        chimera("model", "synth", "-q", f"synth:{spec},d=64,h=4,vocab=300,ctx=64{which}", "-o", folder)
        model, info = load(folder)
        check(f"synth:{spec}{which} loads with every weight", not info, info)
        check_facts(f"synth:{spec}{which}", folder, model, {"": "float32", ",dtype=fp16": "float16"}.get(which, "bfloat16"))
        states[which] = model.state_dict()
        subprocess.run(["rm", "-r", folder], check=True)
    for which, dtype in ((",dtype=fp16", torch.float16), (",dtype=bf16", torch.bfloat16)):
        wrong = [k for k, v in states[""].items() if not torch.equal(v.to(dtype).float(), states[which][k])]
        check(f"synth:{plain}{which} is the rounded fp32", not wrong, wrong)


def test_head(root, tokenizer):
    """A table and a head that are both stored, though the config ties them: tied only where they are equal."""
    for same in (True, False):
        folder = os.path.join(root, f"head{same}")
        write_folder(("LlamaConfig", {"tie_word_embeddings": False}, "float32", "1GB", False), folder, tokenizer)
        from safetensors.torch import load_file, save_file
        file = os.path.join(folder, "model.safetensors")
        state = load_file(file)
        if same:
            state["lm_head.weight"] = state["model.embed_tokens.weight"].clone()
        save_file(state, file, metadata={"format": "pt"})
        path = os.path.join(folder, "config.json")
        with open(path, encoding="utf-8") as f:
            config = json.load(f)
        with open(path, "w", encoding="utf-8") as f:
            json.dump({**config, "tie_word_embeddings": True}, f)
        check_facts(f"a stored head that is {'the table' if same else 'another'}", folder, load(folder)[0], "float32")


def main():
    spec = importlib.util.spec_from_file_location("chimera_worker", WORKER)
    worker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(worker)
    with tempfile.TemporaryDirectory() as root:
        os.environ["CHIMERA_CACHE"] = os.path.join(root, "cache")
        tokenizer = os.path.join(root, "tokenizer")
        chimera("model", "synth", "-q", "synth:gpt2/L=1,d=8,h=2,vocab=300,ctx=16", "-o", tokenizer)
        for label, case in CASES.items():
            folder = os.path.join(root, case[0] + case[2])
            sharded = write_folder(case, folder, tokenizer)
            check(f"{label}: the folder is as wanted", sharded == (case[3] != "1GB"), os.listdir(folder))
            model, _ = load(folder)
            check_facts(label, folder, model, case[2])
            test_engine(label, worker, folder, model)
        for name in SYNTH:
            test_synth(name, root)
        test_head(root, tokenizer)
    return done()


sys.exit(main())
