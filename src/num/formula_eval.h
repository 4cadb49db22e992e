/* formula_eval.h - the value of a formula, and its derivatives by the parameters, which come from
 * forward differentiation: exact but for rounding. Pure. */
#pragma once

#include "num/formula.h"

/* What stands left of '=': y itself, or log(y). */
[[nodiscard]] wide_t formula_eval_response(const struct formula *f, wide_t y);

/* What stands right of it. ret_gradient: formula_parameters() numbers, or nullptr. */
[[nodiscard]] wide_t formula_eval_wide(const struct formula *f, const wide_t *b, const wide_t *x,
                                       wide_t *ret_gradient);
[[nodiscard]] double formula_eval_double(const struct formula *f, const double *b, const double *x,
                                         double *ret_gradient);
