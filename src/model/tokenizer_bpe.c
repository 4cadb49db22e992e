#include "model/tokenizer_bpe.h"

#include "model/byte_level.h"
#include "model/unicode_class.h"

#include <stdio.h>
#include <stdlib.h>

struct tokenizer_symbol {      /* a part of the word that is being merged, in a list */
    int32_t id, before, after; /* -1: none; id -1: was merged away */
};

struct tokenizer_candidate { /* a pair that may be merged: the lowest rank first, then the leftmost
                              */
    int32_t rank, at;
};

enum err_code tokenizer_bpe_put(struct tokenizer_ids *out, int32_t id, struct err *e)
{
    if (out->n == out->room)
        return err_set(e, ERR_LIMIT, "the text has more than %zu tokens", out->room);
    out->ids[out->n++] = id;
    return ERR_OK;
}

enum err_code tokenizer_bpe_finish(struct tokenizer_bpe *m, struct arena *a, struct err *e)
{
    for (unsigned b = 0; b < 256; b++) {
        char name[8];
        const uint32_t c = byte_level_char((uint8_t)b);
        const char text[] = {(char)(c < 128 ? c : 0xc0 | c >> 6), (char)(0x80 | (c & 63))};
        (void)snprintf(name, sizeof name, "<0x%02X>", b);
        m->byte_ids[b] = m->byte_level ? tokenizer_table_find(&m->table, text, c < 128 ? 1 : 2)
                                       : tokenizer_table_find(&m->table, name, 6);
        if (m->byte_level && m->byte_ids[b] < 0)
            return err_set(e, ERR_UNSUPPORTED,
                           "the vocabulary has no token for the byte 0x%02x: not byte-level BPE",
                           b);
    }
    return m->byte_level && m->ignore_merges ? tokenizer_table_index_bytes(&m->table, a, e)
                                             : ERR_OK;
}

void tokenizer_bpe_done(struct tokenizer_bpe *m)
{
    free(m->symbols);
    free(m->heap);
}

static enum err_code reserve(struct tokenizer_bpe *m, size_t n, struct err *e)
{
    if (n <= m->room)
        return ERR_OK;
    if (n > INT32_MAX / 4)
        return err_set(e, ERR_LIMIT, "a word of %zu bytes is too long", n);
    const size_t room = n < 256 ? 256 : 2 * n;
    free(m->symbols);
    free(m->heap);
    m->symbols = malloc(room * sizeof *m->symbols);
    m->heap = malloc(3 * room * sizeof *m->heap);
    m->room = m->symbols && m->heap ? room : 0;
    return m->room ? ERR_OK : err_set(e, ERR_LIMIT, "no memory for a word of %zu bytes", n);
}

static bool comes_before(struct tokenizer_candidate x, struct tokenizer_candidate y)
{
    return x.rank != y.rank ? x.rank < y.rank : x.at < y.at;
}

static void push(struct tokenizer_bpe *m, int32_t at)
{
    const struct tokenizer_symbol *const s = &m->symbols[at];
    const int32_t rank =
        s->after < 0 ? -1 : tokenizer_table_rank(&m->table, s->id, m->symbols[s->after].id);
    if (rank < 0)
        return;
    const struct tokenizer_candidate c = {rank, at};
    size_t i = m->n_heap++;
    for (; i > 0 && comes_before(c, m->heap[(i - 1) / 2]); i = (i - 1) / 2)
        m->heap[i] = m->heap[(i - 1) / 2];
    m->heap[i] = c;
}

static struct tokenizer_candidate pop(struct tokenizer_bpe *m)
{
    const struct tokenizer_candidate top = m->heap[0], last = m->heap[--m->n_heap];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < m->n_heap; i = child) {
        if (child + 1 < m->n_heap && comes_before(m->heap[child + 1], m->heap[child]))
            child++;
        if (!comes_before(m->heap[child], last))
            break;
        m->heap[i] = m->heap[child];
    }
    m->heap[i] = last;
    return top;
}

