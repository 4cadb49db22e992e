/* tokenizer_splitter.h - what tokenizer.json's `pre_tokenizer` does: a text becomes words.
 *
 * Sequence, Split, ByteLevel (as the last), Metaspace, Digits, Whitespace and WhitespaceSplit.
 * Others are refused by name. Words come out one by one, so that nothing is kept of a long text.
 */
#pragma once

#include "base/str.h"
#include "model/tokenizer_pattern.h"

struct json;

enum tokenizer_split_kind : uint8_t {
    SPLIT_PATTERN,
    SPLIT_SPACE,     /* a space in front, unless there is one: ByteLevel's add_prefix_space */
    SPLIT_METASPACE, /* spaces become another character, and one stands in front */
};

enum tokenizer_split_behavior : uint8_t {
    SPLIT_REMOVED,
    SPLIT_ISOLATED,
    SPLIT_MERGED_PREVIOUS,
    SPLIT_MERGED_NEXT,
    SPLIT_CONTIGUOUS,
};

enum tokenizer_split_scheme : uint8_t { METASPACE_ALWAYS, METASPACE_FIRST, METASPACE_NEVER };

struct tokenizer_split_step {
    enum tokenizer_split_kind kind;
    enum tokenizer_split_behavior behavior;
    enum tokenizer_split_scheme scheme;
    bool invert;
    struct tokenizer_pattern pattern;
    const char *mark; /* METASPACE */
    size_t n_mark;
    struct str buffer;
};

constexpr size_t TOKENIZER_SPLIT_STEPS = 64;

struct tokenizer_splitter { /* begins as {} */
    struct tokenizer_split_step steps[TOKENIZER_SPLIT_STEPS];
    size_t n_steps;
    bool byte_level; /* words are bytes and not characters */
    bool first_only; /* some step asks what stands at the text's beginning */
};

struct tokenizer_words { /* who gets the words */
    enum err_code (*word)(void *context, const char *text, size_t n, struct err *e);
    void *context;
};

[[nodiscard]] enum err_code tokenizer_splitter_read(struct tokenizer_splitter *t,
                                                    const struct json *v, struct arena *a,
                                                    struct err *e);
void tokenizer_splitter_done(struct tokenizer_splitter *t);

/* text[0..n), n > 0. at_beginning: it begins where the whole text begins. */
[[nodiscard]] enum err_code tokenizer_splitter_run(struct tokenizer_splitter *t, const char *text,
                                                   size_t n, bool at_beginning,
                                                   const struct tokenizer_words *to, struct err *e);
/* "mark" of a Metaspace, in a pre-tokeniser or a decoder: its replacement and its scheme. */
[[nodiscard]] enum err_code tokenizer_splitter_metaspace(const struct json *v,
                                                         const char **ret_mark, size_t *ret_n,
                                                         enum tokenizer_split_scheme *ret_scheme,
                                                         struct err *e);
