"""The same model in three forms, the same token ids, the same loop: chimera's ONNX export, torch.onnx's export
of the transformers model with its cache as inputs and outputs, and transformers itself, eager.

usage: models_peers.py HF_FOLDER ONNX_FOLDER SCRATCH THREADS PROMPT TOKENS ROUNDS
prints one JSON object: tokens/s of each round and form, and how far the last logits lie apart.

Inside a window: one forward of PROMPT tokens (prefill), or TOKENS forwards of one token each behind it (decode), with
what each needs at every step: its masks and positions, binding the cache, the logits on the host. Outside:
loading, exporting, one warm-up of each, the choice of tokens (they are given). Who begins takes turns.
"""

import json
import os
import sys
import time
import warnings

folder, onnx_folder, scratch = sys.argv[1:4]
threads, n_prompt, n_tokens, rounds = map(int, sys.argv[4:8])
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = str(threads)
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
warnings.filterwarnings("ignore")

try:
    import numpy as np
    import onnx  # noqa: F401  (torch.onnx.export wants it)
    import onnxruntime as ort
    import torch
    import transformers
except ImportError as error:
    print(f"{error}", file=sys.stderr)
    sys.exit(77)

transformers.utils.logging.disable_progress_bar()
torch.set_num_threads(threads)


class Shape:
    def __init__(self, config):
        self.layers = config.num_hidden_layers
        self.kv_heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        self.head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads


class Eager:
    name = "transformers"

    def __init__(self):
        self.model = transformers.AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, attn_implementation="sdpa", local_files_only=True).eval()
        self.shape = Shape(self.model.config)

    def begin(self):
        self.cache = transformers.DynamicCache(config=self.model.config)

    def forward(self, ids, at):
        with torch.inference_mode():
            out = self.model(input_ids=torch.tensor([ids]), past_key_values=self.cache, use_cache=True,
                             logits_to_keep=1)
        return out.logits[0, -1].numpy()


class Graph:
    """ONNX Runtime as chimera sets it up: all optimisations, no memory pattern, the cache stays where it is."""

    def __init__(self, path, shape):
        options = ort.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.enable_mem_pattern = False
        options.log_severity_level = 3
        self.session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.inputs = [i.name for i in self.session.get_inputs()]
        self.outputs = [o.name for o in self.session.get_outputs()]
        self.past = [n for n in self.inputs if n.startswith("past")]
        self.shape = shape

    def begin(self):
        empty = np.zeros((1, self.shape.kv_heads, 0, self.shape.head_dim), np.float32)
        self.values = [ort.OrtValue.ortvalue_from_numpy(empty) for _ in self.past]

    def forward(self, ids, at):
        n = len(ids)
        binding = self.session.io_binding()
        given = {"input_ids": np.array([ids]), "position_ids": np.arange(at, at + n)[None],
                 "attention_mask": np.ones((1, at + n), np.int64), "logit_rows": np.array([n - 1])}
        for name, x in given.items():
            if name in self.inputs:
                binding.bind_cpu_input(name, x)
        for name, x in zip(self.past, self.values):
            binding.bind_ortvalue_input(name, x)
        for name in self.outputs:
            binding.bind_output(name)
        self.session.run_with_iobinding(binding)
        out = binding.get_outputs()
        self.values = out[1:]
        return out[0].numpy().reshape(-1)


class Ours(Graph):
    name = "chimera"

    def __init__(self, shape):
        super().__init__(os.path.join(onnx_folder, "model.onnx"), shape)


class Wrapped(torch.nn.Module):
    """The model with its cache as plain tensors, which is the usual way to a graph that can decode."""

    def __init__(self, model, layers):
        super().__init__()
        self.model, self.layers = model, layers

    def forward(self, input_ids, attention_mask, position_ids, *past):
        cache = transformers.DynamicCache([(past[2 * i], past[2 * i + 1]) for i in range(self.layers)])
        out = self.model(input_ids=input_ids, attention_mask=attention_mask, position_ids=position_ids,
                         past_key_values=cache, use_cache=True, logits_to_keep=1)
        return (out.logits, *(x for layer in out.past_key_values.layers for x in (layer.keys, layer.values)))


class Theirs(Graph):
    name = "torch.onnx"

    def __init__(self, eager):
        shape = eager.shape
        path = os.path.join(scratch, "torch", "model.onnx")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        new, old = 3, 5  # lengths to trace with; both are dynamic
        cache = [f"{i}.{what}" for i in range(shape.layers) for what in ("key", "value")]
        past, present = [f"past.{n}" for n in cache], [f"present.{n}" for n in cache]
        dynamic = {"input_ids": {0: "B", 1: "S"}, "attention_mask": {0: "B", 1: "T"},
                   "position_ids": {0: "B", 1: "S"}, "logits": {0: "B"},
                   **{n: {0: "B", 2: "P"} for n in past}, **{n: {0: "B", 2: "T"} for n in present}}
        example = (torch.ones(1, new, dtype=torch.long), torch.ones(1, old + new, dtype=torch.long),
                   torch.arange(old, old + new)[None],
                   *(torch.randn(1, shape.kv_heads, old, shape.head_dim) for _ in past))
        with torch.no_grad():
            torch.onnx.export(Wrapped(eager.model, shape.layers), example, path, dynamo=False, opset_version=17,
                              input_names=["input_ids", "attention_mask", "position_ids", *past],
                              output_names=["logits", *present], dynamic_axes=dynamic)
        super().__init__(path, shape)


def measure(form, ids):
    form.begin()
    begin = time.perf_counter()
    form.forward(ids[:n_prompt], 0)
    middle = time.perf_counter()
    for i in range(n_prompt, n_prompt + n_tokens):
        last = form.forward(ids[i:i + 1], i)
    end = time.perf_counter()
    return n_prompt / (middle - begin), n_tokens / (end - middle), last


def main():
    eager = Eager()
    vocab = eager.model.config.vocab_size
    ids = np.random.default_rng(1).integers(0, vocab, n_prompt + n_tokens).tolist()
    forms = [Ours(eager.shape), Theirs(eager), eager]
    logits = {f.name: measure(f, ids)[2] for f in forms}
    spread = logits[eager.name].std()
    result = {f.name: {"prefill": [], "decode": []} for f in forms}
    for k in range(rounds):
        turn = forms[k % len(forms):] + forms[:k % len(forms)]
        for f in turn if k % 2 else reversed(turn):
            prefill, decode, _ = measure(f, ids)
            result[f.name]["prefill"].append(prefill)
            result[f.name]["decode"].append(decode)
    result["apart"] = {n: float(abs(x - logits[eager.name]).max() / spread) for n, x in logits.items()}
    result["versions"] = {"onnxruntime": ort.__version__, "torch": torch.__version__,
                          "transformers": transformers.__version__}
    print(json.dumps(result))


main()
