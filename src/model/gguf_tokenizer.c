#include "model/gguf_tokenizer.h"

#include "base/arena.h"
#include "base/defs.h"
#include "model/gguf_write.h"
#include "model/tokenizer.h"
#include "model/tokenizer_file.h"

#include <string.h>

/* Kinds of tokens, as llama.cpp numbers them. */
enum token_kind : int32_t {
    TOKEN_NORMAL = 1,
    TOKEN_UNKNOWN = 2,
    TOKEN_CONTROL = 3,
    TOKEN_USER = 4,
    TOKEN_UNUSED = 5,
    TOKEN_BYTE = 6,
};

#define WORDS_BEFORE "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"
#define WORDS_AFTER  "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

static const struct {
    const char *model, *pre;
} names[] = {
    [GGUF_TOKENIZER_GPT2] = {"gpt2", "gpt-2"},
    [GGUF_TOKENIZER_LLAMA3] = {"gpt2", "llama-bpe"},
    [GGUF_TOKENIZER_QWEN2] = {"gpt2", "qwen2"},
    [GGUF_TOKENIZER_SENTENCEPIECE] = {"llama", "default"},
};

static enum gguf_tokenizer_kind byte_level_kind(const struct tokenizer_splitter *s)
{
    static const struct {
        enum gguf_tokenizer_kind kind;
        const char *words;
    } rows[] = {
        {GGUF_TOKENIZER_LLAMA3, WORDS_BEFORE "\\p{N}{1,3}" WORDS_AFTER},
        {GGUF_TOKENIZER_QWEN2, WORDS_BEFORE "\\p{N}" WORDS_AFTER},
    };
    const struct tokenizer_split_step *const step = &s->steps[0];
    if (s->n_steps != 1 || step->kind != SPLIT_PATTERN || step->behavior != SPLIT_ISOLATED)
        return GGUF_TOKENIZER_OTHER;
    if (step->pattern.kind == PATTERN_GPT2)
        return GGUF_TOKENIZER_GPT2;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (step->pattern.kind == PATTERN_REGEX && step->pattern.n == strlen(rows[i].words) &&
            memcmp(step->pattern.text, rows[i].words, step->pattern.n) == 0)
            return rows[i].kind;
    return GGUF_TOKENIZER_OTHER;
}

static bool is_mark(const char *text, size_t n)
{
    return n == 3 && memcmp(text, "\u2581", 3) == 0;
}

/* Spaces become U+2581, and perhaps one stands in front; nothing else happens to a text. */
static bool is_sentencepiece(const struct tokenizer_file *f, bool *ret_prefix)
{
    bool marks = false;
    *ret_prefix = false;
    for (size_t i = 0; i < f->normalizer.n_steps; i++) {
        const struct tokenizer_normal_step *const s = &f->normalizer.steps[i];
        const bool prefix = s->kind == NORMAL_PREPEND;
        if (!is_mark(s->text ? s->text : "", s->n) ||
            (!prefix && (s->kind != NORMAL_REPLACE || s->pattern.kind != PATTERN_TEXT ||
                         s->pattern.n != 1 || s->pattern.text[0] != ' ')))
            return false;
        *ret_prefix |= prefix;
        marks |= !prefix;
    }
    for (size_t i = 0; i < f->splitter.n_steps; i++) {
        const struct tokenizer_split_step *const s = &f->splitter.steps[i];
        const bool metaspace = s->kind == SPLIT_METASPACE && is_mark(s->mark, s->n_mark);
        /* Gemma's Split at spaces comes after they have become marks. */
        if (!metaspace && !(marks && s->kind == SPLIT_PATTERN && s->pattern.kind == PATTERN_TEXT &&
                            s->pattern.n == 1 && s->pattern.text[0] == ' '))
            return false;
        *ret_prefix |= metaspace && s->scheme != METASPACE_NEVER;
        marks |= metaspace;
    }
    return marks && f->bpe.byte_fallback;
}

enum gguf_tokenizer_kind gguf_tokenizer_kind(const struct tokenizer *t)
{
    const struct tokenizer_file *const f = tokenizer_parts(t);
    bool prefix;
    if (!f->splitter.byte_level)
        return is_sentencepiece(f, &prefix) ? GGUF_TOKENIZER_SENTENCEPIECE : GGUF_TOKENIZER_OTHER;
    const enum gguf_tokenizer_kind kind = byte_level_kind(&f->splitter);
    const struct tokenizer_normalizer *const n = &f->normalizer;
    const bool nfc =
        n->n_steps == 1 && n->steps[0].kind == NORMAL_FORM && n->steps[0].form == UNICODE_NFC;
    return n->n_steps == 0 || (nfc && kind == GGUF_TOKENIZER_QWEN2) ? kind : GGUF_TOKENIZER_OTHER;
}

static int32_t kind_of(const struct tokenizer *t, int32_t id)
{
    const struct tokenizer_bpe *const m = &tokenizer_parts(t)->bpe;
    for (unsigned b = 0; b < 256 && !m->byte_level; b++)
        if (m->byte_ids[b] == id)
            return TOKEN_BYTE;
    if (id == m->unknown)
        return TOKEN_UNKNOWN;
    if (tokenizer_is_special(t, id))
        return TOKEN_CONTROL;
    return tokenizer_is_added(t, id) ? TOKEN_USER : TOKEN_NORMAL;
}

