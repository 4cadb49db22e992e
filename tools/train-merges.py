#!/usr/bin/env python3
"""Learn the byte-level BPE merges of data/tokenizer/merges.u16 (see data/tokenizer/README.md).

usage: train-merges.py FOLDER OUT
FOLDER holds *.txt (prose) and *.list (a word a line). Writes 50,000 merges as pairs of
little-endian uint16 token ids; merge i makes token 256 + i. Needs the Debian package
python3-tokenizers. Run once, by hand: the result is committed, because another version of the
library may break ties in another way and every stored token count would move.
"""
import collections
import json
import pathlib
import struct
import sys

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

MERGES = 50_000


def texts(folder):
    for path in sorted(pathlib.Path(folder).iterdir()):
        if path.suffix == ".txt":
            yield from path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        elif path.suffix == ".list":
            for word in path.read_text(encoding="utf-8").splitlines():
                yield " " + word


def main(folder, out):
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=256 + MERGES, min_frequency=2, max_token_length=18, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    t.train_from_iterator(texts(folder), trainer)
    model = json.loads(t.to_str())["model"]
    ids = model["vocab"]
    assert len(model["merges"]) == MERGES, len(model["merges"])
    pairs = bytearray()
    for i, merge in enumerate(model["merges"]):
        a, b = merge
        assert ids[a + b] == 256 + i and ids[a] < 256 + i and ids[b] < 256 + i, (i, a, b)
        pairs += struct.pack("<HH", ids[a], ids[b])
    counts = collections.Counter(len(t) for t in ids)
    print(f"{len(model['merges'])} merges; tokens by length: {dict(sorted(counts.items()))}")
    pathlib.Path(out).write_bytes(pairs)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
