/* formula.h - models written as NIST's data sets write them, with their derivatives.
 *
 *   pi = 3.141592653589793238462643383279E0
 *   y = b1 - b2*x - arctan[b3/(x-b4)]/pi  +  e
 *   log[y] = b1 - b2*x1 * exp[-b3*x2]  +  e
 *
 * Left of the last '=' stands a function of y, right of it one of the parameters b1, b2, ... (b and
 * 0 too: B0) and the predictors x (or x1), x2, ...; brackets are round or square, ** and ^ are
 * powers, the functions are exp log ln sqrt sin cos tan arctan atan abs; "+ e", the error, ends it.
 * Line ends are blanks. Lines "name = number" before it define constants; pi is known.
 * num/formula_eval.h computes it. Pure.
 */
#pragma once

#include "base/err.h"
#include "num/wide.h"

#include <stddef.h>

struct arena;
struct formula;

constexpr size_t FORMULA_PARAMETERS = 32;
constexpr size_t FORMULA_PREDICTORS = 16;

/* ERR_PARSE says where the text is not understood. The formula lives in a. */
[[nodiscard]] enum err_code formula_parse(const char *text, struct arena *a,
                                          const struct formula **ret, struct err *e);

[[nodiscard]] size_t formula_parameters(const struct formula *f); /* the highest b */
[[nodiscard]] size_t formula_predictors(const struct formula *f); /* the highest x */
