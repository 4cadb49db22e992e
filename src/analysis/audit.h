/* audit.h - findings about how something was measured, and the checks that make them.
 *
 * A check looks at one scope (a cell, a group of cells of one scenario and model, the whole) and
 * adds findings, each with its evidence in numbers. A check that lacks what it needs says so with
 * audit_not_run(); it never guesses. Checks are pure and share nothing, so cells may be looked at
 * by several threads, each with a struct audit of its own; audit_append() joins them in the order
 * of the cells.
 *
 * The names of the checks are those of docs/AUDIT.md, and the text and limits there are the ones
 * that stand in the checks' own tables (`chimera audit --list`).
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct cell_stats;
struct evidence;
struct folder_key;
struct results;
struct results_row;
struct results_samples;

enum audit_severity : uint8_t { AUDIT_INFO, AUDIT_WARN, AUDIT_FAIL, AUDIT_SEVERITIES };

enum audit_claim : uint16_t { /* what a finding may block; sets of them are or-ed */
                              AUDIT_MEAN = 1 << 0,
                              AUDIT_MEDIAN = 1 << 1,
                              AUDIT_P95 = 1 << 2,
                              AUDIT_P99 = 1 << 3,
                              AUDIT_THROUGHPUT = 1 << 4,
                              AUDIT_TTFT = 1 << 5,
                              AUDIT_PREFILL = 1 << 6,
                              AUDIT_ENERGY = 1 << 7,
                              AUDIT_COST = 1 << 8,
                              AUDIT_FIT = 1 << 9,
                              AUDIT_COMPARISON = 1 << 10,
                              AUDIT_WINNER = 1 << 11,
                              AUDIT_QUALITY = 1 << 12,
                              AUDIT_TAIL = AUDIT_P95 | AUDIT_P99,
                              AUDIT_LATENCY = AUDIT_MEAN | AUDIT_MEDIAN | AUDIT_TAIL,
                              AUDIT_EVERYTHING = (1 << 13) - 1,
};
constexpr size_t AUDIT_CLAIMS = 13;
const char *audit_claim_name(size_t i); /* of bit i: "mean", "median", ... */
const char *audit_severity_name(enum audit_severity s);

struct audit_subject { /* nullptr, -1: all of them */
    const char *scenario, *model, *backend, *precision;
    int32_t replicate, invocation;
};

struct audit_fact {
    const char *key; /* with its unit: "first_ms" */
    double value;    /* where text is nullptr; NOT_MEASURED becomes null */
    const char *text;
};

struct audit_finding {
    const char *check;
    enum audit_severity severity;
    struct audit_subject subject;
    const struct audit_fact *facts; /* the evidence */
    size_t n_facts;
    const char *message; /* one sentence with the deciding numbers */
    const char *advice;  /* what to do about it */
    unsigned blocks;     /* enum audit_claim, or-ed; what it blocks is not to be claimed */
};

static inline struct audit_fact audit_number(const char *key, double value)
{
    return (struct audit_fact){key, value, nullptr};
}

static inline struct audit_fact audit_word(const char *key, const char *text)
{
    return (struct audit_fact){key, __builtin_nan(""), text ? text : "not recorded"};
}

struct audit_absence { /* a check that could not look, and why */
    const char *check;
    struct audit_subject subject; /* the first of them */
    const char *reason;
    size_t n; /* cells or groups */
};

struct audit; /* what was found; belongs to an arena */

[[nodiscard]] struct audit *audit_new(struct arena *a);
/* f and all that it points to are copied. */
void audit_add(struct audit *out, const struct audit_finding *f);
/* subject nullptr: all of it. reason is copied. */
void audit_not_run(struct audit *out, const char *check, const struct audit_subject *subject,
                   const char *reason);
/* Text for a message, in the arena of out. */
[[nodiscard, gnu::format(printf, 2, 3)]] const char *audit_text(struct audit *out, const char *fmt,
                                                                ...);
/* What part found comes behind what to has. */
void audit_append(struct audit *to, const struct audit *part);

/* ---- what a check looks at ---- */

struct audit_prompt { /* the measured ok samples of one prompt of a cell */
    int32_t index;
    size_t n;
    double median_ms, prompt_tokens, generated_tokens; /* the tokens: means; NOT_MEASURED unknown */
};

struct audit_span { /* when an invocation's samples were sent; INT64_MIN: not all of them say it */
    int64_t first_ns, last_ns;
};

struct audit_kept_unit { /* an invocation's, where a source states them; NOT_MEASURED: it does not
                          */
    int32_t replicate, invocation;
    double celsius;            /* the most */
    double mhz, steal_percent; /* means */
};

