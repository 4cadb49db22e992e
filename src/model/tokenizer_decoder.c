#include "model/tokenizer_decoder.h"

#include "base/defs.h"
#include "io/json.h"
#include "model/byte_level.h"
#include "model/tokenizer_part.h"
#include "model/tokenizer_splitter.h"
#include "model/unicode_class.h"

#include <stdlib.h>
#include <string.h>

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
constexpr int64_t MOST_STRIP = 1 << 20;

static enum err_code read_strip(struct tokenizer_decode_step *s, const struct json *v,
                                struct err *e)
{
    const int64_t start = json_i64(json_get(v, "start"), -1);
    const int64_t stop = json_i64(json_get(v, "stop"), -1);
    size_t length = 0;
    if (tokenizer_part_text(v, "content", &s->text, &s->n, e))
        return e->code;
    if (s->n > 0)
        (void)unicode_class_decode(s->text, s->n, &length);
    if (s->n == 0 || length != s->n || start < 0 || stop < 0 || start > MOST_STRIP ||
        stop > MOST_STRIP)
        return err_set(e, ERR_PARSE,
                       "Strip: want 'content' of one character, and counts 'start' and 'stop'");
    s->start = (size_t)start;
    s->stop = (size_t)stop;
    return ERR_OK;
}

static enum err_code read_step(struct tokenizer_decode_step *s, const char *type,
                               const struct json *v, struct arena *a, struct err *e)
{
    static const char *const names[] = {"ByteLevel",    "Metaspace", "Replace",
                                        "ByteFallback", "Fuse",      "Strip"};
    enum tokenizer_split_scheme scheme = METASPACE_ALWAYS;
    size_t i = 0;
    while (i < COUNT_OF(names) && strcmp(type, names[i]) != 0)
        i++;
    if (i == COUNT_OF(names))
        return err_set(e, ERR_UNSUPPORTED,
                       "the decoder '%.60s' is not implemented; want Sequence, ByteLevel, "
                       "Metaspace, Replace, ByteFallback, Fuse or Strip",
                       type);
    s->kind = (enum tokenizer_decode_kind)i;
    switch (s->kind) {
    case DECODE_METASPACE:
        if (tokenizer_splitter_metaspace(v, &s->text, &s->n, &scheme, e))
            return e->code;
        s->drops_first = scheme != METASPACE_NEVER;
        return ERR_OK;
    case DECODE_REPLACE:
        if (tokenizer_part_text(v, "content", &s->text, &s->n, e))
            return e->code;
        return tokenizer_part_pattern(v, a, &s->pattern, e);
    case DECODE_STRIP:
        return read_strip(s, v, e);
    case DECODE_BYTE_LEVEL:
    case DECODE_BYTE_FALLBACK:
    case DECODE_FUSE:
        break;
    }
    return ERR_OK;
}

enum err_code tokenizer_decoder_read(struct tokenizer_decoder *t, const struct json *v,
                                     struct arena *a, struct err *e)
{
    struct tokenizer_part_list list = {};
    static_assert(TOKENIZER_DECODE_STEPS >= TOKENIZER_PARTS);
    if (tokenizer_part_flatten(v, "decoder", "decoders", &list, e))
        return e->code;
    t->is_there = v && !json_is_null(v);
    for (size_t i = 0; i < list.n; i++) {
        t->steps[i] = (struct tokenizer_decode_step){};
        if (read_step(&t->steps[i], list.type[i], list.part[i], a, e))
            return err_wrap(e, "decoder");
        t->n_steps++;
    }
    return ERR_OK;
}

void tokenizer_decoder_done(struct tokenizer_decoder *t)
{
    for (size_t i = 0; i < t->n_steps; i++)
        tokenizer_pattern_done(&t->steps[i].pattern);
    for (size_t i = 0; i < 2; i++) {
        str_done(&t->pieces[i].text);
        free(t->pieces[i].ends);
    }
}

static void clear(struct tokenizer_pieces *p)
{
    str_clear(&p->text);
    p->n = 0;
}

