#include "analysis/audit_cold.h"

#include "analysis/audit_series.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/dist.h"
#include "num/moment.h"

#include <math.h>

enum {
    RATIO,
    SPREADS,
    GAP,
    START,
    OFTEN_RATIO,
    OFTEN_P,
    MATTERS,
    MEAN_MOVES,
    LEAST_SPREAD,
    LIMITS
};
static const struct audit_limit limits[LIMITS] = {
    [RATIO] = {"ratio", 2.0,
               "one first sample this far above the rest is no mild outlier: those are common, and "
               "one in a hundred cells begins with one"},
    [SPREADS] = {"spreads", 8.0,
                 "how many robust standard deviations (of logs) it lies above the rest; under a "
                 "normal law five come once in three million samples, laws with tails need more"},
    [GAP] = {"gap", 2.0,
             "how many times as far as the slowest of the rest it lies from their median: in a law "
             "with a long tail the slowest two are near each other"},
    [START] = {"start", 0.2,
               "of the samples of an invocation may be its slow start; more is a level of its own, "
               "which not-steady and bimodal judge"},
    [OFTEN_RATIO] = {"often_ratio", 1.1, "the least that first samples must be slower together"},
    [OFTEN_P] = {"often_p", 1e-4,
                 "of the ranks of first samples, combined (Fisher), in exchangeable samples"},
    [MATTERS] = {"matters", 0.002, "a mean that moves by less is not the first samples': info"},
    [MEAN_MOVES] = {"mean_moves", 0.05,
                    "a mean that moves by this share without the first samples says more of them "
                    "than of the rest: fail"},
    [LEAST_SPREAD] = {"least_spread", 0.01, "no machine repeats itself to better than a percent"},
};

/* The first samples of a unit beside its rest. */
struct first {
    double ms, rest_median_ms, ratio; /* of the very first */
    size_t run;                       /* how many from the first on are at least half as far out */
    double run_ms;                    /* their sum */
    bool slow;                        /* by itself */
    bool slowest;                     /* of its unit but for the run */
    double rank_p;                    /* the share of its unit that is as slow: chance's p */
};

static struct first look_at_first(const double *x, const double *y, size_t n, struct arena *scratch)
{
    struct audit_scale rest = audit_series_scale(y + 1, n - 1, scratch);
    struct first f = {.ms = x[0], .run = 1, .run_ms = x[0]};
    while ((double)f.run + 1 <= limits[START].value * (double)n && y[0] > rest.centre &&
           y[f.run] - rest.centre >= (y[0] - rest.centre) / 2)
        f.run_ms += x[f.run++];
    if (f.run > 1)
        rest = audit_series_scale(y + f.run, n - f.run, scratch);
    const double off = y[0] - rest.centre;
    f.ratio = exp(off);
    double most = -INFINITY, as_slow = 1;
    for (size_t i = f.run; i < n; i++) {
        most = y[i] > most ? y[i] : most;
        as_slow += y[i] >= y[0];
    }
    f.slowest = as_slow <= 1;
    f.rank_p = as_slow / (double)(n - f.run + 1);
    const double spread = fmax(rest.spread, limits[LEAST_SPREAD].value);
    f.rest_median_ms = x[0] / f.ratio; /* of the same prompt, where prompts differ */
    f.slow = f.ratio >= limits[RATIO].value && off >= limits[SPREADS].value * spread &&
             off >= limits[GAP].value * (most - rest.centre);
    return f;
}

struct cold { /* of a cell */
    size_t units, slow, slowest;
    double top_p;        /* sum over units of the chance that the first is the slowest */
    double fisher;       /* -2 sum log rank_p: chi-squared with 2 units degrees of freedom */
    double middle_ratio; /* of the first samples */
    double worst_ms, worst_rest_ms, worst_ratio;
    double sum_ms; /* of the first samples that are slow, or of all where they are so together */
    size_t taken;
};

/* None need be slow by itself: together they are the slowest, or near it, more often than chance
 * allows. Of short units the count of slowest says more, of long ones the ranks (Fisher 1932). */
static bool slow_together(const struct cold *k)
{
    if (k->units < 2 || !(k->middle_ratio >= limits[OFTEN_RATIO].value))
        return false;
    const double df = 2 * (double)k->units;
    const double ranks = dist_f_upper(k->fisher / df, df, (double)INFINITY);
    const double count = k->slowest ? 1 - dist_binomial_cdf((double)k->slowest - 1, k->units,
                                                            k->top_p / (double)k->units)
                                    : 1;
    return 2 * fmin(ranks, count) < limits[OFTEN_P].value;
}

