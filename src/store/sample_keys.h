/* sample_keys.h - the keys of a line of samples.jsonl, and where in a struct sample_line their
 * values go. Only sample_line.c and sample_quick.c use this.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct sample_line;

enum sample_key_kind : uint8_t {
    SAMPLE_KEY_TEXT,
    SAMPLE_KEY_I32,
    SAMPLE_KEY_I64,
    SAMPLE_KEY_U64,
    SAMPLE_KEY_F64,
    SAMPLE_KEY_COUNT, /* elements of an array */
    SAMPLE_KEY_STOP,
    SAMPLE_KEY_ARRAY, /* of what the engine answered */
    SAMPLE_KEY_PHASE,
    SAMPLE_KEY_STATUS,
    SAMPLE_KEY_SKIP,
};

struct sample_key {
    const char *name;
    uint8_t n;
    enum sample_key_kind kind;
    uint16_t at; /* in struct sample_line */
};

constexpr size_t SAMPLE_KEYS = 42;
extern const struct sample_key sample_keys[SAMPLE_KEYS];

/* A line that says nothing. */
extern const struct sample_line sample_keys_nothing;

/* The key of that name, looked for from the expected one on; SAMPLE_KEYS: it is none of these. */
[[nodiscard]] size_t sample_keys_find(const char *name, size_t n, size_t expected);
