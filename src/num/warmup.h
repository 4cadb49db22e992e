/* warmup.h - when does a series of times become steady, and does it at all? Pure but for scratch.
 * Everything here is the same for x and for 1000 x: nothing depends on the unit.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena;

/* MSER-5 (White 1997; Spratt 1998): batches of five; drop the first d of m batches, d <= m / 2,
 * where sum over the rest of (Z - mean of the rest)^2 / (m - d)^2 is least. */
struct warmup_mser {
    size_t drop;       /* values, a multiple of 5 */
    double statistic;  /* NOT_MEASURED: fewer than two batches */
    bool at_the_limit; /* d = m / 2: the series has no steady part that MSER can see */
};
[[nodiscard]] struct warmup_mser warmup_mser5(const double *x, size_t n, struct arena *scratch);

/* Barrett et al. 2017 ("Virtual machine warmup blows hot and cold"): outliers left out (here only
 * those alone or in pairs), changepoints of mean and variance at penalty 15 log n, segments
 * compared with the last. */
enum warmup_class : uint8_t {
    WARMUP_TOO_SHORT,       /* under WARMUP_LEAST_N values */
    WARMUP_FLAT,            /* one level throughout */
    WARMUP_WARMUP,          /* ends at its fastest level */
    WARMUP_SLOWDOWN,        /* ends steady, and was faster before */
    WARMUP_NO_STEADY_STATE, /* a change of level within the tail */
    WARMUP_INCONSISTENT,    /* warmup_across(): processes differ */
};
constexpr size_t WARMUP_LEAST_N = 10;

struct warmup_rule {
    double penalty_factor; /* times log n; Barrett et al.: 15 */
    double same_level;     /* a relative difference of medians that is no change of level */
    size_t tail; /* values at the end that must be steady; 0: the lesser of 500 and n / 4 */
};
constexpr struct warmup_rule WARMUP_RULE = {15, 0.01, 0};

struct warmup_state {
    enum warmup_class class;
    size_t steady_from; /* index of the first value of the steady part; n: there is none */
    double steady_mean, steady_sd;
    double first_level;       /* median of the first segment of another level; NOT_MEASURED: none */
    size_t changes, outliers; /* changepoints; values that were left out */
    size_t block;             /* x was taken as medians of blocks of this length; 1: as it is */
};

/* Two segments are of one level where their medians differ by at most the larger of same_level
 * times the last one's and the last one's spread (1.4826 MAD): never its variance, whose unit is
 * another. */
[[nodiscard]] struct warmup_state
warmup_classify(const double *x, size_t n, const struct warmup_rule *rule, struct arena *scratch);

/* Of several processes of one configuration: their class, or WARMUP_INCONSISTENT. Those too short
 * to tell have no say; all of them: WARMUP_TOO_SHORT. */
[[nodiscard]] enum warmup_class warmup_across(const enum warmup_class *classes, size_t n);

[[nodiscard]] const char *warmup_class_name(enum warmup_class c); /* "no steady state" */
