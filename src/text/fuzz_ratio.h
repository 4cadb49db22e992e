/* fuzz_ratio.h - RapidFuzz's module fuzz: similarities of 0 to 100 that forgive order and
 * surroundings. */
#pragma once

#include "text/edit.h"

struct fuzz_slice { /* a token: a stretch of its text */
    const uint32_t *at;
    size_t n;
};

struct fuzz_tokens {
    struct fuzz_slice *at;
    size_t n, room;
};

struct fuzz_joined {
    uint32_t *at;
    size_t n, room;
};

struct fuzz_ratio { /* scratch; starts as {}, fuzz_ratio_done() frees it */
    struct edit edit;
    struct fuzz_tokens a, b, only_a, only_b, common;
    struct fuzz_joined joined_a, joined_b;
};

void fuzz_ratio_done(struct fuzz_ratio *f);

[[nodiscard]] double fuzz_ratio(struct fuzz_ratio *f, struct edit_pair p);
[[nodiscard]] double fuzz_ratio_quick(struct fuzz_ratio *f,
                                      struct edit_pair p); /* QRatio: no text, 0 */
/* Of the shorter text against the best stretch of the longer one. */
[[nodiscard]] double fuzz_ratio_partial(struct fuzz_ratio *f, struct edit_pair p);
/* Of the words: sorted; as sets; the better of the two; and the same of stretches. Words are what
 * Python's str.split() gives. */
[[nodiscard]] double fuzz_ratio_token_sort(struct fuzz_ratio *f, struct edit_pair p);
[[nodiscard]] double fuzz_ratio_token_set(struct fuzz_ratio *f, struct edit_pair p);
[[nodiscard]] double fuzz_ratio_token(struct fuzz_ratio *f, struct edit_pair p);
[[nodiscard]] double fuzz_ratio_partial_token_sort(struct fuzz_ratio *f, struct edit_pair p);
[[nodiscard]] double fuzz_ratio_partial_token_set(struct fuzz_ratio *f, struct edit_pair p);
[[nodiscard]] double fuzz_ratio_partial_token(struct fuzz_ratio *f, struct edit_pair p);
[[nodiscard]] double fuzz_ratio_weighted(struct fuzz_ratio *f, struct edit_pair p); /* WRatio */
