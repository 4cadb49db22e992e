/* quality.h - quality_analysis.json: what each configuration's output is worth, whatever its speed.
 *
 * One entry per model, backend and precision of the results, in their order, with a part from each
 * kind of evidence; a part that is null has its reason beside it. A new kind of evidence is a file
 * quality_<kind>.c with its struct in struct quality_configuration, filled in quality_read() and
 * written in quality_json().
 */
#pragma once

#include "analysis/quality_outputs.h"
#include "analysis/quality_perplexity.h"
#include "store/results.h"

struct arena;
struct str;

struct quality_source { /* a file that a part was derived from; path nullptr: there is none */
    const char *path;   /* relative to its results folder */
    int64_t bytes;
    char sha256[65];
};

struct quality_configuration {
    const char *model, *backend, *precision; /* of the results; borrowed */
    struct quality_source perplexity_log;
    const char *text; /* that was scored, as the experiment names it; nullptr: none */
    bool is_baseline; /* the others' perplexity is compared with it */
    struct quality_perplexity perplexity;
};

struct quality {
    struct quality_configuration *configurations;
    size_t n;
    const char *baseline; /* backend:precision that perplexity was compared with; nullptr: none */
    struct quality_outputs *outputs; /* of each cell of the results */
    struct quality_outputs_asked asked;
    struct quality_source *semantic_logs; /* [asked.n_semantic] */
    size_t with_perplexity;               /* configurations that have one */
    size_t with_outputs; /* cells, but the baseline's, that were compared with it */
    size_t gates_passed, gates_failed, gates_unsure;
};

/* Will quality_read() compare what the engines answered? Then results.keep_outputs, set before the
 * cells are loaded, saves it reading them. */
[[nodiscard]] bool quality_wants_outputs(const char *folder);

/* folders[0..n) are those of r. Replicate runs score the same text: the first folder that has a log
 * of a configuration gives it. A log that cannot be read is an error that names file and line. */
[[nodiscard]] enum err_code quality_read(const struct results *r, const char *const *folders,
                                         size_t n, struct arena *a, struct quality *ret,
                                         struct err *e);

/* Append the whole document to out. Same results, same bytes. */
void quality_json(const struct results *r, const struct quality *q, struct str *out);
