#include "model/tokenizer.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "model/tokenizer_file.h"
#include "model/unicode_class.h"

#include <stdlib.h>
#include <string.h>

struct symbol {                /* a part of the word that is being merged, in a list */
    int32_t id, before, after; /* -1: none; id -1: was merged away */
};

struct candidate { /* a pair that may be merged: the lowest rank first, then the leftmost */
    int32_t rank, at;
};

struct tokenizer {
    struct tokenizer_table table;
    struct symbol *symbols;
    struct candidate *heap; /* at most one at first and two per merge for each symbol */
    size_t room, n_heap;    /* of symbols; the heap has three times as much */
    struct str bytes;       /* decode's scratch, and the text with its prefix space */
};

struct output {
    int32_t *ids;
    size_t n, room;
};

enum err_code tokenizer_read(const char *folder, struct arena *a, struct tokenizer **ret,
                             struct err *e)
{
    struct tokenizer *const t = ARENA_ARRAY(a, struct tokenizer, 1);
    if (tokenizer_file_read(folder, a, &t->table, e))
        return e->code;
    *ret = t;
    return ERR_OK;
}

void tokenizer_freep(struct tokenizer **t)
{
    if (!*t)
        return;
    free((*t)->symbols);
    free((*t)->heap);
    str_done(&(*t)->bytes);
    *t = nullptr;
}

static enum err_code reserve(struct tokenizer *t, size_t n, struct err *e)
{
    if (n <= t->room)
        return ERR_OK;
    if (n > INT32_MAX / 4)
        return err_set(e, ERR_LIMIT, "a word of %zu bytes is too long", n);
    const size_t room = n < 256 ? 256 : 2 * n;
    free(t->symbols);
    free(t->heap);
    t->symbols = malloc(room * sizeof *t->symbols);
    t->heap = malloc(3 * room * sizeof *t->heap);
    t->room = t->symbols && t->heap ? room : 0;
    return t->room ? ERR_OK : err_set(e, ERR_LIMIT, "no memory for a word of %zu bytes", n);
}

static bool comes_before(struct candidate x, struct candidate y)
{
    return x.rank != y.rank ? x.rank < y.rank : x.at < y.at;
}

static void push(struct tokenizer *t, int32_t at)
{
    const struct symbol *const s = &t->symbols[at];
    const int32_t rank =
        s->after < 0 ? -1 : tokenizer_table_rank(&t->table, s->id, t->symbols[s->after].id);
    if (rank < 0)
        return;
    const struct candidate c = {rank, at};
    size_t i = t->n_heap++;
    for (; i > 0 && comes_before(c, t->heap[(i - 1) / 2]); i = (i - 1) / 2)
        t->heap[i] = t->heap[(i - 1) / 2];
    t->heap[i] = c;
}

static struct candidate pop(struct tokenizer *t)
{
    const struct candidate top = t->heap[0], last = t->heap[--t->n_heap];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < t->n_heap; i = child) {
        if (child + 1 < t->n_heap && comes_before(t->heap[child + 1], t->heap[child]))
            child++;
        if (!comes_before(t->heap[child], last))
            break;
        t->heap[i] = t->heap[child];
    }
    t->heap[i] = last;
    return top;
}

static void merge_word(struct tokenizer *t)
{
    while (t->n_heap > 0) {
        const struct candidate c = pop(t);
        const struct tokenizer_merge *const m = &t->table.merges[c.rank];
        struct symbol *const s = &t->symbols[c.at];
        if (s->id != m->left || s->after < 0 || t->symbols[s->after].id != m->right)
            continue; /* one of them was merged meanwhile */
        struct symbol *const gone = &t->symbols[s->after];
        s->id = m->result;
        s->after = gone->after;
        gone->id = -1;
        if (s->after >= 0)
            t->symbols[s->after].before = c.at;
        push(t, c.at);
        if (s->before >= 0)
            push(t, s->before);
    }
}

