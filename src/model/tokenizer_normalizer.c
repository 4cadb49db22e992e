#include "model/tokenizer_normalizer.h"

#include "base/defs.h"
#include "io/json.h"
#include "model/tokenizer_part.h"
#include "model/unicode_class.h"

#include <string.h>
#include <utf8proc.h>

/* Replacements of nothing by something, one after the other, would grow a text without end. What
 * real ones make is at most 13 times as long (U+FDFA in NFKC, its blanks replaced). */
constexpr size_t MOST_BYTES = (size_t)1 << 28;
constexpr size_t MOST_GROWTH = 32;
constexpr size_t MOST_MORE = 1024;

static enum err_code read_step(struct tokenizer_normal_step *s, const char *type,
                               const struct json *v, struct arena *a, struct err *e)
{
    static const char *const forms[] = {"NFC", "NFD", "NFKC", "NFKD"};
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        if (strcmp(type, forms[i]) != 0)
            continue;
        *s = (struct tokenizer_normal_step){.kind = NORMAL_FORM, .form = (enum unicode_form)i};
        return ERR_OK;
    }
    if (strcmp(type, "Lowercase") == 0) {
        s->kind = NORMAL_LOWER;
        return ERR_OK;
    }
    if (strcmp(type, "Strip") == 0) {
        s->kind = NORMAL_STRIP;
        if (tokenizer_part_bool(v, "strip_left", nullptr, &s->left, e))
            return e->code;
        return tokenizer_part_bool(v, "strip_right", nullptr, &s->right, e);
    }
    if (strcmp(type, "Prepend") == 0) {
        s->kind = NORMAL_PREPEND;
        return tokenizer_part_text(v, "prepend", &s->text, &s->n, e);
    }
    if (strcmp(type, "Replace") == 0) {
        s->kind = NORMAL_REPLACE;
        if (tokenizer_part_text(v, "content", &s->text, &s->n, e))
            return e->code;
        return tokenizer_part_pattern(v, a, &s->pattern, e);
    }
    return err_set(e, ERR_UNSUPPORTED,
                   "the normaliser '%.60s' is not implemented; want Sequence, NFC, NFD, NFKC, "
                   "NFKD, Lowercase, Strip, Prepend or Replace",
                   type);
}

enum err_code tokenizer_normalizer_read(struct tokenizer_normalizer *t, const struct json *v,
                                        struct arena *a, struct err *e)
{
    struct tokenizer_part_list list = {};
    if (tokenizer_part_flatten(v, "normalizer", "normalizers", &list, e))
        return e->code;
    static_assert(TOKENIZER_NORMAL_STEPS >= TOKENIZER_PARTS);
    for (size_t i = 0; i < list.n; i++) {
        struct tokenizer_normal_step *const s = &t->steps[t->n_steps];
        *s = (struct tokenizer_normal_step){};
        if (read_step(s, list.type[i], list.part[i], a, e))
            return err_wrap(e, "normalizer");
        t->n_steps++;
    }
    return ERR_OK;
}

void tokenizer_normalizer_done(struct tokenizer_normalizer *t)
{
    for (size_t i = 0; i < t->n_steps; i++)
        tokenizer_pattern_done(&t->steps[i].pattern);
    str_done(&t->buffers[0]);
    str_done(&t->buffers[1]);
    unicode_normal_done(&t->room);
}

bool tokenizer_normalizer_cuts(const struct tokenizer_normalizer *t)
{
    for (size_t i = 0; i < t->n_steps; i++) {
        const struct tokenizer_normal_step *const s = &t->steps[i];
        if ((s->kind == NORMAL_STRIP && s->left) || (s->kind == NORMAL_REPLACE && s->n == 0))
            return true;
    }
    return false;
}

static void put_character(struct str *out, uint32_t c)
{
    utf8proc_uint8_t bytes[4];
    const utf8proc_ssize_t length = utf8proc_encode_char((utf8proc_int32_t)c, bytes);
    str_add(out, (const char *)bytes, (size_t)length);
}

static void lower(const char *text, size_t n, struct str *out)
{
    for (size_t i = 0, length; i < n; i += length) {
        const uint32_t c = unicode_class_decode(text + i, n - i, &length);
        if (c < 0x80)
            str_putc(out, (char)(c >= 'A' && c <= 'Z' ? c + 32 : c));
        else if (c == 0x130) /* the only one that becomes two */
            str_puts(out, "i\u0307");
        else
            put_character(out, (uint32_t)utf8proc_tolower((utf8proc_int32_t)c));
    }
}

static void strip(const struct tokenizer_normal_step *s, const char *text, size_t n,
                  struct str *out)
{
    size_t begin = n, end = 0;
    for (size_t i = 0, length; i < n; i += length) {
        if (unicode_class(unicode_class_decode(text + i, n - i, &length)) == UNICODE_SPACE)
            continue;
        begin = begin < i ? begin : i;
        end = i + length;
    }
    begin = s->left ? begin : 0;
    end = s->right ? end : n;
    if (begin < end)
        str_add(out, text + begin, end - begin);
}

static enum err_code too_long(size_t most, struct err *e)
{
    return err_set(e, ERR_LIMIT, "the normaliser makes more than %zu bytes of the text", most);
}

static enum err_code replace(const struct tokenizer_normal_step *s, const char *text, size_t n,
                             size_t most, struct str *out, struct err *e)
{
    struct tokenizer_pattern_walk w = tokenizer_pattern_begin(text, n);
    struct tokenizer_pattern_part part;
    for (bool more;;) {
        if (tokenizer_pattern_next(&s->pattern, &w, &part, &more, e))
            return e->code;
        if (!more)
            return ERR_OK;
        if (out->n + s->n > most)
            return too_long(most, e);
        if (part.is_match)
            str_add(out, s->text, s->n);
        else
            str_add(out, text + part.begin, part.end - part.begin);
    }
}

static enum err_code run_step(struct tokenizer_normalizer *t, const struct tokenizer_normal_step *s,
                              const char *text, size_t n, size_t most, struct str *out,
                              struct err *e)
{
    if (n + s->n > most)
        return too_long(most, e);
    switch (s->kind) {
    case NORMAL_FORM:
        return unicode_normal(s->form, text, n, &t->room, out)
                   ? ERR_OK
                   : err_set(e, ERR_LIMIT, "no memory to normalise %zu bytes", n);
    case NORMAL_LOWER:
        lower(text, n, out);
        return ERR_OK;
    case NORMAL_STRIP:
        strip(s, text, n, out);
        return ERR_OK;
    case NORMAL_PREPEND:
        if (n > 0)
            str_add(out, s->text, s->n);
        str_add(out, text, n);
        return ERR_OK;
    case NORMAL_REPLACE:
        return replace(s, text, n, most, out, e);
    }
    return ERR_OK;
}

enum err_code tokenizer_normalizer_run(struct tokenizer_normalizer *t, const char **text, size_t *n,
                                       struct err *e)
{
    const size_t grown = *n > MOST_BYTES / MOST_GROWTH ? MOST_BYTES : *n * MOST_GROWTH + MOST_MORE;
    const size_t most = grown < MOST_BYTES ? grown : MOST_BYTES;
    for (size_t i = 0; i < t->n_steps; i++) {
        struct str *const out = &t->buffers[i % 2];
        str_clear(out);
        if (run_step(t, &t->steps[i], *text, *n, most, out, e))
            return e->code;
        *text = str_text(out);
        *n = out->n;
    }
    return ERR_OK;
}
