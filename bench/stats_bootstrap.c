/* What chimera's bootstraps and tests cost, for bench/stats_bootstrap.sh: one line per figure,
 * "<name> <seconds> <value>". Data are made here and written as text for the peers. Not installed.
 * usage: stats_bootstrap mean FILE | cells | tests FILE FILE */
#include "base/arena.h"
#include "base/clock.h"
#include "base/defs.h"
#include "base/rng.h"
#include "num/bootstrap.h"
#include "num/bootstrap_nested.h"
#include "num/compare.h"
#include "num/merge.h"
#include "num/moment.h"
#include "num/quantile.h"
#include "num/rank.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

constexpr size_t ROOM = (size_t)4 << 30;

static double seconds_since(nsec_t start)
{
    return (double)(clock_now() - start) / 1e9;
}

/* Of all threads of this process; other people's work is not in it. */
static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t read_numbers(const char *path, double **ret, struct arena *a)
{
    constexpr size_t MOST = 4'000'000;
    double *const x = ARENA_ARRAY(a, double, MOST);
    size_t n = 0;
    FILE *const in = fopen(path, "r");
    if (!in)
        return 0;
    char line[64];
    while (n < MOST && fgets(line, sizeof line, in))
        x[n++] = strtod(line, nullptr);
    (void)fclose(in);
    *ret = x;
    return n;
}

static void mean_of(const char *path, size_t threads, struct arena *a)
{
    double *x = nullptr;
    const size_t n = read_numbers(path, &x, a);
    static const struct bootstrap_statistic mean = {.of = BOOTSTRAP_MEAN};
    const struct bootstrap_plan plan = {.seed = 1, .resamples = 10'000, .threads = threads};
    const double cpu = cpu_seconds();
    const nsec_t start = clock_now();
    const struct bootstrap b = bootstrap_of(x, n, &mean, &plan, a);
    const struct bootstrap_ends r = bootstrap_ends(&b, BOOTSTRAP_PERCENTILE, 0.95);
    printf("mean %.6f %.9g %.9g %.6f\n", seconds_since(start), r.lo, r.hi, cpu_seconds() - cpu);
}

static void cells(struct arena *whole)
{
    constexpr size_t CELLS = 200;
    constexpr size_t N = 50'000;
    constexpr size_t UNITS = 10;
    double *const x = ARENA_ARRAY(whole, double, N);
    size_t start_of[UNITS + 1];
    for (size_t u = 0; u <= UNITS; u++)
        start_of[u] = u * (N / UNITS);
    double total = 0, last = 0;
    for (size_t c = 0; c < CELLS; c++) {
        CLEANUP(arena_freep) struct arena *a = arena_new(ROOM);
        struct rng r;
        rng_init(&r, c);
        for (size_t i = 0; i < N; i++)
            x[i] = exp(0.3 * rng_normal(&r));
        double *const medians = ARENA_ARRAY(a, double, 2000);
        const struct bootstrap_plan plan = {.seed = c, .resamples = 2000};
        const nsec_t start = clock_now();
        bootstrap_nested_quantiles(&(struct nested){x, start_of, UNITS}, 0.5, &plan, a, medians);
        total += seconds_since(start);
        last = moment_of(medians, 2000).sd;
    }
    printf("cells %.6f %.9g\n", total, last);
}

static void tests(const char *first, const char *second, struct arena *a)
{
    double *x = nullptr, *y = nullptr;
    const size_t n = read_numbers(first, &x, a), m = read_numbers(second, &y, a);
    nsec_t start = clock_now();
    const struct moment mx = moment_of(x, n), my = moment_of(y, m);
    const struct compare_t t = compare_welch(&mx, &my, 0.95);
    printf("welch %.6f %.17g\n", seconds_since(start), t.p);
    start = clock_now();
    quantile_sort(x, n);
    quantile_sort(y, m);
    const struct merge ranks = merge_of(x, n, y, m);
    const struct rank_u u = rank_mann_whitney(&ranks, a);
    printf("mann-whitney %.6f %.17g\n", seconds_since(start), u.p);
}

int main(int argc, char **argv)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(ROOM);
    if (argc >= 3 && strcmp(argv[1], "mean") == 0)
        mean_of(argv[2], argc > 3 ? strtoul(argv[3], nullptr, 10) : 0, a);
    else if (argc == 2 && strcmp(argv[1], "cells") == 0)
        cells(a);
    else if (argc == 4 && strcmp(argv[1], "tests") == 0)
        tests(argv[2], argv[3], a);
    else
        return (void)fputs("usage: stats_bootstrap mean FILE [THREADS] | cells | tests FILE FILE\n",
                           stderr),
               2;
    return 0;
}
