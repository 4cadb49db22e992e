/* generate.h - the one generation loop of all engines in C: it takes every stamp, so that no engine
 * is timed at another boundary than the next.
 *
 *   submitted -> tokenize -> tokenized -> prefill -> prefilled -> sample -> first_token
 *             -> (step, sample -> token_ns[i])... -> finished -> detokenize -> detokenized
 *
 * Between two stamps lies the named work and nothing else: memory is taken before `submitted`, text
 * is made after `detokenized`.
 */
#pragma once

#include "backend/engine.h"

#include "base/str.h"

struct generate_prompt {
    const char *text;
    size_t bytes;
};

struct generate_request {
    const struct generate_prompt *prompts; /* several: one batch */
    uint32_t n;
    uint32_t max_tokens; /* at least 1 */
    double temperature, top_p;
    uint64_t seed;
    bool stop_on_eos;
};

struct generate_sequence {
    int32_t *prompt, *ids;
    uint32_t n_prompt, n_generated;
    bool eos; /* it ended itself */
    struct str text;
};

struct generate_result { /* lives in the arena that was given; generate_done() frees the texts */
    nsec_t submitted, tokenized, prefilled, first_token, finished, detokenized;
    nsec_t *token_ns; /* one per step, the first is first_token */
    nsec_t cpu;       /* of this process, submitted to detokenized */
    uint32_t n_steps, padding, n;
    uint32_t prompts_distinct; /* of the n, by their token ids */
    uint32_t
        prompts_constant; /* of two tokens or more, all of one id: no text that anybody writes */
    struct generate_sequence *sequences;
};

/* What lies between `submitted` and `finished`, in words; the Python worker's are the same. */
extern const char generate_timed_region[];

/* ERR_USAGE: no prompt, an empty one, no tokens asked for, more than the context holds. */
[[nodiscard]] enum err_code generate_run(const struct engine *engine, struct session *s,
                                         const struct engine_about *about,
                                         const struct generate_request *q, struct arena *a,
                                         struct generate_result *ret, struct err *e);
void generate_done(struct generate_result *r); /* for CLEANUP() too */
