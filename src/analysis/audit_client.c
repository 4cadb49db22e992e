#include "analysis/audit_client.h"

#include "analysis/audit_series.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/quantile.h"
#include "store/evidence.h"
#include "store/results.h"

#include <math.h>

enum { IDLE_SHARE, SCHEDULE, SAME, LEAST_N, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [IDLE_SHARE] = {"idle_share", 0.2,
                    "of the time between two submissions in which the engine had nothing to do"},
    [SCHEDULE] = {"schedule", -0.5,
                  "of a gap on the latency before it: 0 where the client takes its time whatever "
                  "the engine did, -1 where requests start by a clock"},
    [SAME] = {"same", 0.05, "two rates, or times, that are this near are one"},
    [LEAST_N] = {"least_n", 5, "gaps between requests"},
};

struct gaps {
    double *gap_ms, *latency_ms; /* until the next request, of the one before it */
    size_t n;
    size_t overlaps; /* requests that began while another was under way */
    double busy_ms;  /* with a request under way */
    /* of the samples that state a rate: time that they say they took, and that they took */
    double stated_ms, stated_busy_ms, stated_wall_ms;
};

static bool same_series(const struct results_samples *s, size_t a, size_t b)
{
    return s->replicate[a] == s->replicate[b] && s->invocation[a] == s->invocation[b] &&
           s->segment[a] == s->segment[b];
}

/* Tokens that a rate of the source may be of. */
static double tokens_of(const struct results_samples *s, size_t row)
{
    return s->generated_tokens[row] >= 0 ? (double)s->generated_tokens[row] : s->tokens[row];
}

static void add_rate(const struct results_samples *s, size_t row, double gap, struct gaps *g)
{
    const double ms = tokens_of(s, row) / s->tokens_per_s[row] * 1e3;
    if (!(ms > 0) || !isfinite(ms))
        return;
    g->stated_ms += ms;
    g->stated_busy_ms += s->latency_ms[row];
    g->stated_wall_ms += s->latency_ms[row] + gap;
}

/* Between measured requests that follow each other, whoever sent them: the time in which none was
 * under way. */
static struct gaps gaps_of(const struct audit_cell *c, struct arena *scratch)
{
    const struct results_samples *const s = c->samples;
    struct gaps g = {.gap_ms = ARENA_ARRAY(scratch, double, c->stats->n + 1),
                     .latency_ms = ARENA_ARRAY(scratch, double, c->stats->n + 1)};
    int64_t until = INT64_MIN; /* the latest end so far of this process */
    for (size_t i = 0; i < c->stats->n; i++) {
        const size_t row = c->rows[i], before = i ? c->rows[i - 1] : 0;
        const int64_t from = s->submitted_ns[row], to = s->finished_ns[row];
        const bool stamps = from > INT64_MIN && to > INT64_MIN;
        if (i == 0 || !same_series(s, before, row) || !stamps || row != before + 1)
            until = INT64_MIN; /* what lies before, or between, is not known to be the client's */
        if (stamps && until > INT64_MIN) {
            const double gap = from > until ? (double)(from - until) * 1e-6 : 0;
            g.overlaps += from < until;
            g.gap_ms[g.n] = gap;
            g.latency_ms[g.n++] = s->latency_ms[before];
            g.busy_ms += to > until ? (double)(to - (from > until ? from : until)) * 1e-6 : 0;
            add_rate(s, row, gap, &g);
        }
        if (stamps)
            until = to > until ? to : until;
    }
    return g;
}

/* Requests start by a clock: the longer the answer, the shorter the gap. */
static bool by_schedule(const struct gaps *g)
{
    double mx = 0, my = 0, xx = 0, xy = 0, yy = 0;
    const double n = (double)g->n;
    for (size_t i = 0; i < g->n; i++) {
        mx += g->latency_ms[i] / n;
        my += g->gap_ms[i] / n;
    }
    for (size_t i = 0; i < g->n; i++) {
        const double x = g->latency_ms[i] - mx, y = g->gap_ms[i] - my;
        xx += x * x;
        xy += x * y;
        yy += y * y;
    }
    if (!(xx > 0) || g->n < 3)
        return false;
    const double slope = xy / xx, error = sqrt(fmax(0, yy - slope * xy) / (n - 2) / xx);
    return slope + 3 * error < limits[SCHEDULE].value;
}

static double share_of(const struct audit_cell *c, const struct gaps *g, struct arena *scratch,
                       double *ret_gap_ms)
{
    double sum = 0;
    for (size_t i = 0; i < g->n; i++)
        sum += g->gap_ms[i];
    /* One long pause is not the client's pace; under overlapping requests no gap has a latency. */
    *ret_gap_ms = g->overlaps ? sum / (double)g->n : audit_series_median(g->gap_ms, g->n, scratch);
    return g->overlaps ? sum / (sum + g->busy_ms) : *ret_gap_ms / (*ret_gap_ms + c->stats->median);
}

