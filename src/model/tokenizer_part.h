/* tokenizer_part.h - the parts of tokenizer.json as it nests them: a "Sequence" of parts with a
 * "type" each. */
#pragma once

#include "model/tokenizer_pattern.h"

struct json;

constexpr size_t TOKENIZER_PARTS = 32; /* of one kind, all Sequences taken apart */

struct tokenizer_part_list {
    const struct json *part[TOKENIZER_PARTS];
    const char *type[TOKENIZER_PARTS];
    size_t n;
};

/* The parts of v in order; null or nullptr has none. A Sequence holds them under the key `inner`.
 */
[[nodiscard]] enum err_code tokenizer_part_flatten(const struct json *v, const char *what,
                                                   const char *inner,
                                                   struct tokenizer_part_list *ret, struct err *e);
/* otherwise: the value of an absent key; nullptr: it must be there. */
[[nodiscard]] enum err_code tokenizer_part_bool(const struct json *v, const char *key,
                                                const bool *otherwise, bool *ret, struct err *e);
[[nodiscard]] enum err_code tokenizer_part_text(const struct json *v, const char *key,
                                                const char **ret, size_t *ret_n, struct err *e);
/* The key "pattern": {"String": text} or {"Regex": text}. */
[[nodiscard]] enum err_code tokenizer_part_pattern(const struct json *v, struct arena *a,
                                                   struct tokenizer_pattern *ret, struct err *e);