static enum err_code add_id(struct output *out, int32_t id, struct err *e)
{
    if (out->n == out->room)
        return err_set(e, ERR_LIMIT, "the text has more than %zu tokens", out->room);
    out->ids[out->n++] = id;
    return ERR_OK;
}

static enum err_code encode_word(struct tokenizer *t, const char *text, size_t n,
                                 struct output *out, struct err *e)
{
    if (reserve(t, n, e))
        return e->code;
    for (size_t i = 0; i < n; i++)
        t->symbols[i] = (struct symbol){t->table.byte_ids[(unsigned char)text[i]], (int32_t)i - 1,
                                        i + 1 < n ? (int32_t)i + 1 : -1};
    t->n_heap = 0;
    for (size_t i = 0; i + 1 < n; i++)
        push(t, (int32_t)i);
    merge_word(t);
    for (int32_t i = 0; i >= 0; i = t->symbols[i].after)
        if (add_id(out, t->symbols[i].id, e))
            return e->code;
    return ERR_OK;
}

/* 's 't 're 've 'm 'll 'd, in lower case only, as GPT-2 has them; 0: none of them. */
static size_t contraction(const char *text, size_t n)
{
    static const char *const endings[] = {"s", "t", "re", "ve", "m", "ll", "d"};
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        const size_t length = strlen(endings[i]);
        if (length < n && memcmp(text + 1, endings[i], length) == 0)
            return 1 + length;
    }
    return 0;
}

/* Bytes of the characters of one class from `at` on. */
static size_t run_end(const char *text, size_t n, size_t at, enum unicode_class class)
{
    size_t length;
    for (; at < n; at += length)
        if (unicode_class(unicode_class_decode(text + at, n - at, &length)) != class)
            break;
    return at;
}

/* The length of the first word of text[0..n), n > 0, which is UTF-8. GPT-2's regular expression,
 *   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 * by hand. The first alternative that matches wins, so a run of spaces before a word leaves its
 * last character over: a space goes with the word, another white space is a word of its own.
 */
static size_t word_length(const char *text, size_t n)
{
    size_t length;
    const size_t contracted = text[0] == '\'' ? contraction(text, n) : 0;
    if (contracted)
        return contracted;
    const size_t begin = text[0] == ' ' && n > 1;
    const enum unicode_class class =
        unicode_class(unicode_class_decode(text + begin, n - begin, &length));
    if (class != UNICODE_SPACE)
        return run_end(text, n, begin, class);
    size_t end = 0, last = 0;
    while (end < n &&
           unicode_class(unicode_class_decode(text + end, n - end, &length)) == UNICODE_SPACE) {
        last = end;
        end += length;
    }
    return end == n || last == 0 ? end : last;
}

static enum err_code encode_piece(struct tokenizer *t, const char *text, size_t n,
                                  struct output *out, struct err *e)
{
    if (n == 0)
        return ERR_OK;
    if (t->table.prefix_space && text[0] != ' ') {
        str_clear(&t->bytes);
        str_putc(&t->bytes, ' ');
        str_add(&t->bytes, text, n);
        text = t->bytes.text;
        n++;
    }
    if (!t->table.split_words)
        return encode_word(t, text, n, out, e);
    for (size_t at = 0, length; at < n; at += length) {
        length = word_length(text + at, n - at);
        if (encode_word(t, text + at, length, out, e))
            return e->code;
    }
    return ERR_OK;
}

/* The longest added token of the pass that stands at text, or -1. */
static int32_t added_at(const struct tokenizer_table *t, bool normalized, const char *text,
                        size_t n)
{
    for (size_t i = 0; i < t->n_added; i++) {
        const struct tokenizer_token *const k = &t->tokens[t->added[i]];
        if (k->in_normalized == normalized && k->n_text <= n &&
            memcmp(text, k->text, k->n_text) == 0)
            return t->added[i];
    }
    return -1;
}

