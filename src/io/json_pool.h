/* json_pool.h - one small JSON text after the other, in memory that is used again: lines of a file
 * by the million. What it accepts is what json_parse() accepts.
 */
#pragma once

#include <stddef.h>

struct json;
struct json_pool;

[[nodiscard]] struct json_pool *json_pool_new(void);
void json_pool_freep(struct json_pool **p); /* for CLEANUP() */
/* From now on NaN and Infinity are numbers: Python writes them. */
void json_pool_accept_nan(struct json_pool *p);

/* nullptr: it is no JSON. The value is borrowed and gone with the next call. */
[[nodiscard]] const struct json *json_pool_parse(struct json_pool *p, const char *text, size_t n);
