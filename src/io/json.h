/* json.h - reading JSON. The parser is yyjson; its types stay in json.c.
 *
 * A value is immutable and borrowed from its document, which belongs to the arena. Every accessor
 * takes nullptr and values of another type and then gives the caller's default, so that a chain
 * json_str(json_get(json_get(v, "a"), "b"), "") needs no checks between.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct json;

/* name is for messages: a path, or where the text came from. ERR_PARSE gives line and column. */
[[nodiscard]] enum err_code json_parse(const char *text, size_t n, const char *name,
                                       struct arena *a, const struct json **ret, struct err *e);
/* The same, with the words NaN and Infinity as numbers: Python writes them, and so do its tools. */
[[nodiscard]] enum err_code json_parse_nan(const char *text, size_t n, const char *name,
                                           struct arena *a, const struct json **ret, struct err *e);
[[nodiscard]] enum err_code json_read_file(const char *path, struct arena *a,
                                           const struct json **ret, struct err *e);

const struct json *json_get(const struct json *object, const char *key); /* nullptr: no such key */
const struct json *json_at(const struct json *array, size_t i);          /* O(i) */
size_t json_len(const struct json *v); /* elements or keys; bytes of a string; else 0 */

bool json_is_object(const struct json *v);
bool json_is_array(const struct json *v);
bool json_is_str(const struct json *v);
bool json_is_num(const struct json *v);
bool json_is_null(const struct json *v); /* true for the value null, false for nullptr */

const char *json_str(const struct json *v, const char *otherwise);
double json_f64(const struct json *v, double otherwise);   /* any number */
int64_t json_i64(const struct json *v, int64_t otherwise); /* a whole number that fits */
uint64_t json_u64(const struct json *v, uint64_t otherwise);
bool json_bool(const struct json *v, bool otherwise);

/* Walk an object or an array: struct json_iter it = json_iter(v); while ((x = json_next(&it,
 * &key))) key (may be nullptr) is set for objects and nullptr for arrays. */
struct json_iter {
    const struct json *next;
    size_t left;
    size_t key_len; /* bytes of the key that json_next() gave: one may hold a NUL */
    bool object;
};
struct json_iter json_iter(const struct json *v);
const struct json *json_next(struct json_iter *it, const char **ret_key);