/* Added tokens are cut out first: those for the text as it stands, then the "normalized" ones. */
static enum err_code encode_pass(struct tokenizer *t, bool normalized, const char *text, size_t n,
                                 struct output *out, struct err *e)
{
    size_t from = 0;
    for (size_t i = 0; i <= n; i++) {
        const int32_t id = i < n ? added_at(&t->table, normalized, text + i, n - i) : -1;
        if (id < 0 && i < n)
            continue;
        if (normalized ? encode_piece(t, text + from, i - from, out, e)
                       : encode_pass(t, true, text + from, i - from, out, e))
            return e->code;
        if (id < 0)
            break;
        if (add_id(out, id, e))
            return e->code;
        from = i + t->table.tokens[id].n_text;
        i = from - 1;
    }
    return ERR_OK;
}

enum err_code tokenizer_encode(struct tokenizer *t, const char *text, size_t bytes,
                               int32_t *ret_ids, size_t room, size_t *ret_n, struct err *e)
{
    for (size_t i = 0, length; i < bytes; i += length)
        if (unicode_class_decode(text + i, bytes - i, &length) == UINT32_MAX)
            return err_set(e, ERR_PARSE, "the text is not UTF-8 at byte %zu (0x%02x)", i,
                           (unsigned char)text[i]);
    struct output out = {ret_ids, 0, room};
    if (encode_pass(t, false, text, bytes, &out, e))
        return e->code;
    *ret_n = out.n;
    return ERR_OK;
}

/* How many bytes at p make one U+FFFD: the longest beginning of a character, or one byte (Unicode,
 * "substitution of maximal subparts"; what Rust's from_utf8_lossy does). */
static size_t broken_length(const unsigned char *p, size_t n)
{
    const unsigned lead = p[0];
    if (lead < 0xc2 || lead > 0xf4 || n < 2)
        return 1;
    const unsigned low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (lead < 0xe0 || p[1] < low || p[1] > high)
        return 1;
    return lead >= 0xf0 && n > 2 && (p[2] & 0xc0) == 0x80 ? 3 : 2;
}

void tokenizer_decode(struct tokenizer *t, const int32_t *ids, size_t n, struct str *out)
{
    str_clear(&t->bytes);
    for (size_t i = 0; i < n; i++)
        if (tokenizer_token(t, ids[i]))
            str_add(&t->bytes, t->table.tokens[ids[i]].bytes, t->table.tokens[ids[i]].n_bytes);
    const char *const p = str_text(&t->bytes);
    size_t length, good = 0;
    for (size_t i = 0; i < t->bytes.n; i += length) {
        if (unicode_class_decode(p + i, t->bytes.n - i, &length) != UINT32_MAX)
            continue;
        str_add(out, p + good, i - good);
        str_puts(out, "\xef\xbf\xbd");
        length = broken_length((const unsigned char *)p + i, t->bytes.n - i);
        good = i + length;
    }
    str_add(out, p + good, t->bytes.n - good);
}

size_t tokenizer_n_tokens(const struct tokenizer *t)
{
    return t->table.n_tokens;
}

const char *tokenizer_token(const struct tokenizer *t, int32_t id)
{
    return id >= 0 && (size_t)id < t->table.n_tokens ? t->table.tokens[id].text : nullptr;
}

bool tokenizer_is_added(const struct tokenizer *t, int32_t id)
{
    return tokenizer_token(t, id) && t->table.tokens[id].added;
}

bool tokenizer_is_special(const struct tokenizer *t, int32_t id)
{
    return tokenizer_token(t, id) && t->table.tokens[id].special;
}

size_t tokenizer_n_merges(const struct tokenizer *t)
{
    return t->table.n_merges;
}

void tokenizer_merge(const struct tokenizer *t, size_t rank, int32_t *ret_left, int32_t *ret_right)
{
    *ret_left = t->table.merges[rank].left;
    *ret_right = t->table.merges[rank].right;
}