/* What was added to p->text since the last end is a piece. */
static void end_piece(struct tokenizer_pieces *p)
{
    if (p->n == p->room) {
        const size_t room = p->room ? 2 * p->room : 64;
        size_t *const more = realloc(p->ends, room * sizeof *more);
        if (!more)
            abort(); /* as str_add() does without memory */
        p->ends = more;
        p->room = room;
    }
    p->ends[p->n++] = p->text.n;
}

static size_t begin_of(const struct tokenizer_pieces *p, size_t i)
{
    return i ? p->ends[i - 1] : 0;
}

void tokenizer_decoder_clear(struct tokenizer_decoder *t)
{
    clear(&t->pieces[0]);
}

void tokenizer_decoder_add(struct tokenizer_decoder *t, const char *text, size_t n)
{
    str_add(&t->pieces[0].text, text, n);
    end_piece(&t->pieces[0]);
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

static void add_lossy(struct str *out, const char *p, size_t n)
{
    size_t length, good = 0;
    for (size_t i = 0; i < n; i += length) {
        if (unicode_class_decode(p + i, n - i, &length) != UINT32_MAX)
            continue;
        str_add(out, p + good, i - good);
        str_puts(out, replacement);
        length = broken_length((const unsigned char *)p + i, n - i);
        good = i + length;
    }
    str_add(out, p + good, n - good);
}

/* The bytes of a token, or, where a character is not in the alphabet, its text. */
static void add_bytes(struct str *out, const char *text, size_t n)
{
    const size_t begin = out->n;
    for (size_t i = 0, length; i < n; i += length) {
        const int byte = byte_level_byte(unicode_class_decode(text + i, n - i, &length));
        if (byte < 0) {
            out->n = begin;
            str_add(out, text, n);
            return;
        }
        str_putc(out, (char)byte);
    }
}

static void byte_level(struct tokenizer_pieces *in, struct tokenizer_pieces *out)
{
    /* The bytes of all tokens stand in out first, and are read from in then. */
    for (size_t i = 0; i < in->n; i++)
        add_bytes(&out->text, str_text(&in->text) + begin_of(in, i), in->ends[i] - begin_of(in, i));
    str_clear(&in->text);
    str_add(&in->text, str_text(&out->text), out->text.n);
    str_clear(&out->text);
    add_lossy(&out->text, str_text(&in->text), in->text.n);
    end_piece(out);
}

static void add_without_marks(struct str *out, const struct tokenizer_decode_step *s,
                              const char *text, size_t n, bool drop)
{
    for (size_t i = 0, length; i < n; i += length) {
        (void)unicode_class_decode(text + i, n - i, &length);
        if (length != s->n || memcmp(text + i, s->text, length) != 0)
            str_add(out, text + i, length);
        else if (!drop)
            str_putc(out, ' ');
    }
}

static enum err_code replace(const struct tokenizer_decode_step *s, const char *text, size_t n,
                             struct str *out, struct err *e)
{
    struct tokenizer_pattern_walk w = tokenizer_pattern_begin(text, n);
    struct tokenizer_pattern_part part = {};
    for (bool more; n > 0;) {
        if (tokenizer_pattern_next(&s->pattern, &w, &part, &more, e))
            return e->code;
        if (!more)
            break;
        if (part.is_match)
            str_add(out, s->text, s->n);
        else
            str_add(out, text + part.begin, part.end - part.begin);
    }
    return ERR_OK;
}

static int hex_digit(char c)
{
    const char lower = (char)(c | 32);
    return c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static int fallback_byte(const char *text, size_t n)
{
    if (n != 6 || memcmp(text, "<0x", 3) != 0 || text[5] != '>')
        return -1;
    const int high = hex_digit(text[3]), low = hex_digit(text[4]);
    if (text[3] == '+' && low >= 0) /* Rust's from_str_radix() takes a sign */
        return low;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool is_utf8(const char *text, size_t n)
{
    for (size_t i = 0, length; i < n; i += length)
        if (unicode_class_decode(text + i, n - i, &length) == UINT32_MAX)
            return false;
    return true;
}

/* A run of byte tokens that stand in out from `begin` on: a piece if it is UTF-8, else one U+FFFD
 * for each byte. */
static void end_bytes(struct tokenizer_pieces *out, size_t begin)
{
    const size_t n = out->text.n - begin;
    if (n == 0)
        return;
    if (is_utf8(out->text.text + begin, n)) {
        end_piece(out);
        return;
    }
    out->text.n = begin;
    for (size_t i = 0; i < n; i++) {
        str_puts(&out->text, replacement);
        end_piece(out);
    }
}

static void byte_fallback(const struct tokenizer_pieces *in, struct tokenizer_pieces *out)
{
    size_t bytes_begin = 0;
    for (size_t i = 0; i < in->n; i++) {
        const char *const text = str_text(&in->text) + begin_of(in, i);
        const size_t n = in->ends[i] - begin_of(in, i);
        const int byte = fallback_byte(text, n);
        if (byte >= 0) {
            str_putc(&out->text, (char)byte);
            continue;
        }
        end_bytes(out, bytes_begin);
        str_add(&out->text, text, n);
        end_piece(out);
        bytes_begin = out->text.n;
    }
    end_bytes(out, bytes_begin);
}

static void strip(const struct tokenizer_decode_step *s, const char *text, size_t n,
                  struct str *out)
{
    size_t begin = 0, end = n;
    for (size_t i = 0; i < s->start && end - begin >= s->n; i++, begin += s->n)
        if (memcmp(text + begin, s->text, s->n) != 0)
            break;
    for (size_t i = 0; i < s->stop && end - begin >= s->n; i++, end -= s->n)
        if (memcmp(text + end - s->n, s->text, s->n) != 0)
            break;
    str_add(out, text + begin, end - begin);
}

static enum err_code run_step(const struct tokenizer_decode_step *s, struct tokenizer_pieces *in,
                              struct tokenizer_pieces *out, struct err *e)
{
    if (s->kind == DECODE_BYTE_LEVEL)
        byte_level(in, out);
    if (s->kind == DECODE_BYTE_FALLBACK)
        byte_fallback(in, out);
    if (s->kind == DECODE_BYTE_LEVEL || s->kind == DECODE_BYTE_FALLBACK)
        return ERR_OK;
    for (size_t i = 0; i < in->n; i++) {
        const char *const text = str_text(&in->text) + begin_of(in, i);
        const size_t n = in->ends[i] - begin_of(in, i);
        if (s->kind == DECODE_METASPACE)
            add_without_marks(&out->text, s, text, n, i == 0 && s->drops_first);
        else if (s->kind == DECODE_STRIP)
            strip(s, text, n, &out->text);
        else if (s->kind == DECODE_FUSE)
            str_add(&out->text, text, n);
        else if (replace(s, text, n, &out->text, e))
            return e->code;
        if (s->kind != DECODE_FUSE)
            end_piece(out);
    }
    if (s->kind == DECODE_FUSE)
        end_piece(out);
    return ERR_OK;
}

enum err_code tokenizer_decoder_run(struct tokenizer_decoder *t, struct str *out, struct err *e)
{
    struct tokenizer_pieces *in = &t->pieces[0];
    for (size_t i = 0; i < t->n_steps; i++) {
        struct tokenizer_pieces *const next = &t->pieces[in == &t->pieces[0]];
        clear(next);
        if (run_step(&t->steps[i], in, next, e))
            return e->code;
        in = next;
    }
    for (size_t i = 0; i < in->n && !t->is_there; i++) {
        if (i > 0)
            str_putc(out, ' ');
        str_add(out, str_text(&in->text) + begin_of(in, i), in->ends[i] - begin_of(in, i));
    }
    if (t->is_there)
        str_add(out, str_text(&in->text), in->text.n);
    return ERR_OK;
}