static void add_finding(const struct audit_cell *c, const struct cold *k, const char *what,
                        double n, double mean, double without, struct audit *out)
{
    const double moves = mean / without - 1;
    const struct audit_subject subject = audit_subject_of(c);
    const struct audit_fact facts[] = {
        {"first_ms", k->worst_ms, nullptr},   {"median_rest_ms", k->worst_rest_ms, nullptr},
        {"ratio", k->worst_ratio, nullptr},   {"slow_first_samples", (double)k->taken, nullptr},
        {"units", (double)k->units, nullptr}, {"n_samples", n, nullptr},
        {"mean_ms", mean, nullptr},           {"mean_without_ms", without, nullptr},
        {"mean_moves", moves, nullptr},
    };
    audit_add(
        out,
        &(struct audit_finding){
            .check = "cold-start",
            .severity = moves >= limits[MEAN_MOVES].value ? AUDIT_FAIL
                        : moves >= limits[MATTERS].value  ? AUDIT_WARN
                                                          : AUDIT_INFO,
            .subject = subject,
            .facts = facts,
            .n_facts = COUNT_OF(facts),
            .message = audit_text(out,
                                  "%s: %s: %.4g ms beside a median of %.4g ms of the rest (%.2f "
                                  "times); the mean is %.4g ms with and %.4g ms without",
                                  audit_label(out, c), what, k->worst_ms, k->worst_rest_ms,
                                  k->worst_ratio, mean, without),
            .advice = "use the median, or warm up until the first measured sample is like the "
                      "others; report cold start as a figure of its own",
            .blocks =
                moves >= limits[MATTERS].value ? AUDIT_MEAN | AUDIT_THROUGHPUT | AUDIT_TAIL : 0,
        });
}

/* first[i] of parts that begin at start[0..n_parts]. */
static struct cold look_at_parts(const double *x, const double *y, const size_t *start,
                                 size_t n_parts, struct arena *scratch)
{
    struct cold k = {.worst_ratio = -INFINITY};
    double *const ratios = ARENA_ARRAY(scratch, double, n_parts + 1);
    double all_ms = 0, slow_ms = 0;
    size_t all = 0, slow = 0;
    for (size_t u = 0; u < n_parts; u++) {
        const size_t n = start[u + 1] - start[u];
        if (n < 4)
            continue;
        const struct first f = look_at_first(x + start[u], y + start[u], n, scratch);
        ratios[k.units++] = f.ratio;
        k.slow += f.slow;
        k.slowest += f.slowest;
        k.top_p += 1 / (double)(n - f.run + 1);
        k.fisher -= 2 * log(f.rank_p);
        all += f.run;
        all_ms += f.run_ms;
        slow += f.slow ? f.run : 0;
        slow_ms += f.slow ? f.run_ms : 0;
        if (f.ratio > k.worst_ratio) {
            k.worst_ms = f.ms;
            k.worst_rest_ms = f.rest_median_ms;
            k.worst_ratio = f.ratio;
        }
    }
    k.middle_ratio = k.units ? audit_series_median(ratios, k.units, scratch) : 0;
    const bool together = slow_together(&k);
    k.taken = together ? all : slow;
    k.sum_ms = together ? all_ms : slow_ms;
    return k;
}

/* Where repetitions begin: ret_start[0..n]. */
static size_t find_repetitions(const struct audit_cell *c, const struct audit_series *s,
                               size_t *ret_start)
{
    const int32_t *const r = c->samples->repetition;
    size_t parts = 0;
    for (size_t u = 0; u < s->n_units; u++)
        for (size_t i = s->start[u]; i < s->start[u + 1]; i++)
            if (i == s->start[u] || r[c->rows[i]] != r[c->rows[i - 1]])
                ret_start[parts++] = i;
    ret_start[parts] = s->n;
    return parts;
}

/* Is what is special about a repetition's first sample not its prompt? Where repetitions begin with
 * different prompts. Where no prompts are told apart: if the other places are alike, because
 * prompts of different lengths would make them differ too. */
