#include "text/exact.h"

#include "text/character.h"
#include "text/regrow.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

void exact_done(struct exact *x)
{
    free(x->points);
    free(x->a);
    free(x->b);
    free(x->lower);
    *x = (struct exact){};
}

static struct line normal_form(struct exact *x, struct line in, enum exact_form form)
{
    const int flags =
        UTF8PROC_STABLE | UTF8PROC_COMPOSE | (form == EXACT_FORM_NFKC ? UTF8PROC_COMPAT : 0);
    /* utf8proc's enum is a set of flags: their sum is a value of it in all but name. */
    const utf8proc_option_t options =
        (utf8proc_option_t)flags; /* NOLINT(clang-analyzer-optin.core.EnumCastOutOfRange) */
    const utf8proc_uint8_t *const bytes = (const utf8proc_uint8_t *)in.text;
    const utf8proc_ssize_t want =
        utf8proc_decompose(bytes, (utf8proc_ssize_t)in.n, nullptr, 0, options);
    if (want < 0) /* no UTF-8: there is no form of it */
        return in;
    REGROW(x->points, x->n_points, (size_t)want + 1);
    const utf8proc_ssize_t n =
        utf8proc_decompose(bytes, (utf8proc_ssize_t)in.n, x->points, want, options);
    const utf8proc_ssize_t out = utf8proc_reencode(x->points, n, options);
    return (struct line){(const char *)x->points, (size_t)out};
}

static bool is_punctuation(char c)
{
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
}

/* \w of Python's re: letters, numbers; the low line went with the punctuation. */
static bool is_word(uint32_t c)
{
    const utf8proc_category_t k = utf8proc_category((utf8proc_int32_t)c);
    return k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_NO && k != UTF8PROC_CATEGORY_MN &&
           k != UTF8PROC_CATEGORY_MC && k != UTF8PROC_CATEGORY_ME;
}

static bool is_article(const char *word, size_t n)
{
    return (n == 1 && word[0] == 'a') || (n == 2 && memcmp(word, "an", 2) == 0) ||
           (n == 3 && memcmp(word, "the", 3) == 0);
}

static size_t without_punctuation(char *text, size_t n)
{
    size_t out = 0;
    for (size_t i = 0; i < n; i++)
        if (!is_punctuation(text[i]))
            text[out++] = text[i];
    return out;
}

/* Where the run of word characters, or of others that are no white space, ends that begins at i. */
static size_t run_end(const char *text, size_t n, size_t i, bool *ret_word)
{
    size_t bytes = 0;
    const bool word = is_word(character_next(text + i, n - i, &bytes));
    size_t end = i + bytes;
    while (end < n) {
        const uint32_t c = character_next(text + end, n - end, &bytes);
        if (character_is_space(c) || is_word(c) != word)
            break;
        end += bytes;
    }
    *ret_word = word;
    return end;
}

/* An article leaves a blank, also inside of what no blank parted before. */
static size_t squad(struct exact *x, struct line in, char *out)
{
    REGROW(x->lower, x->n_lower, 2 * in.n + 1);
    const size_t n = without_punctuation(x->lower, character_lower(in.text, in.n, x->lower));
    size_t at = 0;
    bool blank = false;
    for (size_t i = 0; i < n;) {
        const size_t space = character_space(x->lower + i, n - i);
        if (space) {
            blank = true;
            i += space;
            continue;
        }
        bool word = false;
        const size_t end = run_end(x->lower, n, i, &word);
        if (word && is_article(x->lower + i, end - i)) {
            blank = true;
        } else {
            if (blank && at > 0)
                out[at++] = ' ';
            blank = false;
            memcpy(out + at, x->lower + i, end - i);
            at += end - i;
        }
        i = end;
    }
    return at;
}

static size_t normalise(struct exact *x, struct line in, enum exact_kind kind, enum exact_form form,
                        char **out, size_t *room)
{
    if (form != EXACT_FORM_KEEP)
        in = normal_form(x, in, form);
    REGROW(*out, *room, 3 * in.n + 1);
    if (kind == EXACT_SQUAD)
        return squad(x, in, *out);
    if (in.n)
        memcpy(*out, in.text, in.n);
    return in.n;
}

bool exact_match(struct exact *x, struct line a, struct line b, enum exact_kind kind,
                 enum exact_form form)
{
    if (kind == EXACT_PLAIN && form == EXACT_FORM_KEEP)
        return a.n == b.n && (a.n == 0 || memcmp(a.text, b.text, a.n) == 0);
    const size_t na = normalise(x, a, kind, form, &x->a, &x->n_a);
    const size_t nb = normalise(x, b, kind, form, &x->b, &x->n_b);
    return na == nb && (na == 0 || memcmp(x->a, x->b, na) == 0);
}
