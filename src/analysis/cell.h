/* cell.h - the figures of every cell, from its samples. Only `ok` samples of phase `measured`
 * count, and only in a cell that is `ok` itself: what crashed half-way or was not what its label
 * says has no latency. NOT_MEASURED: there is no such figure.
 *
 * One pass: the columns of a cell are in memory while its figures and whatever else a visitor wants
 * of it are computed, and gone after that; what stays is what a comparison with others needs.
 */
#pragma once

#include "analysis/level.h"
#include "num/interval.h"
#include "num/moment.h"
#include "store/results.h"

struct cell_unit { /* an invocation of a run: samples of one process share its luck */
    int32_t replicate, invocation;
};

struct cell_quality { /* quality_gate.h; NOT_MEASURED: `reason` says why */
    double accuracy, exact_match, edit_similarity, rouge_l, bleu, chrf, token_prefix, length_ratio;
    double semantic;
    double perplexity, perplexity_rel_increase;
    const char *status; /* of the gates: "pass", "fail", "cannot tell", "no gate" */
    const char *reason;
};

struct cell_stats {
    const struct results_cell *cell;
    bool sequential; /* measured until an interval was narrow enough: see cell_nominal() */
    size_t n;        /* samples that the figures rest on */
    size_t unproven; /* ok and measured, but of an invocation without a run_<n>.json */
    size_t not_ok[STATUS_COUNT]; /* measured samples by status; [STATUS_OK]: the ok ones */
    double *x;                   /* their latency in ms, grouped by unit */
    double *sorted;              /* ascending */
    const struct cell_unit *units;
    const size_t *start; /* n_units + 1: unit u has x[start[u] .. start[u + 1]) */
    size_t n_units;
    struct moment by_unit; /* of the means of the units */
    double mean, sd, min, max, median, q25, q75;
    double p95, p99; /* under quantile_least_n() samples: NOT_MEASURED */
    struct interval mean_ci, median_ci, p95_ci, p99_ci; /* 95 %; an end without a bound is
                                                           NOT_MEASURED, `reason` says why */
    double rank_lo, rank_hi;    /* of the median by order statistics: blind to invocations */
    struct level level;         /* what comparisons rest on */
    double ttft_ms, prefill_ms; /* medians over the samples that have one */
    double
        decode_ms_per_token; /* time between tokens: sum of decode / sum of steps after the first */
    int64_t prompt_tokens, generated_tokens;         /* sums; padding is not in them */
    bool knows_prompt, knows_generated, knows_stops; /* every sample says it; else the sum is of
                                                        those that do */
    int64_t early_stops;                             /* sequences that ended before max_tokens */
    double busy_ms;           /* time in which at least one request was under way */
    double tokens_per_second; /* generated_tokens / busy_ms */
    double cold_latency_ms, warmup_latency_ms; /* medians of the ok samples of these phases */
    double peak_rss_mb;
    const struct cell_quality *quality; /* nullptr: nobody looked */
    const struct results_row *row; /* where the figures are the source's own and n is 0: the one
                                      that says them; nullptr: figures are of samples, or none */
    size_t n_rows;                 /* that the source has of the cell: more than one have no common
                                      figure, and row is nullptr */
};

constexpr double CELL_CONFIDENCE = 0.95;

struct cell_view { /* of a cell while its columns are there */
    size_t cell;   /* its place in r->cells */
    const struct cell_stats *stats;
    const struct results_samples *samples;
    const size_t *rows;    /* of samples, those that the figures rest on: stats->n of them */
    struct arena *scratch; /* gone, like samples and rows, when the visit ends */
};

/* Visits come in any order and may come from several threads at once: one writes where no other
 * cell's visit does. */
struct cell_visitor {
    void (*visit)(void *context, const struct cell_view *v);
    void *context;
    /* before the first visit; may be nullptr */
    enum err_code (*begin)(void *context, const struct results *r, struct err *e);
    const struct cell_visitor *next; /* who comes after this one; nullptr: nobody */
};

/* The level at which a cell's intervals are taken for 95 %: a higher one where the number of
 * invocations came of looking at them (num/stopping.h). */
[[nodiscard]] double cell_nominal(const struct cell_stats *t);

/* The figures that need nothing but latencies, from n, x, start and n_units: mean to max, the
 * quantiles, and all intervals. What they do to known laws is simulated by `chimera selftest`. */
void cell_figures(struct cell_stats *t, struct arena *a, struct arena *scratch);

/* ret[0..r->n_cells), in the order of r->cells. visitor may be nullptr. */
[[nodiscard]] enum err_code cell_compute(const struct results *r,
                                         const struct cell_visitor *visitor, struct arena *a,
                                         struct cell_stats *ret, struct err *e);

/* After r->cells was replaced by others with another status (quality_gate.h): a cell that is not ok
 * any more has no figure. */
void cell_settle(const struct results *r, struct cell_stats *cells);

struct cell_sample { /* which one it was */
    int32_t replicate, invocation, repetition, prompt_index, agent;
    double latency_ms;
};

/* The samples behind c->x[places[0..n)]; reads the cell again. */
[[nodiscard]] enum err_code cell_identify(const struct results *r, const struct cell_stats *c,
                                          const size_t *places, size_t n, struct cell_sample *ret,
                                          struct err *e);

/* How tables and files name a configuration beside others: the backend, with "/precision" behind it
 * where the results hold more than one precision. */
[[nodiscard]] const char *cell_label(const struct results *r, const struct results_cell *c,
                                     struct arena *a);