static bool place_is_not_prompt(const struct audit_cell *c, const struct audit_series *s,
                                const size_t *start, size_t n_parts, struct arena *scratch)
{
    if (c->kept->n_prompts >= 2) {
        const int32_t *const prompt = c->samples->prompt_index;
        size_t same = 0;
        for (size_t k = 0; k < n_parts; k++)
            same += prompt[c->rows[start[k]]] == prompt[c->rows[start[0]]];
        return 2 * same <= n_parts;
    }
    double *const y = ARENA_ARRAY(scratch, double, s->n + 1);
    size_t *const place = ARENA_ARRAY(scratch, size_t, s->n + 1);
    size_t n = 0, places = 0;
    for (size_t k = 0; k < n_parts; k++)
        for (size_t i = start[k] + 1; i < start[k + 1]; i++) {
            y[n] = s->x[i];
            place[n++] = i - start[k] - 1;
            places = i - start[k] > places ? i - start[k] : places;
        }
    return places >= 2 && !(audit_series_kruskal(y, place, n, places, scratch) < 0.01);
}

/* The first prompt of every repetition, the same one, beside prompts that are at least as long:
 * longer ones are not faster. */
static bool shorter_than_rest(const struct audit_cell *c, size_t first, size_t i)
{
    const struct results_samples *const s = c->samples;
    const size_t a = c->rows[first], b = c->rows[i];
    return s->prompt_tokens[a] >= 0 && s->prompt_tokens[b] >= s->prompt_tokens[a] &&
           s->generated_tokens[b] >= s->generated_tokens[a];
}

/* The first sample of each repetition. */
static void look_at_repetitions(const struct audit_cell *c, const struct audit_series *s,
                                struct arena *scratch, struct audit *out)
{
    size_t *const start = ARENA_ARRAY(scratch, size_t, s->n + 1);
    const size_t parts = find_repetitions(c, s, start);
    if (parts < 4 || parts <= s->n_units || s->n / parts < 3)
        return;
    const bool free = place_is_not_prompt(c, s, start, parts, scratch);
    const bool known = c->kept->n_prompts >= 2;
    if (!free && !known)
        return;
    double *const x = ARENA_ARRAY(scratch, double, s->n), *const y =
                                                              ARENA_ARRAY(scratch, double, s->n);
    size_t *const begin = ARENA_ARRAY(scratch, size_t, parts + 1);
    size_t n = 0;
    for (size_t k = 0; k < parts; k++) {
        begin[k] = n;
        for (size_t i = start[k]; i < start[k + 1]; i++)
            if (free || i == start[k] || shorter_than_rest(c, start[k], i)) {
                x[n] = s->x[i];
                y[n++] = free && known ? s->y[i] : log(s->x[i]);
            }
    }
    begin[parts] = n;
    const struct cold k = look_at_parts(x, y, begin, parts, scratch);
    if (!slow_together(&k))
        return;
    const double sum = moment_sum(s->x, s->n);
    add_finding(c, &k,
                audit_text(out, "the first sample of each of %zu repetitions is slow", parts),
                (double)s->n, sum / (double)s->n, (sum - k.sum_ms) / (double)(s->n - k.taken), out);
}

static void look_at_samples(const struct audit_cell *c, struct audit *out)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new((size_t)2 << 30);
    const struct audit_series s = *c->series;
    const struct cold k = look_at_parts(s.x, s.y, s.start, s.n_units, scratch);
    if (k.taken > 0) {
        const double sum = moment_sum(s.x, s.n);
        add_finding(c, &k,
                    audit_text(out, "%zu first sample%s of %zu invocation%s %s cold", k.taken,
                               k.taken == 1 ? "" : "s", s.n_units, s.n_units == 1 ? "" : "s",
                               k.taken == 1 ? "is" : "are"),
                    (double)s.n, sum / (double)s.n, (sum - k.sum_ms) / (double)(s.n - k.taken),
                    out);
        return;
    }
    look_at_repetitions(c, &s, scratch, out);
}

/* ---- a row that a source states of a whole cell ---- */

/* How far the slowest of the rest lies from their median, from what the row says; INFINITY: it does
 * not say. */
