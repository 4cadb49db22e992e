/* perplexity_text.h - a text as a model sees it: its tokens, its windows, and the bytes of each.
 *
 * The tokens are those of the model's own tokenizer, of the whole text at once, as a worker gives
 * them (docs/WORKER.md, "Special tokens"); every engine has to give the same.
 */
#pragma once

#include "lab/perplexity_windows.h"

#include <stddef.h>

struct arena;
struct invocation_failure;
struct perplexity_worker;

constexpr size_t PERPLEXITY_TEXT_MOST = 16U << 20; /* bytes of a text */
constexpr uint32_t PERPLEXITY_TEXT_WINDOW = 512; /* the default, where the context is not smaller */

struct perplexity_text {
    const int32_t *ids;
    uint32_t all; /* tokens of the text; windows.tokens of them are used */
    struct perplexity_windows windows;
    uint32_t n_windows;
    const char *sha256; /* of the ids that are used, little-endian int32 */
    const int64_t
        *bytes; /* [n_windows]: of the text that the scored tokens are; nullptr: unknown */
    const char *bytes_reason; /* why */
};

struct perplexity_text_limits { /* 0: the default */
    uint32_t window, stride, max_tokens;
};

/* Why text[0..n) cannot be scored (empty, too long, no UTF-8, a NUL byte), in words that follow its
 * name; nullptr: it can. */
[[nodiscard]] const char *perplexity_text_mistake(const char *text, size_t n, struct arena *a);

/* By the first worker. n_ctx: the model's context, 0 unknown. false: *ret_failure,
 * STATUS_INCOMPATIBLE where the context is too small. */
[[nodiscard]] bool perplexity_text_of(struct perplexity_worker *w, const char *text, size_t n,
                                      const struct perplexity_text_limits *l, struct arena *a,
                                      struct perplexity_text *ret,
                                      struct invocation_failure *ret_failure);
/* By each further worker: false where its tokens differ (ret_failure names the first place). */
[[nodiscard]] bool perplexity_text_check(struct perplexity_worker *w, const char *text, size_t n,
                                         const struct perplexity_text *want, struct arena *a,
                                         struct invocation_failure *ret_failure);
