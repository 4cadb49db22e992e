/* yaml.h - reading YAML that a person wrote, with a place for every complaint about it.
 *
 * Built on libyaml's events, whose types stay in yaml.c. A node is immutable and belongs to the
 * arena. Scalars stay text: what they mean is decided by who asks (yaml_bool, yaml_u64, yaml_f64),
 * so that `no` is a model's name where a name is wanted. An alias is the node that its anchor
 * names, shared and not copied. Tags are ignored. Bounds: file size, depth, and the number of nodes
 * with every alias written out, so that a small file cannot unfold into a large one.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;

constexpr uint32_t YAML_MOST_DEPTH = 64;
constexpr uint32_t YAML_MOST_NODES = 1'000'000; /* aliases written out */
constexpr size_t YAML_MOST_BYTES = 64U << 20;

enum yaml_type : uint8_t { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml {
    enum yaml_type type;
    bool quoted;                     /* scalar in quotes or a block: text, whatever it looks like */
    uint32_t line, column;           /* of its first character, from 1 */
    const char *text;                /* YAML_SCALAR: never nullptr, ends in a NUL; else nullptr */
    size_t bytes;                    /* of text; the text itself may hold no NUL */
    uint32_t n;                      /* YAML_LIST: items; YAML_MAP: pairs */
    uint32_t nodes;                  /* in this subtree, aliases written out */
    const struct yaml *const *keys;  /* YAML_MAP: scalars, each once, in the order of the file */
    const struct yaml *const *items; /* YAML_LIST: items; YAML_MAP: values */
};

/* name is for messages: "name:line:column: what is wrong". ERR_PARSE; ERR_LIMIT for a bound. An
 * empty text is a null scalar. *ret belongs to a, as does its text: nothing is borrowed. */
[[nodiscard]] enum err_code yaml_parse(const char *text, size_t n, const char *name,
                                       struct arena *a, const struct yaml **ret, struct err *e);
[[nodiscard]] enum err_code yaml_read_file(const char *path, struct arena *a,
                                           const struct yaml **ret, struct err *e);

/* nullptr: no such key, no map */
const struct yaml *yaml_find(const struct yaml *map, const char *name);
bool yaml_is_null(const struct yaml *v); /* an empty, ~ or null scalar without quotes */

/* false, and *ret untouched, where v is not such a scalar. A quoted scalar is text and no number.
 */
[[nodiscard]] bool yaml_bool(const struct yaml *v, bool *ret);    /* true false yes no on off */
[[nodiscard]] bool yaml_u64(const struct yaml *v, uint64_t *ret); /* 42, 1_000 */
[[nodiscard]] bool yaml_f64(const struct yaml *v, double *ret);   /* finite */
const char *
yaml_type_name(const struct yaml *v); /* for messages: "a list", "a map", "text", "a number" … */
