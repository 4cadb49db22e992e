/* nonlinear_search.h - the first stage of num/nonlinear.h: GSL's trust-region solvers, in double.
 */
#pragma once

#include <stddef.h>

struct formula;

struct nonlinear_search {
    const struct formula *model;
    const double *y; /* n, the model's left side applied */
    const double *x; /* n rows of k */
    size_t n, k;
};

constexpr size_t NONLINEAR_SEARCH_SOLVERS = 6;

/* Minimises with the given solver from start (p numbers) and puts the point into ret. Returns the
 * sum of squares there; NOT_MEASURED where it failed. */
[[nodiscard]] double nonlinear_search_run(const struct nonlinear_search *s, size_t solver,
                                          const double *start, size_t p, double *ret);
