/* column_fit.h - how one column of a table grows with another: a law for each group, what of it
 * rests on one point, and where a ratio reaches a level or two groups meet. Pure.
 */
#pragma once

#include "analysis/column_table.h"
#include "num/power_law_crossover.h"
#include "num/trend.h"

constexpr size_t COLUMN_FIT_MOST_GROUPS = 64;

struct column_fit_asked {
    enum power_law_form form;
    double conf;
    double level; /* that a curve crosses */
    size_t resamples;
    uint64_t seed;
};

struct column_fit_group {
    const char *name;
    size_t n;
    const double *x, *y;
    const size_t *row;                   /* of each point, of the file */
    struct power_law law;                /* where reason is nullptr */
    const char *reason;                  /* why there is no law */
    struct trend_slope robust;           /* Theil and Sen's, of b: NOT_MEASURED with an offset */
    bool straddles;                      /* some y lie below the level, and some above */
    struct power_law_crossover crossing; /* of the level */
};

struct column_fit_pair {
    size_t a, b;
    struct power_law_crossover crossing; /* where reason is nullptr */
    const char *reason;
};

struct column_fit {
    const struct column_table *table;
    struct column_fit_asked asked;
    struct column_fit_group *groups;
    struct column_fit_pair *pairs; /* n_groups (n_groups - 1) / 2 */
    size_t n_groups, n_pairs;
};

/* t has x. A group that cannot be fitted has its reason; ERR_UNSUPPORTED: none can, ERR_USAGE: too
 * many groups. All belongs to a. */
[[nodiscard]] enum err_code column_fit_of(const struct column_table *t,
                                          const struct column_fit_asked *asked, struct arena *a,
                                          struct column_fit *ret, struct err *e);

/* "usable", "fragile", "not usable", "no fit" */
[[nodiscard]] const char *column_fit_verdict(const struct column_fit_group *g);

struct jsonw;
/* Keys of an open object. */
void column_fit_json(const struct column_fit *f, struct jsonw *w);
