/* quality_semantic.h - semantic similarity: the cosine of the embeddings of a prediction and its
 * reference, by a real embedding model (lab/semantic.h); of several references the nearest.
 *
 * Without a model there is no value, and the reason why.
 */
#pragma once

#include "base/err.h"
#include "lab/semantic.h"
#include "text/line.h"

struct arena;

struct quality_semantic_spec {
    struct semantic_model model;       /* path and url nullptr: none */
    const struct line *const *systems; /* n_systems lists of n predictions */
    size_t n_systems, n;
    const struct line *refs; /* n * n_refs, as text_score_compute() takes them */
    size_t n_refs;
};

struct quality_semantic {
    double **x;      /* [n_systems][n], -1 to 1; nullptr: not computed */
    const char *why; /* it was not computed; nullptr: it was */
    const char
        *about; /* the model, its engine and its pooling, for people; nullptr: not computed */
    size_t cut; /* texts of which the model saw the beginning only */
};

/* ERR_USAGE: the model that was named does not exist, or two were named. All else is a result. */
[[nodiscard]] enum err_code quality_semantic_compute(const struct quality_semantic_spec *s,
                                                     struct arena *a, struct quality_semantic *ret,
                                                     struct err *e);