/* The source's rates are tokens over the wall clock, not over the time under way. */
static bool rates_of_the_wall(const struct gaps *g)
{
    const double same = limits[SAME].value;
    return g->stated_ms > 0 && fabs(g->stated_ms / g->stated_wall_ms - 1) < same &&
           fabs(g->stated_ms / g->stated_busy_ms - 1) > same;
}

static double harness_us(const struct audit_cell *c)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < c->n_evidence; i++) {
        const double us = c->evidence[i]->record_us + c->evidence[i]->transit_us;
        sum += isnan(us) ? 0 : us;
        n += isnan(us) ? 0 : 1;
    }
    return n ? sum / (double)n : NOT_MEASURED;
}

struct verdict {
    enum audit_severity severity;
    const char *why, *message;
};

static struct verdict judge(const struct audit_cell *c, const struct gaps *g, struct audit *out)
{
    if (rates_of_the_wall(g))
        return (struct verdict){
            AUDIT_WARN, "the stated rate is of the wall clock",
            audit_text(out,
                       "the rate that the source states is tokens over the wall clock, %.0f %% "
                       "of what the engine gave while it worked",
                       100 * g->stated_busy_ms / g->stated_wall_ms)};
    if (!c->imported)
        return (struct verdict){
            AUDIT_INFO, "throughput here is over the time under way",
            "a throughput by the wall clock would be the client's; the one here is over the time "
            "in which a request was under way"};
    if (g->stated_ms > 0)
        return (struct verdict){AUDIT_INFO, "the stated rate is of the time under way",
                                "a throughput by the wall clock would be the client's, but the "
                                "rate that the source states is not"};
    if (!g->overlaps && by_schedule(g))
        return (struct verdict){AUDIT_INFO, "requests start by a clock",
                                "requests start by a clock: the rate is what was offered, not what "
                                "the engine can do"};
    if (c->kept->with_generated == 0 && c->kept->with_rate == 0)
        return (struct verdict){AUDIT_INFO, "no tokens, so no throughput is claimed",
                                "a throughput by the wall clock would be the client's"};
    return (struct verdict){AUDIT_WARN, "the client waits between requests",
                            "the client was the limit: a throughput by the wall clock is its own, "
                            "not the engine's"};
}

static void look_client(const struct audit_cell *c, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of(c);
    CLEANUP(arena_freep) struct arena *scratch = arena_new((size_t)2 << 30);
    const struct gaps g = gaps_of(c, scratch);
    if ((double)g.n < limits[LEAST_N].value) {
        audit_not_run(out, "client-bound", &subject,
                      "no stamps of requests that follow each other: neither the client's gaps nor "
                      "its lateness is recorded");
        return;
    }
    double gap;
    const double share = share_of(c, &g, scratch, &gap);
    if (share < limits[IDLE_SHARE].value)
        return;
    const struct verdict v = judge(c, &g, out);
    const double harness = harness_us(c);
    const struct audit_fact facts[] = {
        audit_number("gap_ms", gap),
        audit_number("median_ms", c->stats->median),
        audit_number("idle_share", share),
        audit_number("gaps", (double)g.n),
        audit_number("overlapping", (double)g.overlaps),
        audit_number("harness_us_per_sample", harness),
        audit_number("harness_share_of_latency", harness / 1e3 / c->stats->median),
        audit_word("why", v.why),
    };
    audit_add(out, &(struct audit_finding){
                       .check = "client-bound",
                       .severity = v.severity,
                       .subject = subject,
                       .facts = facts,
                       .n_facts = COUNT_OF(facts),
                       .message = audit_text(
                           out,
                           "%s: %.0f %% of the time lies between requests (%.3g ms, "
                           "beside %.4g ms of latency): %s",
                           audit_label(out, c), 100 * share, gap, c->stats->median, v.message),
                       .advice = "take throughput over the time in which a request was under way, "
                                 "or send the next request without waiting, and several at once",
                       .blocks = v.severity == AUDIT_INFO ? 0 : AUDIT_THROUGHPUT,
                   });
}

const struct audit_check audit_client_checks[] = {
    {.name = "client-bound",
     .rule = "at least idle_share of the time lies between requests. warn: a rate that the source "
             "states is of the wall clock, or an import has tokens, and the client waits between "
             "requests that do not start by a clock; info otherwise: a throughput here is over the "
             "time under way",
     .evidence = "gap_ms median_ms idle_share gaps overlapping harness_us_per_sample "
                 "harness_share_of_latency why",
     .blocks = AUDIT_THROUGHPUT,
     .limits = limits,
     .n_limits = LIMITS,
     .cell = look_client},
    {},
};
