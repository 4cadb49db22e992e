#!/usr/bin/env python3
"""The transformers engine of chimera: one configuration, loaded once, answering requests.

docs/WORKER.md is the protocol: requests come in on standard input, replies go out on file descriptor 3,
one JSON object a line. The stamps are taken at the same places as in the C engines (src/backend/generate.c),
which is why the generation loop is written here and model.generate() is not called: it would put its own
bookkeeping inside the measured interval and hide when the host had a token.

Needs the standard library, numpy, torch and transformers; torch and transformers are imported by `load`,
after the number of threads is known.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import sys
import time
from typing import Any

Json = dict[str, Any]
now = time.monotonic_ns  # CLOCK_MONOTONIC, the clock of every chimera process

DTYPES = {"fp32": "float32", "fp16": "float16", "bf16": "bfloat16"}
ATTENTION = "sdpa"
# What lies between `submitted` and `finished`: the words of src/backend/generate.c.
TIMED_REGION = ("prompt text to last token on the host: tokenizing, copies to and from the device, every "
                "forward and the choice of every token inside; detokenizing outside")
EMBED_BATCH = 32  # texts in one forward of an embedding model
FIRST_LOOK = 1024  # tokens that the sampler orders before it orders the whole vocabulary


class Refusal(Exception):
    """A failure with the status that it has in the protocol."""

    def __init__(self, status: str, reason: str):
        super().__init__(reason)
        self.status = status


def status_of(error: BaseException) -> str:
    if isinstance(error, Refusal):
        return error.status
    words = str(error).lower()
    out = ("can't allocate memory", "not enough memory", "out of memory", "bad_alloc", "cannot allocate memory")
    return "oom" if isinstance(error, MemoryError) or any(w in words for w in out) else "error"


def reason_of(error: BaseException) -> str:
    """One line: the first that says something (a compiler's words come with pages behind them)."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else "no message"
    return (text if isinstance(error, Refusal) else f"{type(error).__name__}: {text}")[:600]


# ---- sampling: the algorithm of src/backend/sampler.h ------------------------------------------------


class Sampler:
    """One sequence's stream of draws. numpy is a parameter so that importing this file stays cheap."""

    def __init__(self, np: Any, temperature: float, top_p: float, seed: int):
        self.np, self.temperature, self.top_p = np, temperature, top_p
        self.rng = np.random.Generator(np.random.PCG64(seed))

    def next(self, logits: Any) -> int:
        np = self.np
        x = logits.astype(np.float64) / self.temperature
        top = np.nanmax(x)
        if not np.isfinite(top):
            raise Refusal("error", "transformers gave logits that are no numbers")
        p = np.nan_to_num(np.exp(x - top), nan=0.0)
        # cumsum adds one after the other as the C sampler does; sum() would add pairwise, and differ in
        # the last bit.
        p /= np.cumsum(p)[-1]
        ids, mass = self._order(p, min(FIRST_LOOK, p.size))
        if mass[-1] < self.top_p and ids.size < p.size:
            ids, mass = self._order(p, p.size)
        kept = min(int(np.searchsorted(mass, self.top_p, side="left")) + 1, mass.size)
        u = self.rng.random() * mass[kept - 1]
        return int(ids[min(int(np.searchsorted(mass[:kept], u, side="right")), kept - 1)])

    def _order(self, p: Any, n: int) -> tuple[Any, Any]:
        """The n likeliest ids (and those tied with the last), p descending, ties by id; running mass."""
        np = self.np
        if n < p.size:
            least = np.partition(p, p.size - n)[p.size - n]
            ids = np.flatnonzero(p >= least)
        else:
            ids = np.arange(p.size)
        ids = ids[np.argsort(-p[ids], kind="stable")]
        return ids, np.cumsum(p[ids])


# ---- the engine --------------------------------------------------------------------------------------


class Engine:
    def __init__(self, q: Json):
        begin = now()
        self.backend: str = q["backend"]
        self.precision: str = q.get("precision") or "fp32"
        self.device = "cuda" if "gpu" in self.backend else "cpu"
        self.compiled = self.backend.endswith("-compile")
        self.threads = int(q.get("threads") or 0) or len(os.sched_getaffinity(0))
        self.options: Json = q.get("options") or {}
        self.max_batch = int(q.get("max_batch") or 1)
        self.check_precision()
        self.import_libraries()
        self.import_ms = (now() - begin) / 1e6
        self.sha256 = q.get("artefact_sha256")  # the lab hashed these files when it prepared them
        self.load_model(q["model_path"])
        self.matmul = self.probe_matmul()
        # `submitted` is taken before a request's first forward, so the first forward of the process
        # (thread pool, kernels' choice) is left to the cold sample, where it belongs.
        self.load_ms = (now() - begin) / 1e6
        self.compile_ms: float | None = None
        self.compiler: Compiler | None = None
        self.not_compiled: str | None = None
        if self.compiled:
            self.compile_at_load()

    def compile_at_load(self) -> None:
        """Where the compiler fails the engine stays eager, the label is withdrawn, and the reason told."""
        begin = now()
        try:
            self.compiler = Compiler(self)
            for n in (1, *self.expected_batches()):
                self.compiler.warm(n, single_token=False, loading=True)
        except Exception as error:  # whatever a compiler raises
            if status_of(error) == "oom":
                raise
            self.compiler, self.not_compiled = None, reason_of(error)
            sys.excepthook(*sys.exc_info())
        self.compile_ms = (now() - begin) / 1e6

    def check_precision(self) -> None:
        if self.precision in DTYPES:
            return
        if self.precision == "int8":
            raise Refusal(
                "incompatible",
                "transformers has no int8 path for this model here: torch's dynamic quantisation replaces "
                "nn.Linear only, and GPT-2's layers are Conv1D, so nothing would be int8; "
                "use onnxruntime-cpu or llamacpp-cpu",
            )
        raise Refusal("incompatible", f"transformers computes in {', '.join(DTYPES)}, not in {self.precision}")

    def expected_batches(self) -> list[int]:
        return [self.max_batch] if self.max_batch > 1 else []

    def import_libraries(self) -> None:
        # OpenMP and OpenBLAS read these once, when they are loaded; set_num_threads() alone would leave
        # a pool of the wrong size behind.
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ[name] = str(self.threads)
        for name, value in (("HF_HUB_OFFLINE", "1"), ("TOKENIZERS_PARALLELISM", "false"),
                            ("TORCHINDUCTOR_COMPILE_THREADS", "1"), ("TRANSFORMERS_VERBOSITY", "error"),
                            ("HF_HUB_DISABLE_PROGRESS_BARS", "1")):
            os.environ.setdefault(name, value)
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", os.path.join(cache_folder(), "inductor"))
        try:
            import numpy
            import torch
            import transformers
        except ImportError as error:
            raise Refusal("unavailable", f"{reason_of(error)}; install torch, transformers and numpy for "
                                         f"{sys.executable}, or name another Python in $CHIMERA_PYTHON") from None
        self.np, self.torch, self.transformers = numpy, torch, transformers
        transformers.utils.logging.disable_progress_bar()
        torch.set_num_threads(self.threads)
        try:
            torch.set_num_interop_threads(1)
        except RuntimeError:
            pass  # already started: torch allows it once a process
        torch.manual_seed(0)
        if self.device == "cuda" and not torch.cuda.is_available():
            why = "this torch was built without CUDA" if torch.version.cuda is None else "no CUDA device is visible"
            raise Refusal("unavailable", f"{self.backend}: {why}")

    def load_model(self, path: str) -> None:
        self.path = path
        if not os.path.isfile(os.path.join(path, "config.json")):
            raise Refusal("unavailable", f"'{path}' is no Hugging Face folder: it has no config.json")
        torch, t = self.torch, self.transformers
        self.dtype = getattr(torch, DTYPES[self.precision])
        try:
            self.tokenizer = t.AutoTokenizer.from_pretrained(path, local_files_only=True)
        except (ValueError, OSError) as error:  # its words are several lines, of which none names the folder
            raise Refusal("error", f"'{path}' has no tokenizer that transformers can read "
                                   f"(tokenizer.json): {' '.join(str(error).split())}") from None
        try:
            model, info = t.AutoModelForCausalLM.from_pretrained(
                path, dtype=self.dtype, attn_implementation=ATTENTION, local_files_only=True,
                output_loading_info=True)
        except (ValueError, KeyError) as error:
            raise Refusal("incompatible" if "nrecognized" in str(error) else "error", reason_of(error)) from None
        # transformers fills weights that the files lack with random numbers, and only warns.
        lacking = sorted(info["missing_keys"]) + sorted(str(k[0]) for k in info["mismatched_keys"])
        if lacking:
            raise Refusal("error", f"'{path}': {len(lacking)} weights are missing or of another shape, "
                                   f"the first is {lacking[0]}")
        self.model = model.to(self.device).eval().requires_grad_(False)
        config = model.config
        self.n_ctx = int(getattr(config, "max_position_embeddings", 0) or 0)
        self.vocab = int(config.vocab_size)
        eos = getattr(model.generation_config, "eos_token_id", None)
        eos = config.eos_token_id if eos is None else eos
        self.eos: set[int] = set(eos) if isinstance(eos, (list, tuple)) else set() if eos is None else {int(eos)}

    def probe_matmul(self) -> dict[str, float]:
        """In which dtype the matrix products really are: of every weight matrix, the dtype of what it is
        multiplied with and its own, as the share of the weights' elements that take part."""
        torch, seen = self.torch, {}

        def hook(module: Any, inputs: Any) -> None:
            pair = {str(inputs[0].dtype), str(module.weight.dtype)}
            key = "x".join(sorted(x.removeprefix("torch.") for x in pair))
            seen[key] = seen.get(key, 0) + module.weight.numel()

        hooks = [m.register_forward_pre_hook(hook) for m in self.model.modules()
                 if getattr(m, "weight", None) is not None and m.weight.dim() == 2
                 and not isinstance(m, torch.nn.Embedding)]
        with torch.inference_mode():
            self.model(input_ids=torch.zeros((1, 2), dtype=torch.long, device=self.device), use_cache=False)
        for h in hooks:
            h.remove()
        total = sum(seen.values())
        return {k: n / total for k, n in seen.items()} if total else {}

    # -- forward passes. A batch of equal lengths needs no mask; one that is padded has it on the left.

    def tensors(self, prompts: list[list[int]]) -> tuple[Any, Any, Any]:
        """ids, mask, positions; mask and positions are None where none is needed."""
        torch = self.torch
        longest = max(map(len, prompts))
        # Compiled batches always have a mask, so that padding is not a second graph of each kind.
        if min(map(len, prompts)) == longest and not (self.compiler and len(prompts) > 1):
            return torch.tensor(prompts, dtype=torch.long, device=self.device), None, None
        pads = [longest - len(p) for p in prompts]
        ids = [[0] * n + p for n, p in zip(pads, prompts)]
        mask = [[0] * n + [1] * (longest - n) for n in pads]
        places = [[0] * n + list(range(longest - n)) for n in pads]
        return (torch.tensor(ids, dtype=torch.long, device=self.device),
                torch.tensor(mask, dtype=torch.long, device=self.device),
                torch.tensor(places, dtype=torch.long, device=self.device))

    def prefill(self, ids: Any, mask: Any, places: Any, keep: int = 1) -> tuple[Any, Any]:
        """Logits (of the last position, or with keep=0 of all) and a new cache."""
        if self.compiler and keep == 1:
            return self.compiler.prefill(ids, mask, places)
        cache = self.transformers.DynamicCache(config=self.model.config)
        out = self.model(input_ids=ids, attention_mask=mask, position_ids=places, past_key_values=cache,
                         use_cache=True, logits_to_keep=keep)
        return out.logits, cache

    def step(self, ids: Any, mask: Any, places: Any, cache: Any) -> tuple[Any, Any]:
        if self.compiler:
            return self.compiler.step(ids, mask, places, cache)
        out = self.model(input_ids=ids, attention_mask=mask, position_ids=places, past_key_values=cache,
                         use_cache=True, logits_to_keep=1)
        return out.logits, cache

    def extend(self, mask: Any, places: Any) -> tuple[Any, Any]:
        """Mask and positions of the next single token of every sequence."""
        if mask is None:
            return None, None
        one = self.torch.ones((mask.shape[0], 1), dtype=mask.dtype, device=mask.device)
        return self.torch.cat((mask, one), dim=1), places[:, -1:] + 1

    def choose(self, logits: Any, samplers: list[Sampler] | None) -> list[int]:
        """The next ids, on the host: on a GPU this waits for the forward to end."""
        last = logits[:, -1]
        if samplers is None:
            ids = last.argmax(dim=-1).tolist()  # torch's argmax gives the first of equal ones
            if not self.torch.isfinite(last.amax(dim=-1)).all():
                raise Refusal("error", "transformers gave logits that are no numbers")
            return ids
        rows = last.float().cpu().numpy()
        return [s.next(row) for s, row in zip(samplers, rows)]

    # -- requests

    def encode(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=True, return_attention_mask=False)["input_ids"]

    def decode(self, ids: list[int]) -> str:
        return self.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)

    def run(self, q: Json) -> Json:
        prompts = q.get("prompts")
        if not isinstance(prompts, list) or not prompts or not all(isinstance(p, str) for p in prompts):
            raise Refusal("error", "run: prompts is missing: want a list of texts")
        n_new = q.get("max_tokens")
        if not isinstance(n_new, int) or n_new < 1:
            raise Refusal("error", f"run: max_tokens is {n_new!r}: want a whole number of at least 1")
        temperature, seed = float(q.get("temperature") or 0), int(q.get("seed") or 0)
        samplers = None
        if temperature > 0:
            samplers = [Sampler(self.np, temperature, float(q.get("top_p", 1)), seed + k)
                        for k in range(len(prompts))]
        eos = self.eos if q.get("stop_on_eos", True) else set()
        if self.compiler:
            # What this request needs is compiled before `submitted`; torch takes a size of 1 as fixed.
            self.compiler.warm(len(prompts), all(len(p) < 32 and len(self.encode(p)) == 1 for p in prompts))
        gc.collect()
        gc.disable()
        try:
            with self.torch.inference_mode():
                reply = self.generate(prompts, n_new, samplers, eos)
        finally:
            gc.enable()
        reply["id"] = q.get("id")
        if self.compiler and self.compiler.changed():
            reply["evidence"] = self.evidence()
        return reply

    def generate(self, prompts: list[str], n_new: int, samplers: list[Sampler] | None, eos: set[int]) -> Json:
        n, stamps = len(prompts), []
        cpu = time.process_time_ns()
        submitted = now()
        tokens = [self.encode(text) for text in prompts]
        self.check_lengths(tokens, n_new)
        tokenized = now()
        ids, mask, places = self.tensors(tokens)
        logits, cache = self.prefill(ids, mask, places)
        if self.device == "cuda":
            self.torch.cuda.synchronize()
        prefilled = now()
        outputs: list[list[int]] = [[] for _ in range(n)]
        ended = [False] * n
        while True:
            chosen = self.choose(logits, samplers)
            for k, token in enumerate(chosen):
                if ended[k]:
                    chosen[k] = outputs[k][-1]  # the batch goes on with it; its tokens do not count
                else:
                    outputs[k].append(token)
                    ended[k] = token in eos
            stamps.append(now())
            if len(stamps) == n_new or all(ended):
                break
            mask, places = self.extend(mask, places)
            following = self.torch.tensor(chosen, dtype=self.torch.long).view(n, 1).to(self.device)
            logits, cache = self.step(following, mask, places, cache)
        texts = [self.decode(ids) for ids in outputs]
        detokenized = now()
        longest = max(map(len, tokens))
        return {
            "event": "sample", "submitted": submitted, "tokenized": tokenized, "first_token": stamps[0],
            "token_ns": stamps, "finished": stamps[-1], "detokenized": detokenized,
            "prefill_ns": [tokenized, prefilled], "prompt_tokens": [len(t) for t in tokens],
            "generated_tokens": [len(o) for o in outputs],
            "padding_tokens": sum(longest - len(t) for t in tokens),
            "prompts_distinct": len({tuple(t) for t in tokens}),
            "prompts_constant": sum(len(t) > 1 and len(set(t)) == 1 for t in tokens),
            "stop": ["eos" if e else "length" for e in ended], "output_ids": outputs, "outputs": texts,
            "cpu_ns": time.process_time_ns() - cpu,
            "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }

    def check_lengths(self, tokens: list[list[int]], n_new: int) -> None:
        for k, t in enumerate(tokens):
            if not t:
                raise Refusal("error", f"prompt {k} has no tokens")
            if self.n_ctx and len(t) + n_new - 1 > self.n_ctx:  # the last new token is never fed back
                raise Refusal("error", f"prompt {k}: {len(t)} tokens and {n_new} new ones exceed the context "
                                       f"of {self.n_ctx}")

    def logits(self, q: Json) -> Json:
        sequences, path = q.get("tokens"), q.get("path")
        if not isinstance(sequences, list) or not sequences or not all(sequences):
            raise Refusal("error", "logits: tokens is missing: want a list of lists of ids")
        if any(not 0 <= i < self.vocab for s in sequences for i in s):
            raise Refusal("error", f"logits: a token is outside the vocabulary of {self.vocab}")
        kinds = {"prefill": self.logits_prefill, "decode": self.logits_decode, "batch": self.logits_batch}
        if path not in kinds:
            raise Refusal("error", f"logits: path is {path!r}: want prefill, decode or batch")
        with self.torch.inference_mode(), open(q["file"], "wb") as f:
            for rows in kinds[path](sequences):
                f.write(rows.float().cpu().contiguous().numpy().tobytes())
        return {"event": "logits", "id": q.get("id"), "positions": sum(map(len, sequences)), "vocab": self.vocab}

    # keep=0 asks for every position, which is what a proof wants and a measurement does not. The compiled
    # engine answers with its compiled code where it has some: the last position of a prefill, every step.

    def logits_prefill(self, sequences: list[list[int]]) -> list[Any]:
        return [self.prefill(*self.tensors([s]), keep=0)[0][0] for s in sequences]

    def logits_batch(self, sequences: list[list[int]]) -> list[Any]:
        rows, _ = self.prefill(*self.tensors(sequences), keep=0)
        return [rows[k, rows.shape[1] - len(s):] for k, s in enumerate(sequences)]

    def logits_decode(self, sequences: list[list[int]]) -> list[Any]:
        torch, all_rows = self.torch, []
        if self.compiler:
            self.compiler.warm(1, single_token=True)
        for s in sequences:
            row, cache = self.prefill(*self.tensors([s[:1]]))
            rows = [row[0]]
            for token in s[1:]:
                row, cache = self.step(torch.tensor([[token]], device=self.device), None, None, cache)
                rows.append(row[0])
            all_rows.append(torch.cat(rows))
        return all_rows

    # -- what is said of it

    def loaded(self) -> Json:
        model, config = self.model, self.model.config
        params = {id(p): p.numel() for p in model.parameters()}
        return {
            "event": "loaded",
            "engine": {"name": "transformers", "version": self.transformers.__version__,
                       "path": os.path.dirname(self.transformers.__file__)},
            "device": self.device_name(), "load_ms": self.load_ms, "compile_ms": self.compile_ms,
            "threads": self.torch.get_num_threads(),
            "artefact": {"path": self.path, "bytes": folder_bytes(self.path), "sha256": self.sha256,
                         "modified": folder_modified(self.path), "made_from": None,
                         "made_from_reason": "the engine loads the model's own files"},
            "timed_region": TIMED_REGION,
            "model": {"architecture": config.model_type, "n_params": sum(params.values()),
                      "n_layers": config.num_hidden_layers, "d_model": config.hidden_size,
                      "vocab_size": self.vocab, "n_ctx": self.n_ctx or None},
            "evidence": self.evidence(), **self.label(),
        }

    def device_name(self) -> str:
        return self.torch.cuda.get_device_name() if self.device == "cuda" else "cpu"

    def evidence(self) -> Json:
        count: dict[str, int] = {}
        size: dict[str, int] = {}
        for p in {id(p): p for p in self.model.parameters()}.values():
            name = str(p.dtype).removeprefix("torch.")
            count[name] = count.get(name, 0) + p.numel()
            size[name] = size.get(name, 0) + p.numel() * p.element_size()
        notes, blas = [], blas_in_use()
        if blas and blas["kind"] == "reference":
            notes.append(f"torch uses the reference BLAS ({blas['path']}), which is about ten times slower than "
                         "OpenBLAS: install libopenblas0-openmp")
        elif blas and blas["kind"] == "openblas-pthread":
            notes.append(f"torch uses {blas['path']}, whose own threads fight with OpenMP's: install "
                         "libopenblas0-openmp")
        return {
            "weights_by_dtype": shares(size), "weights_elements_by_dtype": shares(count),
            "matmul_by_dtype": self.matmul, "providers": {},
            "compile": self.compiler.evidence() if self.compiler else
            {"requested": self.compiled, "happened": False, "backend": "inductor" if self.compiled else None,
             "graphs": 0, "breaks": 0, "recompiles": 0, "fallback": "eager" if self.compiled else None,
             "reason": self.not_compiled},
            "attention": self.model.config._attn_implementation,
            "cache": "dynamic, whole where layers slide" if self.compiler and self.compiler.whole else "dynamic",
            "torch": self.torch.__version__, "python": sys.version.split()[0],
            "cpu_capability": self.torch.backends.cpu.get_cpu_capability(),
            "import_ms": self.import_ms, "blas": blas, "notes": notes,
        }

    def label(self) -> Json:
        stored = {str(p.dtype).removeprefix("torch.") for p in self.model.parameters()}
        want = DTYPES[self.precision]
        reason = None
        if stored != {want}:
            reason = f"precision-mismatch: labelled {self.precision}, but the weights are {', '.join(sorted(stored))}"
        elif self.matmul and self.matmul.get(want, 0) < 0.99:
            reason = (f"precision-mismatch: labelled {self.precision}, but "
                      f"{100 * self.matmul.get(want, 0):.1f} % of the multiplications by weights are in {want}: "
                      + ", ".join(f"{100 * v:.1f} % {k}" for k, v in self.matmul.items()))
        elif self.not_compiled:
            reason = f"not compiled: {self.not_compiled}"
        return {"label_ok": reason is None, **({"label_reason": reason} if reason else {})}


class Compiler:
    """torch.compile of prefill and of a decoding step, and the proof of what it did.

    Sizes are symbolic, so one graph serves every length; torch always specialises on 0 and 1, which leaves
    four graphs: {prefill, step} x {one sequence, a batch}. warm() compiles them, never a sample. The cache
    crosses the border of the compiled code as plain contiguous tensors: a cache object would be guarded
    attribute by attribute, strides of the prefill's views included, and that was a graph more of each kind.
    A recompile limit that is reached raises; nothing goes on in eager unsaid.
    """

    def __init__(self, engine: Engine):
        import torch._dynamo.utils
        from transformers.cache_utils import DynamicCache, DynamicLayer, DynamicSlidingWindowLayer

        self.engine, torch, model = engine, engine.torch, engine.model
        kinds = {type(layer) for layer in DynamicCache(config=model.config).layers}
        # A sliding layer's cache is kept whole here: the mask, not the cache, is what makes it slide, so the
        # numbers are the same, and what it costs is memory and the products that the mask throws away.
        self.whole = DynamicSlidingWindowLayer in kinds
        if kinds - {DynamicLayer, DynamicSlidingWindowLayer}:
            raise Refusal("incompatible", f"caches of {', '.join(k.__name__ for k in kinds)} are not compiled here")
        self.counters = torch._dynamo.utils.counters
        self.counters.clear()
        torch._dynamo.config.suppress_errors = False
        torch._dynamo.config.fail_on_recompile_limit_hit = True
        self.ready: set[tuple[bool, bool]] = set()  # (a batch, prompts of one token), of what is compiled
        self.expected = self.reported = 0  # graphs
        self.late_ms: float | None = None  # compiled between requests

        def forward(ids: Any, mask: Any, places: Any, cache: Any) -> tuple[Any, Any]:
            out = model(input_ids=ids, attention_mask=mask, position_ids=places, past_key_values=cache,
                        use_cache=True, logits_to_keep=1)
            return out.logits, [(x.keys.contiguous(), x.values.contiguous()) for x in cache.layers]

        def prefill(ids: Any, mask: Any, places: Any) -> tuple[Any, Any]:
            return forward(ids, mask, places, DynamicCache())

        def step(ids: Any, mask: Any, places: Any, past: Any) -> tuple[Any, Any]:
            cache = DynamicCache()
            for keys, values in past:
                layer = DynamicLayer()
                layer.lazy_initialization(keys, values)
                layer.keys, layer.values = keys, values
                cache.layers.append(layer)
            return forward(ids, mask, places, cache)

        self.prefill = torch.compile(prefill, backend="inductor", dynamic=True)
        self.step = torch.compile(step, backend="inductor", dynamic=True)

    def graphs(self) -> int:
        return int(self.counters["stats"].get("unique_graphs", 0))

    def warm(self, n: int, single_token: bool, loading: bool = False) -> None:
        """Compiles what requests of n prompts (each of one token, or not) need, if that has not happened yet."""
        kind = (n > 1, single_token)
        if kind in self.ready:
            return
        begin, e = now(), self.engine
        with e.torch.inference_mode():
            for length in (1,) if single_token else (11, 23):  # the second finds out whether the first was taken as fixed
                ids, mask, places = e.tensors([[0] * length] * n)
                _, cache = self.prefill(ids, mask, places)
                for _ in range(2):
                    mask, places = e.extend(mask, places)
                    _, cache = self.step(e.torch.zeros((n, 1), dtype=e.torch.long, device=e.device), mask, places, cache)
        if self.graphs() == self.expected:
            raise RuntimeError("torch.compile returned without a graph")
        self.ready.add(kind)
        self.expected = self.graphs()
        if loading:
            self.reported = self.expected
        else:
            self.late_ms = (self.late_ms or 0.0) + (now() - begin) / 1e6

    def changed(self) -> bool:
        """Whether there are graphs that no reply has told of yet."""
        was, self.reported = self.reported, self.graphs()
        return self.reported != was

    def evidence(self) -> Json:
        c = self.counters
        inductor, aot, frames = c["inductor"], c["aot_autograd"], c["frames"]
        return {
            "requested": True, "happened": True, "backend": "inductor", "graphs": self.graphs(),
            "breaks": sum(c["graph_break"].values()),
            "break_reasons": [reason_of(Refusal("", str(k))) for k in list(c["graph_break"])[:4]],
            "recompiles": self.graphs() - self.expected, "fallback": None, "reason": None,
            "frames": frames.get("total", 0), "frames_ok": frames.get("ok", 0),
            "cache_hits": inductor.get("fxgraph_cache_hit", 0) + aot.get("autograd_cache_hit", 0),
            "cache_misses": inductor.get("fxgraph_cache_miss", 0) + aot.get("autograd_cache_miss", 0),
            "dynamic_shapes": True, "late_compile_ms": self.late_ms,
        }


class Embedder(Engine):
    """A model that turns texts into vectors, as sentence-transformers does it: tokens cut at the model's
    longest text, one forward, the hidden states pooled over the attention mask, the vector's length made 1.

    Pooling and longest text are read from the folder (modules.json and what it names); a folder without
    modules.json is pooled by the mean, sentence-transformers' own choice, and the notes say so. A module
    that is not done here (a dense layer, a sum of poolings) is refused, never left out.
    """

    POOLINGS = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls", "pooling_mode_lasttoken": "lasttoken"}

    def __init__(self, q: Json):
        begin = now()
        self.backend, self.precision = q["backend"], q.get("precision") or "fp32"
        self.device = "cuda" if "gpu" in self.backend else "cpu"
        self.threads = int(q.get("threads") or 0) or len(os.sched_getaffinity(0))
        self.sha256 = q.get("artefact_sha256")
        self.compiled, self.compiler, self.compile_ms, self.not_compiled = False, None, None, None
        self.notes: list[str] = []
        self.path = q["model_path"]
        self.check_precision()
        transformer = self.read_modules()  # what is refused is refused before seconds of importing
        self.import_libraries()
        self.import_ms = (now() - begin) / 1e6
        self.load_embedder(transformer)
        self.matmul = self.probe_matmul()
        self.load_ms = (now() - begin) / 1e6

    def load_embedder(self, transformer: str) -> None:
        path, torch, t = self.path, self.torch, self.transformers
        self.dtype = getattr(torch, DTYPES[self.precision])
        try:
            self.tokenizer = t.AutoTokenizer.from_pretrained(transformer, local_files_only=True)
            model, info = t.AutoModel.from_pretrained(transformer, dtype=self.dtype, local_files_only=True,
                                                      attn_implementation=ATTENTION, output_loading_info=True)
        except (ValueError, KeyError, OSError) as error:
            raise Refusal("incompatible" if "nrecognized" in str(error) else "error",
                          f"'{path}': {' '.join(str(error).split())}") from None
        # A pooler on top of the hidden states is no part of an embedding, and may lack its weights.
        lacking = sorted(k for k in info["missing_keys"] if not k.startswith("pooler."))
        if lacking or info["mismatched_keys"]:
            raise Refusal("error", f"'{path}': weights are missing or of another shape: {lacking[:3]}")
        self.tokenizer.padding_side = "right"
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token or self.tokenizer.unk_token
        self.model = model.to(self.device).eval().requires_grad_(False)
        if getattr(self.model, "pooler", None) is not None:
            self.model.pooler = None
        places = int(getattr(model.config, "max_position_embeddings", 0) or 0)
        limits = [n for n in (self.longest, places, int(self.tokenizer.model_max_length)) if n]
        self.n_ctx = min(limits)
        self.vocab = int(model.config.vocab_size)

    def read_modules(self) -> str:
        """Pooling, prefix and longest text of the folder; returns where the transformer lies."""
        path, modules = self.path, read_json(self.path, "modules.json")
        if modules is None and not os.path.isfile(os.path.join(path, "config.json")):
            raise Refusal("unavailable", f"'{path}' is no Hugging Face folder: it has no config.json")
        self.pooling, self.prefix = "mean", ""
        transformer = path
        if modules is None:
            self.notes.append("the folder has no modules.json: pooled by the mean over the attention mask")
        for module in modules or []:
            kind, place = str(module.get("type", "")).rsplit(".", 1)[-1], os.path.join(path, module.get("path") or "")
            if kind == "Transformer":
                transformer = place
            elif kind == "Pooling":
                self.pooling = self.read_pooling(place)
            elif kind != "Normalize":  # which is always done: lengths do not enter a cosine
                raise Refusal("incompatible", f"'{path}': modules.json has a {kind} module, which is not done here")
        settings = read_json(transformer, "sentence_bert_config.json") or {}
        self.longest = int(settings.get("max_seq_length") or 0)
        self.lower = bool(settings.get("do_lower_case"))
        prompts = read_json(path, "config_sentence_transformers.json") or {}
        if prompts.get("default_prompt_name"):
            self.prefix = (prompts.get("prompts") or {}).get(prompts["default_prompt_name"]) or ""
        return transformer

    def read_pooling(self, place: str) -> str:
        config = read_json(place, "config.json") or {}
        mode = config.get("pooling_mode")
        chosen = [mode] if isinstance(mode, str) else [
            self.POOLINGS.get(k, k) for k, v in config.items() if k.startswith("pooling_mode_") and v is True]
        if len(chosen) != 1 or chosen[0] not in self.POOLINGS.values():
            raise Refusal("incompatible", f"'{self.path}': pooling {' + '.join(chosen) or 'none'}: "
                                          "mean, cls and lasttoken are done here")
        return chosen[0]

    def embed(self, q: Json) -> Json:
        texts, path = q.get("texts"), q.get("file")
        if not isinstance(texts, list) or not all(isinstance(x, str) for x in texts):
            raise Refusal("error", "embed: texts is missing: want a list of texts")
        if not path:
            raise Refusal("error", "embed: file is missing")
        texts = [self.prefix + (x.lower() if self.lower else x).strip() for x in texts]
        lengths = [len(ids) for ids in self.tokenizer(texts, return_attention_mask=False, verbose=False)["input_ids"]] if texts else []
        order = sorted(range(len(texts)), key=lambda i: -lengths[i])  # equal lengths share a forward: less padding
        rows: list[Any] = [None] * len(texts)
        for at in range(0, len(order), EMBED_BATCH):
            part = order[at:at + EMBED_BATCH]
            for i, row in zip(part, self.vectors([texts[i] for i in part])):
                rows[i] = row
        out = self.np.stack(rows) if rows else self.np.zeros((0, int(self.model.config.hidden_size)))
        out.astype(self.np.float32).tofile(path)
        return {"event": "embeddings", "id": q.get("id"), "texts": len(texts), "dimension": int(out.shape[1]),
                "cut": sum(n > self.n_ctx for n in lengths)}

    def vectors(self, texts: list[str]) -> Any:
        torch = self.torch
        x = self.tokenizer(texts, padding=True, truncation=True, max_length=self.n_ctx, return_tensors="pt").to(self.device)
        with torch.inference_mode():
            hidden = self.model(**x).last_hidden_state.float()
            mask = x["attention_mask"]
            if self.pooling == "mean":
                weight = mask.unsqueeze(-1).float()
                v = (hidden * weight).sum(1) / weight.sum(1).clamp(min=1e-9)
            else:
                last = mask.sum(1) - 1 if self.pooling == "lasttoken" else torch.zeros_like(mask[:, 0])
                v = hidden[torch.arange(len(texts)), last.clamp(min=0)]
            v = torch.nn.functional.normalize(v, dim=1)
        return v.cpu().numpy()

    def evidence(self) -> Json:
        e = super().evidence()
        e["notes"] = e["notes"] + self.notes
        return e | {"pooling": self.pooling, "longest_tokens": self.n_ctx, "prefix": self.prefix}


def read_json(folder: str, name: str) -> Any:
    """None where the file is not there."""
    try:
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            return json.load(f)
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise Refusal("error", f"'{os.path.join(folder, name)}': {error}") from None


def shares(counts: dict[str, int]) -> dict[str, float]:
    total = sum(counts.values())
    return {k: n / total for k, n in counts.items()} if total else {}


def cache_folder() -> str:
    """The rule of file_cache_folder() in src/io/file.h."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.environ.get("CHIMERA_CACHE") or os.path.join(home, "chimera")


def folder_bytes(path: str) -> int:
    return sum(e.stat().st_size for e in os.scandir(path) if e.is_file())


def folder_modified(path: str) -> str:
    newest = max((e.stat().st_mtime_ns for e in os.scandir(path) if e.is_file()), default=0)
    day = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(newest // 10**9))
    return f"{day}.{newest % 10**9 // 1000:06d}Z"


def blas_in_use() -> Json | None:
    """The BLAS that is mapped into this process, not the one that torch was configured with."""
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as f:
        paths = {line.split(maxsplit=5)[5].strip() for line in f if ".so" in line and "/" in line}
    for path in sorted(paths):
        name = os.path.basename(path)
        if "mkl_rt" in name or "libmkl_core" in name:
            return {"kind": "mkl", "path": path}
        if "openblas" in path and "blas" in name:
            kind = "openblas-pthread" if "pthread" in path else "openblas-openmp" if "openmp" in path else "openblas"
            return {"kind": kind, "path": path}
        if name.startswith("libblis"):
            return {"kind": "blis", "path": path}
    for path in sorted(paths):
        if os.path.basename(path).startswith("libblas.so"):
            return {"kind": "reference", "path": path}
    return None


# ---- the protocol ------------------------------------------------------------------------------------


class Worker:
    def __init__(self, out: Any):
        self.out, self.engine, self.status = out, None, None

    def reply(self, message: Json) -> None:
        self.out.write(json.dumps(message, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace") + b"\n")
        self.out.flush()

    def serve(self, line: bytes) -> None:
        q: Json = {}
        op = ""
        try:
            q = json.loads(line)
            if not isinstance(q, dict):
                q = {}
                raise Refusal("error", "a request is a JSON object")
            op = q.get("op") or ""
            self.answer(op, q)
        except Exception as error:  # the boundary: whatever an engine raises becomes a reply, and the tail
            self.reply({"event": "error", "id": q.get("id"), "status": status_of(error), "reason": reason_of(error)})
            if not isinstance(error, Refusal):
                sys.excepthook(*sys.exc_info())  # of standard error keeps the whole story
            if op == "load":
                self.status = 1

    def answer(self, op: str, q: Json) -> None:
        if op == "quit":
            self.status = 0
        elif op == "prepare":
            self.reply(prepare(q))
        elif op == "load":
            if self.engine:
                raise Refusal("error", "a worker loads once")
            self.engine = Embedder(q) if q.get("task") == "embed" else Engine(q)
            gc.collect()
            gc.freeze()  # what stays for good is not walked by the collections between requests
            self.reply(self.engine.loaded())
        elif op not in ("run", "logits", "tokenize", "detokenize", "embed"):
            raise Refusal("error", f"no such operation: '{op}'")
        elif not self.engine:
            raise Refusal("error", f"{op}: nothing is loaded")
        elif isinstance(self.engine, Embedder) != (op == "embed"):
            raise Refusal("error", f"{op}: the model was loaded with task {'embed' if op != 'embed' else 'generate'}")
        elif op == "embed":
            self.reply(self.engine.embed(q))
        elif op == "run":
            self.reply(self.engine.run(q))
        elif op == "logits":
            self.reply(self.engine.logits(q))
        elif op == "tokenize":
            self.reply({"event": "tokens", "id": q.get("id"), "tokens": self.engine.encode(q["text"])})
        elif op == "detokenize":
            self.reply({"event": "text", "id": q.get("id"), "text": self.engine.decode(q["tokens"])})


def prepare(q: Json) -> Json:
    """transformers loads the Hugging Face folder as it is: there is nothing to make."""
    path = q.get("model_path") or ""
    if not os.path.isfile(os.path.join(path, "config.json")):
        raise Refusal("unavailable", f"'{path}' is no Hugging Face folder: it has no config.json")
    return {"event": "prepared", "artefact": path, "bytes": folder_bytes(path), "cached": True, "ms": 0.0}


def main() -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the lab's to handle; it ends its workers itself
    try:
        out = os.fdopen(3, "wb", closefd=False)
    except OSError:
        print("worker.py: file descriptor 3 is closed; chimera starts this program (docs/WORKER.md)", file=sys.stderr)
        return 2
    os.set_inheritable(3, False)  # a compiler that inductor starts must not hold the pipe open
    worker = Worker(out)
    try:
        for line in sys.stdin.buffer:
            if line.strip():
                worker.serve(line)
            if worker.status is not None:
                return worker.status
    except BrokenPipeError:
        return 2  # nobody listens any more
    return 0


if __name__ == "__main__":
    # Not sys.exit(): tearing torch and its thread pools down takes a second that nobody needs.
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
