/* hf_reader.h - values of a config.json by their keys, with errors that name file, line and key. */
#pragma once

#include "base/err.h"

#include <stdint.h>

struct arena;
struct json;

struct hf_reader {
    const char *path, *text;
    const struct json *root; /* where keys are looked for */
};

/* The value of the first of names[] (ending in nullptr) that is there and not null. */
const struct json *hf_reader_find(const struct hf_reader *r, const char *const *names,
                                  const char **ret_key);
/* Where the key stands first: 0 if nowhere. */
unsigned hf_reader_line(const struct hf_reader *r, const char *key);

/* ERR_PARSE where the value is of another kind; an absent or null one is `otherwise`. */
[[nodiscard]] enum err_code hf_reader_count(const struct hf_reader *r, const char *const *names,
                                            int64_t otherwise, uint32_t *ret, struct err *e);
[[nodiscard]] enum err_code hf_reader_bool(const struct hf_reader *r, const char *key,
                                           bool otherwise, bool *ret, struct err *e);
/* A finite number of at least `least`. */
[[nodiscard]] enum err_code hf_reader_number(const struct hf_reader *r, const char *const *names,
                                             double least, double otherwise, double *ret,
                                             struct err *e);
/* A token's id, or the first of several; null: -1. */
[[nodiscard]] enum err_code hf_reader_token(const struct hf_reader *r, const char *key,
                                            int64_t otherwise, int64_t *ret, struct err *e);
[[nodiscard]] enum err_code hf_reader_name(const struct hf_reader *r, const char *const *names,
                                           const char *otherwise, struct arena *a, const char **ret,
                                           struct err *e);
