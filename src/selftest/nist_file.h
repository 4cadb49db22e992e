/* nist_file.h - the data sets of NIST's Statistical Reference Datasets (StRD), read from their
 * files.
 *
 * A .dat file holds a description, certified values and the data. It is read by its words, not by
 * its line numbers: copies exist whose headers were trimmed. Known are the four families with
 * certified values: univariate summaries, one-way analyses of variance (one column of treatments
 * and one of responses, or one column for each treatment), linear and nonlinear regression.
 */
#pragma once

#include "base/err.h"
#include "num/wide.h"

#include <stddef.h>

struct arena;

enum nist_kind : uint8_t { NIST_UNIVARIATE, NIST_ANOVA, NIST_LINEAR, NIST_NONLINEAR };

constexpr size_t NIST_COEFFICIENTS = 32;

struct nist_set {
    const char *name;
    enum nist_kind kind;
    size_t rows, columns;
    const wide_t *data; /* row-major, the response first; the decimals of the file in 113 bits */

    /* univariate; NaN where the file certifies none */
    double mean, sd, lag1;

    /* analysis of variance: the response alone is in data, a group after the other */
    size_t groups;
    const size_t *group_n;
    double ss_between, ss_within, f, r2, residual_sd; /* the last three of a linear fit too */

    /* regression */
    size_t coefficients;
    double coef[NIST_COEFFICIENTS], coef_sd[NIST_COEFFICIENTS];
    bool no_intercept;
    unsigned degree;                    /* of a polynomial in one predictor; 0: several of them */
    const char *model;                  /* nonlinear: as num/formula.h reads it */
    double start[2][NIST_COEFFICIENTS]; /* nonlinear: the two points to start from */
    double rss;                         /* nonlinear; NaN where not certified */
};

/* What ret points to lives in a; text is borrowed. ERR_PARSE says what was not found. */
[[nodiscard]] enum err_code nist_file_parse(const char *name, const char *text, struct arena *a,
                                            struct nist_set *ret, struct err *e);