static void put_merges(struct gguf_write *w, const struct tokenizer *t, struct arena *a)
{
    const size_t n = tokenizer_n_merges(t);
    const char **const merges = arena_alloc(a, n + 1, sizeof *merges);
    for (size_t i = 0; i < n; i++) {
        int32_t left = 0, right = 0;
        tokenizer_merge(t, i, &left, &right);
        merges[i] = arena_printf(a, "%s %s", tokenizer_token(t, left), tokenizer_token(t, right));
    }
    gguf_write_strs(w, "tokenizer.ggml.merges", merges, n);
}

/* SentencePiece joins the pair whose token has the highest score: the earlier a merge makes it, the
 * higher. */
static void put_scores(struct gguf_write *w, const struct tokenizer *t, size_t n, struct arena *a)
{
    const struct tokenizer_table *const table = &tokenizer_parts(t)->bpe.table;
    float *const scores = ARENA_ARRAY(a, float, n);
    for (size_t i = table->n_merges; i-- > 0;)
        scores[table->merges[i].result] = -(float)(i + 1);
    gguf_write_f32s(w, "tokenizer.ggml.scores", scores, n);
}

static void put_tokens(struct gguf_write *w, const struct tokenizer *t, size_t n, struct arena *a)
{
    const size_t known = tokenizer_n_tokens(t);
    const char **const tokens = arena_alloc(a, n, sizeof *tokens);
    int32_t *const kinds = ARENA_ARRAY(a, int32_t, n);
    for (size_t i = 0; i < n; i++) {
        tokens[i] = i < known ? tokenizer_token(t, (int32_t)i) : nullptr;
        kinds[i] = tokens[i] ? kind_of(t, (int32_t)i) : TOKEN_UNUSED;
        if (!tokens[i])
            tokens[i] = arena_printf(a, "[PAD%zu]", i);
    }
    gguf_write_strs(w, "tokenizer.ggml.tokens", tokens, n);
    gguf_write_i32s(w, "tokenizer.ggml.token_type", kinds, n);
}

static enum err_code put_around(struct gguf_write *w, const struct tokenizer_file *f, int64_t bos,
                                int64_t eos, struct err *e)
{
    if (f->n_before > 1 || f->n_after > 1)
        return err_set(
            e, ERR_UNSUPPORTED,
            "llama.cpp puts one special token before a text and one after it, not %zu and "
            "%zu",
            f->n_before, f->n_after);
    bos = f->n_before ? f->before[0] : bos;
    eos = f->n_after ? f->after[0] : eos;
    if (bos >= 0)
        gguf_write_u32(w, "tokenizer.ggml.bos_token_id", (uint32_t)bos);
    if (eos >= 0)
        gguf_write_u32(w, "tokenizer.ggml.eos_token_id", (uint32_t)eos);
    if (!f->bpe.byte_level && f->bpe.unknown >= 0)
        gguf_write_u32(w, "tokenizer.ggml.unknown_token_id", (uint32_t)f->bpe.unknown);
    gguf_write_bool(w, "tokenizer.ggml.add_bos_token", f->n_before > 0);
    gguf_write_bool(w, "tokenizer.ggml.add_eos_token", f->n_after > 0);
    return ERR_OK;
}

enum err_code gguf_tokenizer_write(struct gguf_write *w, const char *folder, uint32_t vocab_size,
                                   int64_t bos, int64_t eos, struct arena *a, struct err *e)
{
    CLEANUP(tokenizer_freep) struct tokenizer *t = nullptr;
    if (tokenizer_read(folder, a, &t, e))
        return err_wrap(e, "a GGUF file needs the tokenizer");
    const struct tokenizer_file *const f = tokenizer_parts(t);
    const enum gguf_tokenizer_kind kind = gguf_tokenizer_kind(t);
    bool prefix = false;
    if (kind == GGUF_TOKENIZER_OTHER)
        return err_set(e, ERR_UNSUPPORTED,
                       "'%s': llama.cpp has no tokenizer of this kind; it has GPT-2's, Llama 3's, "
                       "Qwen2's and SentencePiece's",
                       folder);
    if (tokenizer_n_tokens(t) > vocab_size)
        return err_set(e, ERR_UNSUPPORTED, "'%s': its tokenizer has %zu tokens and the model %u",
                       folder, tokenizer_n_tokens(t), vocab_size);
    gguf_write_str(w, "tokenizer.ggml.model", names[kind].model);
    gguf_write_str(w, "tokenizer.ggml.pre", names[kind].pre);
    put_tokens(w, t, vocab_size, a);
    if (kind == GGUF_TOKENIZER_SENTENCEPIECE)
        put_scores(w, t, vocab_size, a);
    else
        put_merges(w, t, a);
    if (kind == GGUF_TOKENIZER_SENTENCEPIECE && is_sentencepiece(f, &prefix))
        gguf_write_bool(w, "tokenizer.ggml.add_space_prefix", prefix);
    return put_around(w, f, bos, eos, e);
}
