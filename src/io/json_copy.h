/* json_copy.h - a value that was read, written again: whole numbers stay whole, doubles read back
 * the same. */
#pragma once

struct json;
struct jsonw;

/* nullptr is written as null. */
void json_copy(const struct json *v, struct jsonw *w);
