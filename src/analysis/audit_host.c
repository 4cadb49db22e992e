#include "analysis/audit_host.h"

#include "analysis/audit_series.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "store/evidence.h"

#include <math.h>

enum { IDLE_SHARE, LEAST_N, CLIENT_LIMITS };
static const struct audit_limit client_limits[CLIENT_LIMITS] = {
    [IDLE_SHARE] = {"idle_share", 0.2,
                    "of the time between two submissions in which the engine had nothing to do"},
    [LEAST_N] = {"least_n", 5, "gaps between requests"},
};

enum { HOT, THERMAL_LIMITS };
static const struct audit_limit thermal_limits[THERMAL_LIMITS] = {
    [HOT] = {"hot_celsius", 85,
             "processors begin to throttle between 90 and 105; before a run that "
             "heats them they should be far below"},
};

enum { STOLEN, STOLEN_MUCH, STEAL_LIMITS };
static const struct audit_limit steal_limits[STEAL_LIMITS] = {
    [STOLEN] = {"steal_percent", 1,
                "of the processors' time that other guests took: as large as the "
                "differences that are measured"},
    [STOLEN_MUCH] = {"much_percent", 5,
                     "nothing that is timed on such a host can be compared: fail"},
};

/* A condition of the machine when its environment was captured. */
struct condition {
    const char *check, *key;
    double value, limit;
    enum audit_severity severity;
    const char *message, *advice;
};

static void say_condition(const struct audit_whole *w, size_t replicate, const struct condition *k,
                          struct audit *out)
{
    const struct audit_fact facts[] = {{k->key, k->value, nullptr}, {"limit", k->limit, nullptr}};
    audit_add(out,
              &(struct audit_finding){
                  .check = k->check,
                  .severity = k->severity,
                  .subject = {.replicate = w->results->n_replicates > 1 ? (int32_t)replicate : -1,
                              .invocation = -1},
                  .facts = facts,
                  .n_facts = COUNT_OF(facts),
                  .message = k->message,
                  .advice = k->advice,
                  .blocks = AUDIT_COMPARISON,
              });
}

static void look_thermal(const struct audit_whole *w, struct audit *out)
{
    const double hot = thermal_limits[HOT].value;
    size_t known = 0;
    for (size_t i = 0; w->results->hosts && i < w->results->n_replicates; i++) {
        const double t = w->results->hosts[i].temperature_celsius;
        known += isnan(t) ? 0 : 1;
        if (t >= hot)
            say_condition(w, i,
                          &(struct condition){
                              "thermal", "temperature_celsius", t, hot, AUDIT_WARN,
                              audit_text(out, "the machine was at %.0f C before the run began", t),
                              "let it cool, and watch drift: a processor that throttles is "
                              "another processor"},
                          out);
    }
    if (known == 0)
        audit_not_run(out, "thermal", nullptr,
                      "no temperature of the machine was recorded, and no clock or reason for "
                      "throttling with the samples; drift and clock-states see what they do");
}

static void look_steal(const struct audit_whole *w, struct audit *out)
{
    size_t known = 0;
    for (size_t i = 0; w->results->hosts && i < w->results->n_replicates; i++) {
        const double s = w->results->hosts[i].steal_percent;
        const bool much = s >= steal_limits[STOLEN_MUCH].value;
        known += isnan(s) ? 0 : 1;
        if (s >= steal_limits[STOLEN].value)
            say_condition(w, i,
                          &(struct condition){
                              "steal", "steal_percent", s, steal_limits[STOLEN].value,
                              much ? AUDIT_FAIL : AUDIT_WARN,
                              audit_text(out,
                                         "other guests took %.1f %% of the processors' time while "
                                         "the environment was captured",
                                         s),
                              "measure on a host of its own, or when it is idle; more invocations "
                              "show how much it matters"},
                          out);
    }
    if (known == 0)
        audit_not_run(out, "steal", nullptr,
                      "the time that other guests took from the machine was not recorded");
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
    if ((double)n < client_limits[LEAST_N].value) {
        audit_not_run(out, "client-bound", &subject,
                      "no stamps of requests that follow each other: neither the client's gaps nor "
                      "its lateness is recorded");
        return;
    }
    const double gap = audit_series_median(gaps, n, scratch);
    const double share = gap / (gap + c->stats->median);
    if (share < client_limits[IDLE_SHARE].value)
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
     .rule = "warn: the machine was at hot_celsius or more when its environment was captured",
     .evidence = "temperature_celsius limit",
     .blocks = AUDIT_COMPARISON,
     .limits = thermal_limits,
     .n_limits = THERMAL_LIMITS,
     .whole = look_thermal},
    {.name = "steal",
     .rule = "warn: other guests took steal_percent of the processors' time when the environment "
             "was captured; fail from much_percent on",
     .evidence = "steal_percent limit",
     .blocks = AUDIT_COMPARISON,
     .limits = steal_limits,
     .n_limits = STEAL_LIMITS,
     .whole = look_steal},
    {.name = "client-bound",
     .rule = "info: at least idle_share of the time from one submission to the next lies between "
             "requests",
     .evidence = "gap_ms median_ms idle_share gaps",
     .blocks = AUDIT_THROUGHPUT,
     .limits = client_limits,
     .n_limits = CLIENT_LIMITS,
     .cell = look_client},
    {},
};
