/* plan_filter.h - --only KEY=GLOB: which cells of a plan are wanted.
 *
 * Globs of the same key are alternatives, different keys must all hold: --only backend=onnx* --only
 * backend=llamacpp-cpu --only precision=fp32. '*' matches any text, '/' included.
 */
#pragma once

#include "base/err.h"
#include "base/opt.h"

struct experiment;

struct plan_filter {
    const struct opt_list *only; /* borrowed; checked by plan_filter_check() */
};

/* ERR_USAGE: a word that is no KEY=GLOB, an unknown key (with the nearest), or a glob that matches
 * nothing of the experiment (with the nearest name). */
[[nodiscard]] enum err_code plan_filter_check(const struct plan_filter *f,
                                              const struct experiment *x, struct err *e);

/* key: "scenario", "backend", "model" or "precision". True where f is nullptr or says nothing of
 * the key. */
bool plan_filter_takes(const struct plan_filter *f, const char *key, const char *name);