static double rest_reach(const struct results_row *r)
{
    const double n = r->n_samples;
    if (r->max_ms > r->first_ms * (1 + 1e-9))
        return r->max_ms - r->median_rest_ms;
    /* The first is the slowest. p99 of type 7 lies between it and the second where n <= 101. */
    const double h = (n - 1) * 0.99, w = h - floor(h);
    if (r->p99_ms > 0 && n >= 3 && n <= 101 && floor(h) + 2 >= n && w < 1 && r->max_ms > 0)
        return (r->p99_ms - w * r->max_ms) / (1 - w) - r->median_rest_ms;
    return NOT_MEASURED;
}

/* The spread of the rest from the spread of all: (n - 1) s^2 = SS_rest + (n - 1) / n (first -
 * mean_rest)^2. */
static double rest_sd(const struct results_row *r)
{
    const double n = r->n_samples, off = r->first_ms - r->mean_excl_first_ms;
    const double ss = (n - 1) * r->std_ms * r->std_ms - (n - 1) / n * off * off;
    return n >= 3 && ss > 0 ? sqrt(ss / (n - 2)) : NOT_MEASURED;
}

/* What the rest is taken to be: figures that are not stated are derived where they can be. */
static struct results_row completed(const struct results_row *stated)
{
    struct results_row r = *stated;
    if (isnan(r.mean_excl_first_ms) && isnan(r.mean_ms))
        r.mean_excl_first_ms =
            r.median_rest_ms; /* no mean is stated: as far as the first moves it */
    if (isnan(r.mean_excl_first_ms))
        r.mean_excl_first_ms = (r.n_samples * r.mean_ms - r.first_ms) / (r.n_samples - 1);
    if (isnan(r.mean_ms))
        r.mean_ms = ((r.n_samples - 1) * r.mean_excl_first_ms + r.first_ms) / r.n_samples;
    if (isnan(r.median_rest_ms))
        r.median_rest_ms = r.median_ms; /* one slow value moves a median by half a rank */
    return r;
}

static bool look_at_row(const struct audit_cell *c, const struct results_row *stated,
                        struct audit *out)
{
    const struct results_row r = completed(stated);
    if (!(r.first_ms > 0) || !(r.median_rest_ms > 0) || !(r.n_samples >= 4))
        return false;
    const double off = r.first_ms - r.median_rest_ms, reach = rest_reach(&r), sd = rest_sd(&r);
    const double ratio = r.first_ms / r.median_rest_ms;
    const bool apart = (isnan(reach) || off >= limits[GAP].value * reach) &&
                       (isnan(sd) || off >= limits[SPREADS].value / 2 * sd);
    if (ratio < limits[RATIO].value || !apart)
        return true;
    const struct cold k = {.units = 1,
                           .slow = 1,
                           .taken = 1,
                           .worst_ms = r.first_ms,
                           .worst_rest_ms = r.median_rest_ms,
                           .worst_ratio = ratio};
    const bool no_mean = isnan(stated->mean_ms) && isnan(stated->mean_excl_first_ms);
    add_finding(c, &k,
                no_mean ? "the first sample is cold (no mean is stated: the median of the rest "
                          "stands for theirs)"
                        : "the first sample is cold",
                r.n_samples, r.mean_ms, r.mean_excl_first_ms, out);
    return true;
}

static void look(const struct audit_cell *c, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of(c);
    bool looked = false;
    for (size_t i = 0; c->stats->n == 0 && i < c->n_stated; i++)
        looked = look_at_row(c, &c->stated[i], out) || looked;
    if (c->stats->n >= 4) {
        look_at_samples(c, out);
        looked = true;
    }
    if (!looked)
        audit_not_run(out, "cold-start", &subject,
                      "neither four samples in the order of time nor a first_ms beside the rest");
}

const struct audit_check audit_cold_checks[] = {
    {.name = "cold-start",
     .rule =
         "warn: first measured samples of an invocation (the first, and up to `start` that are "
         "half as far out) at least `ratio` times the rest, `spreads` robust standard deviations "
         "and `gap` times the reach of the slowest other above it; or first samples of invocations "
         "or repetitions whose ranks together are no "
         "chance; fail where the mean moves by mean_moves without "
         "them, info where by less than `matters`",
     .evidence = "first_ms median_rest_ms ratio slow_first_samples units n_samples mean_ms "
                 "mean_without_ms mean_moves",
     .blocks = AUDIT_MEAN | AUDIT_THROUGHPUT | AUDIT_TAIL,
     .limits = limits,
     .n_limits = LIMITS,
     .cell = look},
    {},
};
