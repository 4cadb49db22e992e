/* code_points.h - a text as the numbers of its characters, decoded into memory that is used again.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct code_points { /* starts as {}; code_points_done() frees it */
    uint32_t *at;
    size_t n, room;
};

void code_points_done(struct code_points *c); /* for CLEANUP() too */

/* Decode bytes[0..n) as UTF-8 into *ret, whose memory grows only when it has to. False where the
 * bytes are not UTF-8 (an overlong form, a surrogate, a number above U+10FFFF, a cut sequence):
 * *ret_bad is then the offset of the first wrong sequence, and *ret holds what came before it.
 */
[[nodiscard]] bool code_points_decode(const char *bytes, size_t n, struct code_points *ret,
                                      size_t *ret_bad);
