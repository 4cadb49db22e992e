#include "model/tokenizer.h"

#include "base/arena.h"
#include "base/str.h"
#include "model/tokenizer_file.h"
#include "model/unicode_class.h"

struct tokenizer {
    struct tokenizer_file file;
    struct tokenizer_ids out; /* of the call that is under way */
};

enum err_code tokenizer_read(const char *folder, struct arena *a, struct tokenizer **ret,
                             struct err *e)
{
    struct tokenizer *t = ARENA_ARRAY(a, struct tokenizer, 1);
    if (tokenizer_file_read(folder, a, &t->file, e)) {
        tokenizer_freep(&t);
        return e->code;
    }
    *ret = t;
    return ERR_OK;
}

void tokenizer_freep(struct tokenizer **t)
{
    if (!*t)
        return;
    tokenizer_file_done(&(*t)->file);
    *t = nullptr;
}

static enum err_code encode_word(void *context, const char *text, size_t n, struct err *e)
{
    struct tokenizer *const t = context;
    return tokenizer_bpe_word(&t->file.bpe, text, n, &t->out, e);
}

static enum err_code encode_words(struct tokenizer *t, const char *text, size_t n,
                                  bool at_beginning, struct err *e)
{
    const struct tokenizer_words to = {encode_word, t};
    return n == 0 ? ERR_OK
                  : tokenizer_splitter_run(&t->file.splitter, text, n, at_beginning, &to, e);
}

/* What lies between two added tokens that are found in the text as it stands. */
static enum err_code encode_normal(struct tokenizer *t, const char *text, size_t n,
                                   bool at_beginning, struct err *e)
{
    if (n == 0)
        return ERR_OK;
    if (tokenizer_normalizer_run(&t->file.normalizer, &text, &n, e))
        return e->code;
    struct tokenizer_added_walk w = {.text = text, .n = n, .normalized = true};
    struct tokenizer_added_match found;
    for (bool any;;) {
        if (tokenizer_added_next(&t->file.added, &w, &found, &any, e))
            return e->code;
        const size_t begin = any ? found.before : w.taken, end = any ? found.begin : n;
        if (begin < end &&
            encode_words(t, text + begin, end - begin, at_beginning && begin == 0, e))
            return e->code;
        if (!any)
            return ERR_OK;
        if (tokenizer_bpe_put(&t->out, found.token->id, e))
            return e->code;
    }
}

static enum err_code encode(struct tokenizer *t, const char *text, size_t n, struct err *e)
{
    struct tokenizer_added_walk w = {.text = text, .n = n};
    struct tokenizer_added_match found;
    for (bool any;;) {
        if (tokenizer_added_next(&t->file.added, &w, &found, &any, e))
            return e->code;
        const size_t begin = any ? found.before : w.taken, end = any ? found.begin : n;
        if (begin < end && encode_normal(t, text + begin, end - begin, begin == 0, e))
            return e->code;
        if (!any)
            return ERR_OK;
        if (tokenizer_bpe_put(&t->out, found.token->id, e))
            return e->code;
    }
}

enum err_code tokenizer_encode(struct tokenizer *t, const char *text, size_t bytes,
                               int32_t *ret_ids, size_t room, size_t *ret_n, struct err *e)
{
    const struct tokenizer_file *const f = &t->file;
    for (size_t i = 0, length; i < bytes; i += length)
        if (unicode_class_decode(text + i, bytes - i, &length) == UINT32_MAX)
            return err_set(e, ERR_PARSE, "the text is not UTF-8 at byte %zu (0x%02x)", i,
                           (unsigned char)text[i]);
    t->out = (struct tokenizer_ids){ret_ids, 0, room};
    for (size_t i = 0; i < f->n_before; i++)
        if (tokenizer_bpe_put(&t->out, f->before[i], e))
            return e->code;
    if (encode(t, text, bytes, e))
        return e->code;
    for (size_t i = 0; i < f->n_after; i++)
        if (tokenizer_bpe_put(&t->out, f->after[i], e))
            return e->code;
    *ret_n = t->out.n;
    return ERR_OK;
}

enum err_code tokenizer_decode(struct tokenizer *t, const int32_t *ids, size_t n, struct str *out,
                               struct err *e)
{
    const struct tokenizer_table *const table = &t->file.bpe.table;
    tokenizer_decoder_clear(&t->file.decoder);
    for (size_t i = 0; i < n; i++)
        if (tokenizer_token(t, ids[i]))
            tokenizer_decoder_add(&t->file.decoder, table->tokens[ids[i]].shown,
                                  table->tokens[ids[i]].n_shown);
    return tokenizer_decoder_run(&t->file.decoder, out, e);
}

const struct tokenizer_file *tokenizer_parts(const struct tokenizer *t)
{
    return &t->file;
}

size_t tokenizer_n_tokens(const struct tokenizer *t)
{
    return t->file.bpe.table.n_tokens;
}

const char *tokenizer_token(const struct tokenizer *t, int32_t id)
{
    const struct tokenizer_table *const table = &t->file.bpe.table;
    return id >= 0 && (size_t)id < table->n_tokens ? table->tokens[id].text : nullptr;
}

bool tokenizer_is_added(const struct tokenizer *t, int32_t id)
{
    return tokenizer_token(t, id) && t->file.bpe.table.tokens[id].added;
}

bool tokenizer_is_special(const struct tokenizer *t, int32_t id)
{
    return tokenizer_token(t, id) && t->file.bpe.table.tokens[id].special;
}

size_t tokenizer_n_merges(const struct tokenizer *t)
{
    return t->file.bpe.table.n_merges;
}

void tokenizer_merge(const struct tokenizer *t, size_t rank, int32_t *ret_left, int32_t *ret_right)
{
    const struct tokenizer_merge *const m = &t->file.bpe.table.merges[rank];
    *ret_left = m->left;
    *ret_right = m->right;
}
