#include "analysis/audit_host.h"

#include "analysis/audit_series.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"

#include <math.h>

enum { IDLE_SHARE, LEAST_N, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [IDLE_SHARE] = {"idle_share", 0.2,
                    "of the time between two submissions in which the engine had nothing to do"},
    [LEAST_N] = {"least_n", 5, "gaps between requests"},
};

static void look_thermal(const struct audit_cell *c, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of(c);
    audit_not_run(out, "thermal", &subject,
                  "no temperature, clock or reason for throttling is recorded with the samples; "
                  "drift and clock-states see what it does to them");
}

static void look_steal(const struct audit_cell *c, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of(c);
    audit_not_run(out, "steal", &subject,
                  "the time that the host took away is recorded before a run and not during it");
}

/* From a request's end to the next one's submission by the same agent. */
static size_t gaps_of(const struct audit_cell *c, double *ret)
{
    const struct results_samples *const s = c->samples;
    size_t n = 0;
    for (size_t i = 1; i < c->stats->n; i++) {
        const size_t a = c->rows[i - 1], b = c->rows[i];
        const bool known = s->finished_ns[a] > INT64_MIN && s->submitted_ns[b] > INT64_MIN;
        const bool next = s->replicate[a] == s->replicate[b] &&
                          s->invocation[a] == s->invocation[b] && s->segment[a] == s->segment[b] &&
                          s->agent[a] == s->agent[b] && b == a + 1;
        if (known && next && s->submitted_ns[b] >= s->finished_ns[a])
            ret[n++] = (double)(s->submitted_ns[b] - s->finished_ns[a]) * 1e-6;
    }
    return n;
}

static void look_client(const struct audit_cell *c, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of(c);
    CLEANUP(arena_freep) struct arena *scratch = arena_new((size_t)2 << 30);
    double *const gaps = ARENA_ARRAY(scratch, double, c->stats->n + 1);
    const size_t n = c->stats->n > 1 ? gaps_of(c, gaps) : 0;
    if ((double)n < limits[LEAST_N].value) {
        audit_not_run(out, "client-bound", &subject,
                      "no stamps of requests that follow each other: neither the client's gaps nor "
                      "its lateness is recorded");
        return;
    }
    const double gap = audit_series_median(gaps, n, scratch);
    const double share = gap / (gap + c->stats->median);
    if (share < limits[IDLE_SHARE].value)
        return;
    const struct audit_fact facts[] = {
        {"gap_ms", gap, nullptr},
        {"median_ms", c->stats->median, nullptr},
        {"idle_share", share, nullptr},
        {"gaps", (double)n, nullptr},
    };
    audit_add(out,
              &(struct audit_finding){
                  .check = "client-bound",
                  .severity = AUDIT_INFO,
                  .subject = subject,
                  .facts = facts,
                  .n_facts = COUNT_OF(facts),
                  .message = audit_text(out,
                                        "%s: %.0f %% of the time lies between requests (%.3g "
                                        "ms, beside %.4g ms of latency): a throughput by the "
                                        "wall clock would be the client's",
                                        audit_label(out, c), 100 * share, gap, c->stats->median),
                  .advice = "take throughput over the time in which a request was under way, "
                            "as here, or send the next request without waiting",
                  .blocks = 0,
              });
}

const struct audit_check audit_host_checks[] = {
    {.name = "thermal",
     .rule = "not run: samples carry no temperature, clock or throttle reason",
     .evidence = "",
     .blocks = AUDIT_COMPARISON,
     .cell = look_thermal},
    {.name = "steal",
     .rule = "not run: samples carry no stolen time",
     .evidence = "",
     .blocks = AUDIT_COMPARISON,
     .cell = look_steal},
    {.name = "client-bound",
     .rule = "info: at least idle_share of the time from one submission to the next lies between "
             "requests",
     .evidence = "gap_ms median_ms idle_share gaps",
     .blocks = AUDIT_THROUGHPUT,
     .limits = limits,
     .n_limits = LIMITS,
     .cell = look_client},
    {},
};
