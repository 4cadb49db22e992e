/* numbering.h - words numbered in the order in which they appear, and a bounded set of things seen
 * before. Both are open hash tables of 64-bit digests.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Of text[0..n); good enough to tell millions apart. seed: another function. */
[[nodiscard]] uint64_t numbering_hash(const void *text, size_t n, uint64_t seed);

struct numbering { /* starts as {} */
    uint64_t *keys;
    uint32_t *numbers;
    size_t n, room; /* room: a power of two, or 0 */
};

constexpr size_t NUMBERING_MOST = (size_t)1 << 22; /* things in one table: 48 MiB */

/* The number of the thing with that hash; the next free one where it is new, and *ret_new true.
 * UINT32_MAX: the table is full. */
[[nodiscard]] uint32_t numbering_of(struct numbering *t, uint64_t hash, bool *ret_new);
void numbering_done(struct numbering *t); /* for CLEANUP() too */
