/* perplexity.h - what a model makes of a text: the probability of each token, in one engine and
 * beside another.
 *
 * A session is one model and one text. It keeps the worker of the baseline alive, beside which one
 * candidate after the other is scored: for the same windows both give their logits, out of which
 * all figures are computed here, in double, the same for every engine. No logits are kept: a few
 * windows at a time lie in a file (logits_folder.h) that is unlinked when it is opened.
 */
#pragma once

#include "lab/invocation.h"
#include "lab/perplexity_text.h"
#include "store/perplexity_log.h"

constexpr size_t PERPLEXITY_REQUEST = (size_t)256 << 20;   /* bytes of logits in one request, unless
                                                            * a single window has more */
constexpr size_t PERPLEXITY_WINDOW_MOST = (size_t)2 << 30; /* bytes of a single window */

struct perplexity_spec {   /* borrowed as long as the session lives */
    const char *text_name; /* as the person wrote it */
    const char *text;      /* perplexity_text_mistake() found none */
    size_t text_bytes;
    struct perplexity_text_limits limits;
    const struct invocation_spec *baseline; /* nullptr: none */
    const char *no_baseline;                /* why */
    double timeout_s;                       /* of one answer */
    struct stop *stop;
};

struct perplexity_sink { /* who takes the results; an error stops the measuring */
    /* Once, before the windows. *ret_done: [windows], those that need not be scored again (nullptr:
     * none). *ret_refused: a reason to score none at all; it becomes the end's. */
    enum err_code (*begin)(void *context, const struct perplexity_log_header *h,
                           const bool **ret_done, const char **ret_refused, struct err *e);
    enum err_code (*window)(void *context, const struct perplexity_log_window *w, struct err *e);
    void *context;
};

struct perplexity;

[[nodiscard]] enum err_code perplexity_new(const struct perplexity_spec *s, struct arena *a,
                                           struct perplexity **ret, struct err *e);
void perplexity_freep(struct perplexity **p); /* for CLEANUP(); ends the baseline's worker */

/* Score one configuration. What goes wrong with a worker is in *ret (its text belongs to the
 * session's arena); the candidate's own figures do not need the baseline. ERR_INTERRUPTED: the
 * person stopped it. */
[[nodiscard]] enum err_code perplexity_measure(struct perplexity *p,
                                               const struct invocation_spec *candidate,
                                               const struct perplexity_sink *sink,
                                               struct perplexity_log_end *ret, struct err *e);
