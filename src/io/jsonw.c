#include "io/jsonw.h"

#include "base/str.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <yyjson.h>

static void line(struct jsonw *w)
{
    if (!w->pretty)
        return;
    str_putc(w->out, '\n');
    for (unsigned i = 0; i < w->depth; i++)
        str_add(w->out, "  ", 2);
}

static void before_value(struct jsonw *w)
{
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    if (w->comma)
        str_putc(w->out, ',');
    if (w->depth)
        line(w);
}

static void open_with(struct jsonw *w, char bracket)
{
    before_value(w);
    str_putc(w->out, bracket);
    w->depth++;
    w->comma = false;
}

static void close_with(struct jsonw *w, char bracket)
{
    w->depth--;
    if (w->comma)
        line(w);
    str_putc(w->out, bracket);
    w->comma = true;
}

void jsonw_object(struct jsonw *w)
{
    open_with(w, '{');
}

void jsonw_array(struct jsonw *w)
{
    open_with(w, '[');
}

void jsonw_end_object(struct jsonw *w)
{
    close_with(w, '}');
}

void jsonw_end_array(struct jsonw *w)
{
    close_with(w, ']');
}

/* The length of the well-formed UTF-8 sequence at s[0..n), or 0 (Unicode 16, table 3-7). */
static size_t sequence(const unsigned char *s, size_t n)
{
    const unsigned char c = s[0];
    if (c < 0x80)
        return 1;
    const size_t want = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    if (c < 0xc2 || c > 0xf4 || n < want)
        return 0;
    const unsigned char low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    if (s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < want; i++)
        if (s[i] < 0x80 || s[i] > 0xbf)
            return 0;
    return want;
}

static void quoted(struct str *out, const char *text, size_t n)
{
    str_putc(out, '"');
    for (size_t i = 0; i < n;) {
        const unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') {
            str_putc(out, '\\');
            str_putc(out, (char)c);
            i++;
        } else if (c < 0x20) {
            static const char short_form[] = "btn\0fr"; /* \b \t \n (no \v) \f \r */
            if (c >= 8 && c <= 13 && c != 11)
                str_printf(out, "\\%c", short_form[c - 8]);
            else
                str_printf(out, "\\u%04x", c);
            i++;
        } else {
            const size_t k = sequence((const unsigned char *)text + i, n - i);
            if (k)
                str_add(out, text + i, k);
            else
                str_puts(out, "\xef\xbf\xbd");
            i += k ? k : 1;
        }
    }
    str_putc(out, '"');
}

void jsonw_key(struct jsonw *w, const char *key)
{
    before_value(w);
    quoted(w->out, key, strlen(key));
    str_add(w->out, ": ", w->pretty ? 2 : 1);
    w->after_key = true;
    w->comma = true;
}

void jsonw_strn(struct jsonw *w, const char *text, size_t n)
{
    before_value(w);
    quoted(w->out, text, n);
    w->comma = true;
}

void jsonw_str(struct jsonw *w, const char *text)
{
    if (text)
        jsonw_strn(w, text, strlen(text));
    else
        jsonw_null(w);
}

void jsonw_i64(struct jsonw *w, int64_t x)
{
    before_value(w);
    str_printf(w->out, "%" PRId64, x);
    w->comma = true;
}

void jsonw_u64(struct jsonw *w, uint64_t x)
{
    before_value(w);
    str_printf(w->out, "%" PRIu64, x);
    w->comma = true;
}

void jsonw_f64(struct jsonw *w, double x)
{
    if (!isfinite(x)) {
        jsonw_null(w);
        return;
    }
    before_value(w);
    char text[JSONW_NUMBER];
    str_add(w->out, text, jsonw_number(x, text));
    w->comma = true;
}

size_t jsonw_number(double x, char text[static JSONW_NUMBER])
{
    yyjson_val v = {};
    yyjson_set_real(&v, x);
    return (size_t)(yyjson_write_number(&v, text) - text);
}

void jsonw_bool(struct jsonw *w, bool x)
{
    before_value(w);
    str_puts(w->out, x ? "true" : "false");
    w->comma = true;
}

void jsonw_null(struct jsonw *w)
{
    before_value(w);
    str_puts(w->out, "null");
    w->comma = true;
}

void jsonw_raw(struct jsonw *w, const char *json)
{
    before_value(w);
    str_puts(w->out, json);
    w->comma = true;
}

void jsonw_kstr(struct jsonw *w, const char *key, const char *text)
{
    jsonw_key(w, key);
    jsonw_str(w, text);
}

void jsonw_ki64(struct jsonw *w, const char *key, int64_t x)
{
    jsonw_key(w, key);
    jsonw_i64(w, x);
}

void jsonw_kf64(struct jsonw *w, const char *key, double x)
{
    jsonw_key(w, key);
    jsonw_f64(w, x);
}

void jsonw_kbool(struct jsonw *w, const char *key, bool x)
{
    jsonw_key(w, key);
    jsonw_bool(w, x);
}

void jsonw_kobject(struct jsonw *w, const char *key)
{
    jsonw_key(w, key);
    jsonw_object(w);
}

void jsonw_karray(struct jsonw *w, const char *key)
{
    jsonw_key(w, key);
    jsonw_array(w);
}