struct audit_kept { /* of a cell's measured ok samples, what stays when its columns are gone */
    size_t n;
    size_t with_ttft, with_prefill, with_decode, with_stamps, with_generated, with_prompt_tokens,
        with_padding, with_rate; /* samples that have one */
    double generated_mean, generated_sd, generated_min,
        generated_max; /* tokens per sample; NOT_MEASURED unknown */
    double prompt_tokens_mean, prompt_tokens_sd, padding_mean;
    bool rates_stated;                    /* by the source, of a sample at least */
    double mean_of_rates, rate_of_totals; /* generated tokens (or what a source states) per s */
    double decode_mean;                   /* ms per sample, over those that say it */
    double power_mean;       /* of the samples, else of the rows; NOT_MEASURED unknown */
    double outside;          /* median share of a latency that neither ttft nor decode holds */
    double early, sequences; /* stopped before max_tokens, of how many */
    const struct audit_prompt *prompts;
    size_t n_prompts;
    const struct audit_span *spans;      /* of each unit of stats */
    const struct audit_kept_unit *units; /* those with one of the figures */
    size_t n_units;
};

struct audit_cell {
    const struct folder_key *key;
    const struct cell_stats *stats; /* stats->cell is the cell; stats->n may be 0 */
    /* Its own columns, [0, samples->n), every phase and status. A column that nobody recorded is
     * all NOT_MEASURED, INT32_MIN, INT64_MIN. nullptr in the scopes of group and whole: gone. */
    const struct results_samples *samples;
    const size_t *rows; /* of the columns: measured, ok, proven; stats->n of them, grouped by the
                           units of stats (stats->x[i] is the latency of rows[i]); nullptr with
                           samples */
    const struct audit_series *series; /* audit_series.h; nullptr with samples, and until the
                                          checks are called */
    const struct results_row *stated;  /* what an import states of it without samples, a row per
                                         replicate or invocation; n_stated of them */
    size_t n_stated;
    const struct evidence *const *evidence; /* of its invocations that left a record */
    size_t n_evidence;
    const struct audit_kept *kept; /* never nullptr */
    bool imported;                 /* other programs' figures: nothing proves what ran */
};

struct audit_group { /* one scenario and model */
    const char *scenario, *model;
    const struct audit_cell *cells; /* in the results' order, those without samples too */
    size_t n;
};

struct audit_whole {
    const struct results *results;
    const struct audit_cell *cells;
    size_t n_cells;
    const struct audit_group *groups;
    size_t n_groups;
    /* audit_run_rest() fills these in, each in the order of the cells */
    const struct audit_cell *const *engines; /* the first of each backend and precision */
    size_t n_engines;
    const char *const *scenarios; /* each once */
    size_t n_scenarios;
};

[[nodiscard]] bool audit_is_one_of(const char *const *names, size_t n, const char *name);

[[nodiscard]] struct audit_subject audit_subject_of(const struct audit_cell *c);
[[nodiscard]] struct audit_subject audit_subject_of_group(const struct audit_group *g);
/* "transformers-cpu/fp32", as messages name a cell within its group. */
[[nodiscard]] const char *audit_label(struct audit *out, const struct audit_cell *c);

/* ---- checks ---- */

struct audit_limit { /* a threshold; they stand in one table at the top of each check's file */
    const char *name;
    double value;
    const char *why;
};

/* Of a table that several checks of one file share: the limits from first to last. */
#define AUDIT_LIMITS(table, first, last) .limits = &(table)[first], .n_limits = (last) - (first) + 1

struct audit_check { /* a check's file exports a table of these that ends in {} */
    const char *name;
    const char *rule;     /* when it speaks and how loud: one or two sentences, without numbers */
    const char *evidence; /* the keys of its facts: "first_ms median_ms" */
    unsigned blocks;      /* all that a finding of it may block */
    const struct audit_limit *limits; /* only those that its rule rests on */
    size_t n_limits;
    /* At least one of them; each is called for every cell, group, or once. */
    void (*cell)(const struct audit_cell *c, struct audit *out);
    void (*group)(const struct audit_group *g, struct audit *out);
    void (*whole)(const struct audit_whole *w, struct audit *out);
};

/* ---- what was found ---- */

[[nodiscard]] size_t audit_count(const struct audit *x);
[[nodiscard]] const struct audit_finding *audit_at(const struct audit *x, size_t i);
[[nodiscard]] size_t audit_count_of(const struct audit *x, enum audit_severity s);
/* How often a check was called, and how often it could not look. */
struct audit_look {
    const char *check;
    size_t calls, absent, findings;
};
void audit_called(struct audit *x, const char *check);
/* ret[0..n_names): of these checks, in their order. */
void audit_looks(const struct audit *x, const char *const *names, size_t n_names,
                 struct audit_look *ret);
[[nodiscard]] size_t audit_absences(const struct audit *x);
[[nodiscard]] const struct audit_absence *audit_absence_at(const struct audit *x, size_t i);
/* fail before warn before info, then the order of subjects as they were added. */
void audit_sort(struct audit *x);
