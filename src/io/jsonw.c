#include "io/jsonw.h"

#include "base/digit.h"
#include "base/str.h"

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

/* How many bytes from text on stand for themselves in JSON. */
static size_t plain(const char *text, size_t n)
{
    size_t i = 0;
    while (i < n && (unsigned char)text[i] >= 0x20 && (unsigned char)text[i] < 0x80 &&
           text[i] != '"' && text[i] != '\\')
        i++;
    return i;
}

static void quoted(struct str *out, const char *text, size_t n)
{
    str_putc(out, '"');
    for (size_t i = 0; i < n;) {
        const size_t run = plain(text + i, n - i);
        str_add(out, text + i, run);
        i += run;
        if (i == n)
            break;
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
    char text[DIGIT_MOST + 1];
    str_add(w->out, text, (size_t)(digit_put_i64(text, x) - text));
    w->comma = true;
}

void jsonw_u64(struct jsonw *w, uint64_t x)
{
    before_value(w);
    char text[DIGIT_MOST];
    str_add(w->out, text, (size_t)(digit_put_u64(text, x) - text));
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

/* Whole millionths, as times in ms are that came from ns: k / 10^6 of at most 15 digits is the only
 * such decimal that reads back as its double, so that none is shorter. 0: it is none of these. */
static size_t millionths(double x, char text[static JSONW_NUMBER])
{
    if (!(x >= 1e-3 && x < 1e9))
        return 0;
    const int64_t k = (int64_t)(x * 1e6 + 0.5);
    const double back = (double)k / 1e6; /* both are exact: the nearest double */
    if (k >= 1'000'000'000'000'000 || back < x || back > x)
        return 0;
    char *at = digit_put_i64(text, k / 1'000'000);
    *at++ = '.';
    at = digit_put_six(at, (uint32_t)(k % 1'000'000));
    while (at[-1] == '0' && at[-2] != '.')
        at--;
    *at = '\0';
    return (size_t)(at - text);
}

size_t jsonw_number(double x, char text[static JSONW_NUMBER])
{
    const size_t n = millionths(x, text);
    if (n)
        return n;
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
