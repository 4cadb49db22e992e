/* power_law.h - how a figure grows with size: y = a x^b, y = a x^b + c, or y = a + b x, and how
 * much of that rests on one point.
 *
 * a x^b is least squares of log y on log x; a x^b + c is nonlinear (num/nonlinear.h), found by its
 * exponent alone: for each b the best a and c are linear. The exponent's interval is Student's, and
 * the percentile one of a bootstrap of pairs. A resample of fewer than POWER_LAW_DISTINCT different
 * x says nothing of a slope: it is refused and counted, never used. Pure; the draws follow from the
 * seed.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;

enum power_law_form : uint8_t { POWER_LAW, POWER_LAW_OFFSET, POWER_LAW_LINE };

constexpr size_t POWER_LAW_DISTINCT = 3; /* x in a resample */
constexpr size_t POWER_LAW_RESAMPLES = 2000;

struct power_law_data {
    const double *x, *y; /* n; positive for a x^b, x for a x^b + c too */
    size_t n;
    enum power_law_form form;
    double confidence; /* 0: 0.95 */
    size_t resamples;  /* 0: POWER_LAW_RESAMPLES */
    uint64_t seed;
};

struct power_law {
    enum power_law_form form;
    size_t n, p;
    double x_min, x_max;
    double a, b, c;                         /* c is 0 but in a x^b + c. b is the slope of a line */
    double se, low, high;                   /* of b; NOT_MEASURED where n == p */
    double p_value;                         /* of b = 0 */
    double residual_sd;                     /* of log y in a x^b, else of y */
    double r2;                              /* of log y in a x^b, else of y */
    double boot_low, boot_high;             /* of b; NOT_MEASURED below 4 points */
    size_t drawn, refused;                  /* resamples used; refused */
    const double *boot_a, *boot_b, *boot_c; /* of each used one (a x^b: a as its logarithm) */
    const double *leverage;                 /* n */
    /* n: b with this point left out. NOT_MEASURED where it cannot be, and in a x^b + c of more than
     * 100 points where the leverage is low. */
    const double *without_b;
    const double *without_a;          /* n: a (a x^b: its logarithm) */
    double without_low, without_high; /* the range of without_b */
    size_t pivot;                     /* the point with the highest leverage */
    /* A point with leverage above 0.5 or 3 p / n whose removal takes b out of its own interval, or
     * takes away (or gives) its difference from 0. fragile_why names it. */
    bool fragile;
    const char *fragile_why;
    /* R^2 of at least 0.2, and a bootstrap interval of b without 0. Else why not. */
    bool usable;
    const char *unusable_why;
    double cov[3]; /* var(A), cov(A, b), var(b): A is log a in a x^b, a in a line; for crossovers */
};

/* ERR_UNSUPPORTED: too few points or different x for the form, or x or y not positive where they
 * must be (the message names the first). ERR_LIMIT: more than 5,000 points of a x^b + c. Of many
 * points fewer resamples are drawn (200 at least): a fit takes seconds. What ret points to lives in
 * a. */
[[nodiscard]] enum err_code power_law_fit(const struct power_law_data *d, struct arena *a,
                                          struct power_law *ret, struct err *e);

/* The value of the fit at x. */
[[nodiscard]] double power_law_at(const struct power_law *f, double x);
