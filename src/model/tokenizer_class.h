/* tokenizer_class.h - which class of transformers reads a folder's tokenizer, and what that
 * changes.
 *
 * transformers 5 does not always take tokenizer.json as it stands: the classes GPT2Tokenizer,
 * LlamaTokenizer, Qwen2Tokenizer and GemmaTokenizer take its vocabulary, its merges and its
 * post-processor, and make the other parts themselves. Which class it is, tokenizer_config.json and
 * config.json's model_type say. A class that is not known here is refused by name.
 */
#pragma once

#include "base/err.h"

struct arena;
struct json;

struct tokenizer_class_defaults { /* special tokens that a class has where the files name none */
    const char *bos, *eos, *unk, *pad, *mask;
};

struct tokenizer_class {
    const char *name;
    const struct json *settings; /* tokenizer_config.json; nullptr: none */
    const struct json *specials; /* special_tokens_map.json, where transformers reads it */
    const char *unread; /* a file that would add tokens and is not implemented, or nullptr */
    bool rebuilds;      /* makes the parts below itself */
    const struct json *normalizer, *pre_tokenizer, *decoder;
    bool byte_fallback, fuse_unknown, unknown_counts;
    bool resets_specials; /* special tokens lose what the files say of them */
    struct tokenizer_class_defaults defaults;
};

[[nodiscard]] enum err_code tokenizer_class_read(const char *folder, struct arena *a,
                                                 struct tokenizer_class *ret, struct err *e);
/* The class `name` in its place, with the same files. */
[[nodiscard]] enum err_code tokenizer_class_of(const char *name, struct arena *a,
                                               struct tokenizer_class *c, struct err *e);
