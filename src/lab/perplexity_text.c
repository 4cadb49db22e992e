#include "lab/perplexity_text.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/digest.h"
#include "lab/perplexity_worker.h"

#include <string.h>

constexpr size_t SCRATCH = (size_t)4 << 30;
/* A token that ends inside a character is shown as up to three U+FFFD of three bytes each. */
constexpr size_t MOST_TORN = 12;

/* ---- is it a text? ---- */

/* Bytes of the well-formed sequence at s[0..n), 0 where there is none (Unicode 16, table 3-7). */
static size_t sequence(const unsigned char *s, size_t n)
{
    const unsigned char c = s[0];
    const size_t want = c < 0x80   ? 1
                        : c < 0xC2 ? 0
                        : c < 0xE0 ? 2
                        : c < 0xF0 ? 3
                        : c < 0xF5 ? 4
                                   : 0;
    if (want == 0 || want > n)
        return 0;
    for (size_t i = 1; i < want; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    const bool wrong = (c == 0xE0 && s[1] < 0xA0) || (c == 0xED && s[1] > 0x9F) ||
                       (c == 0xF0 && s[1] < 0x90) || (c == 0xF4 && s[1] > 0x8F);
    return wrong ? 0 : want;
}

const char *perplexity_text_mistake(const char *text, size_t n, struct arena *a)
{
    if (n == 0)
        return "is empty";
    if (n > PERPLEXITY_TEXT_MOST)
        return arena_printf(a, "has %zu bytes; at most %zu are read", n, PERPLEXITY_TEXT_MOST);
    for (size_t i = 0; i < n;) {
        const size_t k = sequence((const unsigned char *)text + i, n - i);
        if (k == 0)
            return arena_printf(a, "is no UTF-8 text: byte %zu", i);
        if (text[i] == '\0')
            return arena_printf(a, "is no text: byte %zu is NUL", i);
        i += k;
    }
    return nullptr;
}

static bool refuse(struct invocation_failure *f, enum status status, const char *reason)
{
    *f = (struct invocation_failure){.status = status, .stage = "run", .reason = reason};
    return false;
}

/* ---- how many bytes of the text are tokens [0, k)? ---- */

struct place { /* text[0..bytes) is tokens [0, token), with no character torn */
    uint32_t token;
    size_t bytes;
};

static size_t common(const char *x, const char *y)
{
    size_t n = 0;
    while (x[n] && x[n] == y[n])
        n++;
    while (n > 0 && ((unsigned char)x[n] & 0xC0) == 0x80)
        n--;
    return n;
}

/* Tokens decode alone from the last clean place; a decoder may drop the blank at the beginning, and
 * shows a special token at the beginning of a text that is not in the text. false: the decoded text
 * is another one. */
static bool advance(const char *text, const char *decoded, uint32_t token, struct place *at,
                    size_t *ret_bytes)
{
    const size_t n = strlen(decoded);
    size_t from = at->bytes, same = common(text + from, decoded);
    if (same < n && text[from] == ' ' && common(text + from + 1, decoded) > same) {
        from++;
        same = common(text + from, decoded);
    }
    *ret_bytes = from + same;
    const bool special = token == 1 && same == 0 && n > 0 && (unsigned char)text[0] < 0x80;
    if (special)
        *ret_bytes = 0;
    if (special || same == n)
        *at = (struct place){token, *ret_bytes};
    return special || n - same <= MOST_TORN;
}

static bool count_bytes(struct perplexity_worker *w, const char *text, struct arena *a,
                        struct perplexity_text *t, struct invocation_failure *f)
{
    int64_t *const bytes = ARENA_ARRAY(a, int64_t, t->n_windows);
    struct place at = {};
    size_t before = 0;
    for (uint32_t i = 0; i <= t->n_windows; i++) {
        CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
        const uint32_t end = i ? perplexity_windows_at(&t->windows, i - 1).end : 1;
        const char *decoded;
        size_t now;
        if (!perplexity_worker_detokenize(w, t->ids + at.token, end - at.token, scratch, &decoded,
                                          f)) {
            f->reason = arena_strdup(a, f->reason);
            return false;
        }
        if (!advance(text, decoded, end, &at, &now)) {
            t->bytes_reason = arena_printf(
                a, "the tokens before token %u are not the text again: the tokenizer changes it",
                end);
            return true;
        }
        if (i)
            bytes[i - 1] = (int64_t)(now - before);
        before = now;
    }
    t->bytes = bytes;
    return true;
}

/* ---- tokens and windows ---- */

static bool choose_windows(uint32_t n_ctx, const struct perplexity_text_limits *l, struct arena *a,
                           struct perplexity_text *t, struct invocation_failure *f)
{
    struct perplexity_windows *const w = &t->windows;
    w->tokens = l->max_tokens && l->max_tokens < t->all ? l->max_tokens : t->all;
    w->window = l->window                                 ? l->window
                : n_ctx && n_ctx < PERPLEXITY_TEXT_WINDOW ? n_ctx
                                                          : PERPLEXITY_TEXT_WINDOW;
    w->stride = l->stride ? l->stride : w->window / 2;
    if (n_ctx && w->window > n_ctx)
        return refuse(f, STATUS_INCOMPATIBLE,
                      arena_printf(a, "the window of %u tokens is over the model's context of %u",
                                   w->window, n_ctx));
    if (w->window < 2 || w->stride < 1 || w->stride >= w->window)
        return refuse(f, STATUS_INCOMPATIBLE,
                      arena_printf(a,
                                   "a window of %u tokens with a stride of %u: want a window of at "
                                   "least 2 and a stride from 1 to the window less 1",
                                   w->window, w->stride));
    if (w->tokens < 2)
        return refuse(f, STATUS_ERROR,
                      arena_printf(a,
                                   "the text is %u token%s; the first is not scored, so 2 are "
                                   "the least",
                                   t->all, t->all == 1 ? "" : "s"));
    t->n_windows = perplexity_windows_count(w);
    return true;
}

static const char *digest_ids(const int32_t *ids, uint32_t n, struct arena *a)
{
    char hex[DIGEST_HEX];
    digest_of(ids, n * sizeof *ids, hex);
    return arena_strdup(a, hex);
}

bool perplexity_text_of(struct perplexity_worker *w, const char *text, size_t n,
                        const struct perplexity_text_limits *l, struct arena *a,
                        struct perplexity_text *ret, struct invocation_failure *ret_failure)
{
    int32_t *ids = nullptr;
    *ret = (struct perplexity_text){};
    if (!perplexity_worker_tokenize(w, text, n, a, &ids, &ret->all, ret_failure))
        return false;
    ret->ids = ids;
    if (!choose_windows(w->n_ctx, l, a, ret, ret_failure))
        return false;
    ret->sha256 = digest_ids(ids, ret->windows.tokens, a);
    return count_bytes(w, text, a, ret, ret_failure);
}

bool perplexity_text_check(struct perplexity_worker *w, const char *text, size_t n,
                           const struct perplexity_text *want, struct arena *a,
                           struct invocation_failure *ret_failure)
{
    int32_t *ids = nullptr;
    uint32_t all = 0, i = 0;
    if (!perplexity_worker_tokenize(w, text, n, a, &ids, &all, ret_failure))
        return false;
    while (i < all && i < want->all && ids[i] == want->ids[i])
        i++;
    if (i == want->all && all == want->all)
        return true;
    return refuse(ret_failure, STATUS_ERROR,
                  i < all && i < want->all
                      ? arena_printf(a, "its tokenizer gives other tokens: number %u is %d, not %d",
                                     i, ids[i], want->ids[i])
                      : arena_printf(a, "its tokenizer gives %u tokens, not %u", all, want->all));
}
