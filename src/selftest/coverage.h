/* coverage.h - do the published intervals hold the truth as often as they say? Cells are simulated
 * from laws whose figures are known, and go through the functions that analyze a run:
 * cell_figures() and level_of() of a cell, interval_ratio(), verdict_compare() and verdict_holm()
 * of several. Seeded, the same for any number of threads.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena;

enum coverage_figure : uint8_t {
    COVERAGE_MEAN,
    COVERAGE_MEDIAN,
    COVERAGE_P95,
    COVERAGE_RATIO, /* of the medians of two cells, one 10 % slower */
    COVERAGE_FIGURES
};

struct coverage_plan {
    size_t simulations; /* of each row */
    size_t threads;     /* 0: all CPUs */
    uint64_t seed;
};

constexpr double COVERAGE_LOW = 0.935;  /* asked of 95 % intervals in 2,000 simulations; fewer */
constexpr double COVERAGE_HIGH = 0.965; /* simulations err more, and are allowed 3 errors more */
constexpr size_t COVERAGE_SIMULATIONS = 2000;

enum coverage_status : uint8_t {
    COVERAGE_OK,
    COVERAGE_NONE,   /* there is no interval at this size, and none is printed */
    COVERAGE_OPEN,   /* an end without a bound, in 1 of 100 or more: held often enough */
    COVERAGE_MARKED, /* outside, and the audit says in 95 of 100 that it is not to be trusted */
    COVERAGE_CLEAR,  /* outside, but not where the audit marks nothing */
    COVERAGE_WIDE,   /* held more often than asked: less is claimed than could be */
    COVERAGE_MISSED,
};

struct coverage_audited { /* of some of the simulations; of more where the rest is not enough */
    size_t n, marked;     /* that the audit looked at; of which it blocks this figure */
    size_t clear_held;    /* intervals of the others that hold the truth; pairs: called different */
};

struct coverage_cell {
    double truth;
    size_t n, held, below, above;  /* intervals; truth under the lower end, over the upper end */
    size_t open;                   /* of n, those with an end that has no bound */
    double width;                  /* sum of (upper - lower) / figure, where both ends are there */
    struct coverage_audited audit; /* of a ratio: of either of the two cells */
    enum coverage_status status;
};

struct coverage_row {
    const char *law;
    size_t invocations, samples; /* of each invocation */
    struct coverage_cell figure[COVERAGE_FIGURES];
    size_t alike, different;       /* pairs of cells of one law, and those called different */
    struct coverage_audited audit; /* of one pair: of either of the two cells */
    size_t families, wrong; /* of four such cells, six pairs, and those with any called different */
};

struct coverage_stop { /* runs that ended when the median's interval was narrow enough */
    const char *law;
    double target; /* relative half width */
    double truth;
    size_t n, held, reached;   /* runs, whose interval holds the truth, that came to the target */
    size_t invocations, looks; /* of all of them */
    struct coverage_audited audit; /* of the median, of some of the runs */
    enum coverage_status status;
};

struct coverage {
    const struct coverage_row *rows;
    size_t n;
    const struct coverage_stop *stops;
    size_t n_stops;
    size_t simulations;
    double low, high; /* that were asked */
    size_t missed;    /* figures too narrow, and rates of false differences too high */
    size_t wide;
    double seconds;
};

[[nodiscard]] struct coverage coverage_run(const struct coverage_plan *plan, struct arena *a);

/* The rates of false differences: of pairs 5 % and 1 % more or less, of families at most 6 %, with
 * the errors of this many simulations. Fewer false differences are COVERAGE_WIDE. */
[[nodiscard]] enum coverage_status coverage_pairs(const struct coverage *c,
                                                  const struct coverage_row *r);
[[nodiscard]] enum coverage_status coverage_families(const struct coverage *c,
                                                     const struct coverage_row *r);

[[nodiscard]] const char *coverage_figure_name(enum coverage_figure f); /* "mean", ... */
[[nodiscard]] const char *coverage_status_name(enum coverage_status s); /* "ok", ... */
