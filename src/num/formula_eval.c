#include "num/formula_eval.h"

#include "num/formula_code.h"

/* wide.h's names of the C library's functions. */
#define FN(name) WIDE_CALL(name)
#define REAL     wide_t
#define TYPE     wide_dual
#define NAME(f)  wide_##f
#include "num/formula_eval.inc"
#undef FN
#undef REAL
#undef TYPE
#undef NAME

#define FN(name) name
#define REAL     double
#define TYPE     double_dual
#define NAME(f)  double_##f
#include "num/formula_eval.inc"

wide_t formula_eval_response(const struct formula *f, wide_t y)
{
    return wide_run(&f->left, 0, nullptr, nullptr, y, nullptr);
}

wide_t formula_eval_wide(const struct formula *f, const wide_t *b, const wide_t *x,
                         wide_t *ret_gradient)
{
    return wide_run(&f->right, ret_gradient ? f->parameters : 0, b, x, 0, ret_gradient);
}

double formula_eval_double(const struct formula *f, const double *b, const double *x,
                           double *ret_gradient)
{
    return double_run(&f->right, ret_gradient ? f->parameters : 0, b, x, 0, ret_gradient);
}
