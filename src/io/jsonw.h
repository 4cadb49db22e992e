/* jsonw.h - writing JSON, straight into a str: nothing is built up first.
 *
 * Calls come in document order. jsonw_key() comes before each value inside an object. A double that
 * is not finite is written as null: "unknown" is never a number. Doubles read back exactly.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct str;

struct jsonw {
    struct str *out;
    bool pretty; /* two columns of indent and a line each; else one line */
    bool after_key, comma;
    uint8_t depth;
};

void jsonw_object(struct jsonw *w);
void jsonw_array(struct jsonw *w);
void jsonw_end_object(struct jsonw *w);
void jsonw_end_array(struct jsonw *w);
void jsonw_key(struct jsonw *w, const char *key);
void jsonw_str(struct jsonw *w, const char *text); /* nullptr is written as null */
void jsonw_strn(struct jsonw *w, const char *text,
                size_t n); /* bytes that are no UTF-8 become U+FFFD */
void jsonw_i64(struct jsonw *w, int64_t x);
void jsonw_u64(struct jsonw *w, uint64_t x);
void jsonw_f64(struct jsonw *w, double x);
void jsonw_bool(struct jsonw *w, bool x);
void jsonw_null(struct jsonw *w);
void jsonw_raw(struct jsonw *w, const char *json); /* a value that is JSON already */

/* key and value in one */
void jsonw_kstr(struct jsonw *w, const char *key, const char *text);
void jsonw_ki64(struct jsonw *w, const char *key, int64_t x);
void jsonw_kf64(struct jsonw *w, const char *key, double x);
void jsonw_kbool(struct jsonw *w, const char *key, bool x);
void jsonw_kobject(struct jsonw *w, const char *key);
void jsonw_karray(struct jsonw *w, const char *key);

/* A finite x alone, without a writer: the shortest text that reads back the same. Its length; a NUL
 * follows. */
constexpr size_t JSONW_NUMBER = 40;
[[nodiscard]] size_t jsonw_number(double x, char text[static JSONW_NUMBER]);
