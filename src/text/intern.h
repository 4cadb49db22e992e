/* intern.h - small numbers for keys of two words: exact, never a hash alone.
 *
 * A word of a text is a path of keys {number so far, next eight bytes}, an n-gram one of keys
 * {number of its first n - 1, number of its last}. Starts as {}; intern_done() frees it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct intern_slot {
    uint64_t a, b;
    uint32_t id, generation;
};

struct intern {
    struct intern_slot *slots;
    size_t room; /* a power of two */
    uint32_t n;  /* numbers given since intern_clear(): 1 to n */
    uint32_t generation;
};

void intern_done(struct intern *t);
void intern_clear(struct intern *t); /* keeps the memory; does not touch it */

[[nodiscard]] uint32_t intern_add(struct intern *t, uint64_t a, uint64_t b);        /* never 0 */
[[nodiscard]] uint32_t intern_find(const struct intern *t, uint64_t a, uint64_t b); /* 0: none */

/* The same for bytes without a NUL. intern_bytes_find() may give the number of bytes that are the
 * beginning of some that were added, cut at a multiple of eight: the number of no added bytes.
 */
[[nodiscard]] uint32_t intern_bytes_add(struct intern *t, const char *bytes, size_t n);
[[nodiscard]] uint32_t intern_bytes_find(const struct intern *t, const char *bytes, size_t n);
