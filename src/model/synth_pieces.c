#include "model/synth_pieces.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/jsonw.h"
#include "model/tokenizer_table.h"
#include "model/unicode_class.h"

#include <stdlib.h>
#include <string.h>

static const char mark[] = "\u2581";

struct vocabulary {
    struct tokenizer_table table;
    uint32_t n, room;
    struct arena *a;
    struct jsonw *w;
};

static enum err_code put(struct vocabulary *v, const char *text, size_t n, struct err *e)
{
    if (v->n == v->room || tokenizer_table_find(&v->table, text, n) >= 0)
        return ERR_OK;
    const char *const own = arena_strndup(v->a, text, n);
    jsonw_ki64(v->w, own, v->n);
    return tokenizer_table_add(&v->table, own, n, v->n++, e);
}

/* false: bytes that are no whole characters, or a control character. */
static bool as_piece(const struct synth_pieces_token *t, struct str *out)
{
    str_clear(out);
    for (size_t i = 0, length; i < t->n; i += length) {
        const uint32_t c = unicode_class_decode(t->text + i, t->n - i, &length);
        if (c == UINT32_MAX || c < 0x20 || c == 0x7f)
            return false;
        if (c == ' ')
            str_puts(out, mark);
        else
            str_add(out, t->text + i, length);
    }
    return true;
}

/* One character, or two tokens together: any other would never be made. */
static bool is_made(const struct vocabulary *v, const struct str *piece)
{
    size_t length;
    (void)unicode_class_decode(piece->text, piece->n, &length);
    for (size_t at = 1; at < piece->n; at++)
        if (tokenizer_table_find(&v->table, piece->text, at) >= 0 &&
            tokenizer_table_find(&v->table, piece->text + at, piece->n - at) >= 0)
            return true;
    return length == piece->n;
}

static enum err_code put_all(struct vocabulary *v, const char *const *specials, uint32_t n_specials,
                             const struct synth_pieces_token *tokens, size_t n, struct err *e)
{
    CLEANUP(str_done) struct str piece = {};
    for (uint32_t i = 0; i < n_specials; i++)
        if (put(v, specials[i], strlen(specials[i]), e))
            return e->code;
    for (unsigned b = 0; b < 256; b++) {
        str_clear(&piece);
        str_printf(&piece, "<0x%02X>", b);
        if (put(v, piece.text, piece.n, e))
            return e->code;
    }
    if (put(v, mark, strlen(mark), e))
        return e->code;
    for (int c = '!'; c <= '~'; c++)
        if (put(v, &(char){(char)c}, 1, e))
            return e->code;
    for (size_t i = 0; i < n; i++)
        if (as_piece(&tokens[i], &piece) && is_made(v, &piece) && put(v, piece.text, piece.n, e))
            return e->code;
    return ERR_OK;
}

struct pair {
    int32_t left, right;
    uint32_t at; /* where the token is cut */
};

static int by_parts(const void *x, const void *y)
{
    const struct pair *const p = x, *const q = y;
    return p->left != q->left ? (p->left > q->left) - (p->left < q->left)
                              : (p->right > q->right) - (p->right < q->right);
}

static void write_merges_of(const struct vocabulary *v, const struct tokenizer_token *k,
                            struct pair *pairs)
{
    size_t n = 0;
    for (uint32_t at = 1; at < k->n_text; at++) {
        const int32_t left = tokenizer_table_find(&v->table, k->text, at);
        const int32_t right = tokenizer_table_find(&v->table, k->text + at, k->n_text - at);
        if (left >= 0 && right >= 0)
            pairs[n++] = (struct pair){left, right, at};
    }
    if (n > 1)
        qsort(pairs, n, sizeof *pairs, by_parts);
    for (size_t i = 0; i < n; i++) {
        jsonw_array(v->w);
        jsonw_strn(v->w, k->text, pairs[i].at);
        jsonw_strn(v->w, k->text + pairs[i].at, k->n_text - pairs[i].at);
        jsonw_end_array(v->w);
    }
}

enum err_code synth_pieces_write(const char *const *specials, uint32_t n_specials,
                                 const struct synth_pieces_token *tokens, size_t n,
                                 uint32_t vocab_size, struct arena *a, struct jsonw *w,
                                 struct err *e)
{
    struct vocabulary v = {.room = vocab_size, .a = a, .w = w};
    uint32_t longest = 0;
    if (tokenizer_table_init(&v.table, vocab_size, 0, a, e))
        return e->code;
    jsonw_kobject(w, "vocab");
    if (put_all(&v, specials, n_specials, tokens, n, e))
        return e->code;
    jsonw_end_object(w);
    for (uint32_t i = 0; i < v.n; i++)
        longest = v.table.tokens[i].n_text > longest ? v.table.tokens[i].n_text : longest;
    struct pair *const pairs = ARENA_ARRAY(a, struct pair, (size_t)longest + 1);
    jsonw_karray(w, "merges");
    for (uint32_t i = n_specials + 256; i < v.n; i++)
        write_merges_of(&v, &v.table.tokens[i], pairs);
    jsonw_end_array(w);
    return ERR_OK;
}