/* Is the pair at s still one that makes the candidate's token? tokenizers asks for the token and
 * not for the pair, so that another pair which makes the same one is merged in its place. */
static bool still_makes(const struct tokenizer_bpe *m, const struct tokenizer_symbol *s,
                        const struct tokenizer_merge *want)
{
    if (s->id < 0 || s->after < 0)
        return false;
    const int32_t right = m->symbols[s->after].id;
    if (s->id == want->left && right == want->right)
        return true;
    const int32_t rank = tokenizer_table_rank(&m->table, s->id, right);
    return rank >= 0 && m->table.merges[rank].result == want->result;
}

static void merge(struct tokenizer_bpe *m)
{
    m->n_heap = 0;
    for (size_t i = 0; i + 1 < m->n_symbols; i++)
        push(m, (int32_t)i);
    while (m->n_heap > 0) {
        const struct tokenizer_candidate c = pop(m);
        const struct tokenizer_merge *const want = &m->table.merges[c.rank];
        struct tokenizer_symbol *const s = &m->symbols[c.at];
        if (!still_makes(m, s, want))
            continue;
        struct tokenizer_symbol *const gone = &m->symbols[s->after];
        s->id = want->result;
        s->after = gone->after;
        gone->id = -1;
        if (s->after >= 0)
            m->symbols[s->after].before = c.at;
        push(m, c.at);
        if (s->before >= 0)
            push(m, s->before);
    }
}

static void add_symbol(struct tokenizer_bpe *m, int32_t id)
{
    const int32_t at = (int32_t)m->n_symbols++;
    m->symbols[at] = (struct tokenizer_symbol){id, at - 1, -1};
    if (at > 0)
        m->symbols[at - 1].after = at;
}

static bool add_bytes(struct tokenizer_bpe *m, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (m->byte_ids[(unsigned char)text[i]] < 0)
            return false;
    for (size_t i = 0; i < n; i++)
        add_symbol(m, m->byte_ids[(unsigned char)text[i]]);
    return true;
}

/* Characters, or what stands for them. An unknown one is held back until a known one comes, and a
 * byte is none: so do tokenizers. */
static void add_characters(struct tokenizer_bpe *m, const char *text, size_t n)
{
    bool held = false;
    for (size_t i = 0, length; i < n; i += length) {
        (void)unicode_class_decode(text + i, n - i, &length);
        const int32_t id = tokenizer_table_find(&m->table, text + i, length);
        if (id >= 0) {
            if (held)
                add_symbol(m, m->unknown);
            held = false;
            add_symbol(m, id);
            continue;
        }
        if ((m->byte_fallback && add_bytes(m, text + i, length)) || m->unknown < 0)
            continue;
        if (held && !m->fuse_unknown)
            add_symbol(m, m->unknown);
        held = true;
    }
    if (held)
        add_symbol(m, m->unknown);
}

enum err_code tokenizer_bpe_word(struct tokenizer_bpe *m, const char *text, size_t n,
                                 struct tokenizer_ids *out, struct err *e)
{
    if (m->ignore_merges) {
        const int32_t id = m->byte_level ? tokenizer_table_find_bytes(&m->table, text, n)
                                         : tokenizer_table_find(&m->table, text, n);
        if (id >= 0)
            return tokenizer_bpe_put(out, id, e);
    }
    if (reserve(m, n, e))
        return e->code;
    m->n_symbols = 0;
    if (!m->byte_level)
        add_characters(m, text, n);
    else
        (void)add_bytes(m, text, n);
    merge(m);
    for (int32_t i = m->n_symbols > 0 ? 0 : -1; i >= 0; i = m->symbols[i].after)
        if (tokenizer_bpe_put(out, m->symbols[i].id, e))
            return e->code;
    return ERR_OK;
}
