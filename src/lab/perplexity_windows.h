/* perplexity_windows.h - the sliding windows over a text of n tokens. Pure.
 *
 * As in "Perplexity of fixed-length models" (Hugging Face transformers, docs): window i holds the
 * tokens [i * stride, i * stride + window), and of it those are scored that no window before
 * scored. Each token is scored once, but for the first of the text, which nothing precedes. After
 * the first window every scored token has at least window - stride tokens of context; stride is
 * below window, so it is never none. The windows end with the first that reaches the end of the
 * text.
 */
#pragma once

#include <stdint.h>

/* Most blocks of windows that are taken as clusters (docs/METHOD.md says why). */
constexpr uint32_t PERPLEXITY_WINDOWS_CLUSTERS = 10;

struct perplexity_windows { /* window at least 2, stride in [1, window) */
    uint32_t tokens, window, stride;
};

struct perplexity_windows_one {
    uint32_t begin, end; /* tokens that the model is given: [begin, end) */
    uint32_t first;      /* scored: [first, end); begin < first */
};

[[nodiscard]] uint32_t
perplexity_windows_count(const struct perplexity_windows *w); /* tokens < 2: 0 */
[[nodiscard]] struct perplexity_windows_one
perplexity_windows_at(const struct perplexity_windows *w, uint32_t i);
/* Contiguous blocks of as nearly as may be the same number of windows. */
[[nodiscard]] uint32_t perplexity_windows_clusters(uint32_t n_windows);
[[nodiscard]] uint32_t perplexity_windows_cluster(uint32_t i, uint32_t n_windows);
