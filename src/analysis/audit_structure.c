#include "analysis/audit_structure.h"

#include "analysis/audit_series.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/anova.h"
#include "num/dist.h"
#include "num/moment.h"
#include "num/quantile.h"
#include "num/sort.h"
#include "store/evidence.h"
#include "store/results.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { EFFECT, BETWEEN, ENOUGH, P, SHARE, RATIO, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [EFFECT] = {"design_effect", 3, "n samples that say as much as n / 3"},
    [BETWEEN] = {"between", 0.01,
                 "standard deviation between invocations, of the level: less decides nothing"},
    [ENOUGH] = {"enough", 3,
                "invocations, from which on the intervals and verdicts over them, which are ours, "
                "hold (selftest): of two, a third would tell another story"},
    [P] = {"p", 1e-3, "of the F test on log latencies: one false alarm in a thousand cells"},
    [SHARE] = {"share", 0.5, "of the variance of log latency lies between the prompts"},
    [RATIO] = {"ratio", 3,
               "of the slowest prompt's latency to the fastest's: different work; the prompts of "
               "one scenario are seldom all of one length"},
};

constexpr size_t SCRATCH = (size_t)4 << 30;

/* ---- pseudo-replication ---- */

struct nesting { /* of the samples in their invocations */
    struct anova anova;
    double icc, design_effect, effective_n, between; /* between: sd of log latency */
};

static double *logs_of(const double *x, size_t n, struct arena *a)
{
    double *const y = ARENA_ARRAY(a, double, n);
    for (size_t i = 0; i < n; i++)
        y[i] = log(x[i]);
    return y;
}

/* One-way random effects; m0 is the mean group size for unequal groups (Searle 1992, 3.6). */
static struct nesting nesting_of(const struct cell_stats *s)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(SCRATCH);
    const double k = (double)s->n_units, n = (double)s->n;
    size_t *const sizes = ARENA_ARRAY(a, size_t, s->n_units);
    double squares = 0;
    for (size_t u = 0; u < s->n_units; u++) {
        sizes[u] = s->start[u + 1] - s->start[u];
        squares += (double)sizes[u] * (double)sizes[u];
    }
    struct nesting r = {.anova = anova_oneway(logs_of(s->x, s->n, a), sizes, s->n_units)};
    const double m0 = (n - squares / n) / (k - 1);
    r.icc = (r.anova.f - 1) / (r.anova.f + m0 - 1);
    r.design_effect = 1 + (m0 - 1) * fmax(0, r.icc);
    r.effective_n = n / r.design_effect;
    const double within = r.anova.ss_within / (n - k);
    r.between = sqrt(fmax(0, (r.anova.f - 1) * within / m0));
    return r;
}

static const char *replication_advice(const struct audit_cell *c, bool held)
{
    if (held)
        return "our intervals and verdicts rest on the invocations; a p value or interval over the "
               "samples does not hold: more invocations help, repetitions hardly";
    if (c->imported)
        return "an interval or p value of the source over its samples does not hold; take the "
               "invocations for replicates, as the analysis here does";
    return "two processes do not show how processes differ: raise invocations, to 3 at least";
}

static void look_at_nesting(const struct audit_cell *c, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of(c);
    const struct cell_stats *const s = c->stats;
    if (s->n_units < 2 || s->n < 2 * s->n_units || !(s->min > 0)) {
        audit_not_run(out, "pseudo-replication", &subject,
                      "fewer than two invocations with two samples each: what differs between "
                      "invocations is not in the data");
        return;
    }
    const struct nesting k = nesting_of(s);
    if (!(k.anova.p < limits[P].value && k.design_effect >= limits[EFFECT].value &&
          k.between >= limits[BETWEEN].value))
        return;
    const struct audit_fact facts[] = {audit_number("n", (double)s->n),
                                       audit_number("invocations", (double)s->n_units),
                                       audit_number("f_statistic", k.anova.f),
                                       audit_number("p_value", k.anova.p),
                                       audit_number("intraclass_correlation", k.icc),
                                       audit_number("design_effect", k.design_effect),
                                       audit_number("effective_n", k.effective_n),
                                       audit_number("between_sd_share", k.between)};
    /* Figures of others are over samples as far as anybody knows; ours take the invocation for the
     * unit, where there are enough of them. */
    const bool held = !c->imported && (double)s->n_units >= limits[ENOUGH].value;
    audit_add(out, &(struct audit_finding){
                       .check = "pseudo-replication",
                       .severity = held ? AUDIT_INFO : AUDIT_WARN,
                       .subject = subject,
                       .facts = facts,
                       .n_facts = COUNT_OF(facts),
                       .message = audit_text(out,
                                             "the %zu samples of %zu invocations say as much as "
                                             "%.1f: samples of one invocation are alike",
                                             s->n, s->n_units, k.effective_n),
                       .advice = replication_advice(c, held),
                       .blocks = held ? 0 : AUDIT_COMPARISON});
}

/* Invocations on different devices are no replicates, whatever they measured. */
static void look_at_devices(const struct audit_cell *c, struct audit *out)
{
    const struct evidence *first = nullptr;
    for (size_t i = 0; i < c->n_evidence; i++) {
        const struct evidence *const v = c->evidence[i];
        if (!v->device)
            continue;
        if (!first)
            first = v;
        if (strcmp(first->device, v->device) == 0)
            continue;
        const struct audit_subject subject = audit_subject_of(c);
        const struct audit_fact facts[] = {
            audit_word("device_a", first->device), audit_number("invocation_a", first->invocation),
            audit_word("device_b", v->device), audit_number("invocation_b", v->invocation)};
        audit_add(out, &(struct audit_finding){
                           .check = "pseudo-replication",
                           .severity = AUDIT_FAIL,
                           .subject = subject,
                           .facts = facts,
                           .n_facts = COUNT_OF(facts),
                           .message = audit_text(out,
                                                 "its invocations ran on different devices: "
                                                 "%s and %s",
                                                 first->device, v->device),
                           .advice = "make a cell of each device",
                           .blocks = AUDIT_EVERYTHING});
        return;
    }
}

static void look_at_replication(const struct audit_cell *c, struct audit *out)
{
    look_at_devices(c, out);
    look_at_nesting(c, out);
}

/* ---- mixture: workloads inside one cell ---- */

struct labelled { /* a sample and the workload that it belongs to */
    int64_t label;
    double y;
};

/* By prompt where it is known, else by the prompt's length, else by tokens of which the source does
 * not say which, to a factor of two. */
static bool label_samples(const struct audit_cell *c, struct labelled *ret, const char **ret_by)
{
    const struct results_samples *const s = c->samples;
    bool prompts = true, lengths = true;
    for (size_t i = 0; i < c->stats->n; i++) {
        prompts = prompts && s->prompt_index[c->rows[i]] >= 0;
        lengths = lengths && s->prompt_tokens[c->rows[i]] > 0;
    }
    const bool counts = !prompts && !lengths && audit_series_counts(c, nullptr) > 1;
    for (size_t i = 0; i < c->stats->n; i++) {
        const size_t row = c->rows[i];
        ret[i] = (struct labelled){prompts   ? s->prompt_index[row]
                                   : lengths ? (int64_t)floor(log2((double)s->prompt_tokens[row]))
                                   : counts  ? (int64_t)floor(log2(s->tokens[row]))
                                             : 0,
                                   log(c->stats->x[i])};
    }
    *ret_by = prompts ? "prompt" : lengths ? "prompt length" : "tokens";
    return prompts || lengths || counts;
}

struct split {
    struct anova anova;
    size_t groups;
    double fastest, slowest; /* geometric means */
    int64_t slowest_label;
    size_t slowest_n;
};

static struct split split_of(const struct labelled *in, size_t n, struct arena *a)
{
    struct labelled *const x = ARENA_ARRAY(a, struct labelled, n);
    int64_t *const labels = ARENA_ARRAY(a, int64_t, n);
    size_t *const places = ARENA_ARRAY(a, size_t, n);
    for (size_t i = 0; i < n; i++)
        labels[i] = in[i].label;
    sort_places(labels, n, places);
    for (size_t i = 0; i < n; i++)
        x[i] = in[places[i]];
    double *const y = ARENA_ARRAY(a, double, n);
    size_t *const sizes = ARENA_ARRAY(a, size_t, n);
    struct split r = {.fastest = HUGE_VAL};
    for (size_t i = 0; i < n;) {
        size_t end = i;
        double sum = 0;
        while (end < n && x[end].label == x[i].label) {
            y[end] = x[end].y;
            sum += x[end++].y;
        }
        const double mean = exp(sum / (double)(end - i));
        r.fastest = fmin(r.fastest, mean);
        if (mean > r.slowest) {
            r.slowest = mean;
            r.slowest_label = x[i].label;
            r.slowest_n = end - i;
        }
        sizes[r.groups++] = end - i;
        i = end;
    }
    r.anova = anova_oneway(y, sizes, r.groups);
    return r;
}

/* Of the slowest twentieth of all samples: how many are of the slowest workload. */
static size_t tail_of(const struct labelled *x, size_t n, int64_t label, size_t *ret_of,
                      struct arena *a)
{
    double *const y = ARENA_ARRAY(a, double, n);
    size_t in = 0;
    for (size_t i = 0; i < n; i++)
        y[i] = x[i].y;
    quantile_sort(y, n);
    const size_t tail = (n + 19) / 20;
    const double cut = y[n - tail];
    *ret_of = 0;
    for (size_t i = 0; i < n; i++) {
        *ret_of += x[i].y >= cut;
        in += x[i].y >= cut && x[i].label == label;
    }
    return in;
}

static const char *workload_name(const char *by, int64_t label, struct audit *out)
{
    if (strcmp(by, "prompt") == 0)
        return audit_text(out, "prompt %" PRId64, label);
    const double from = exp2((double)label);
    return audit_text(out, "%.0f to %.0f %s", from, 2 * from - 1,
                      strcmp(by, "tokens") == 0 ? "tokens" : "prompt tokens");
}

static void look_at_mixture(const struct audit_cell *c, struct audit *out)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(SCRATCH);
    const struct audit_subject subject = audit_subject_of(c);
    const size_t n = c->stats->n;
    struct labelled *const x = ARENA_ARRAY(a, struct labelled, n);
    const char *by;
    if (n < 4 || !(c->stats->min > 0) || !label_samples(c, x, &by)) {
        audit_not_run(out, "mixture", &subject,
                      "no prompt and no prompt length of four samples: whether workloads are "
                      "pooled in the cell is not known");
        return;
    }
    const struct split s = split_of(x, n, a);
    if (s.groups < 2 || !(s.anova.p < limits[P].value && s.anova.eta2 >= limits[SHARE].value &&
                          s.slowest >= limits[RATIO].value * s.fastest))
        return;
    size_t tail;
    const size_t of_slowest = tail_of(x, n, s.slowest_label, &tail, a);
    const char *const slowest = workload_name(by, s.slowest_label, out);
    const struct audit_fact facts[] = {audit_word("workloads_by", by),
                                       audit_word("slowest", slowest),
                                       audit_number("slowest_n", (double)s.slowest_n),
                                       audit_number("tail", (double)tail),
                                       audit_number("tail_of_slowest", (double)of_slowest),
                                       audit_number("workloads", (double)s.groups),
                                       audit_number("fastest_ms", s.fastest),
                                       audit_number("slowest_ms", s.slowest),
                                       audit_number("variance_between_share", s.anova.eta2),
                                       audit_number("p_value", s.anova.p),
                                       audit_number("n", (double)n)};
    audit_add(out,
              &(struct audit_finding){
                  .check = "mixture",
                  .severity = AUDIT_WARN,
                  .subject = subject,
                  .facts = facts,
                  .n_facts = COUNT_OF(facts),
                  .message = audit_text(out,
                                        "%zu workloads (by %s) from %.4g to %.4g ms are pooled "
                                        "as %zu samples of one: %.0f %% of the variance lies "
                                        "between them; %zu of the slowest %zu are of the slowest "
                                        "one (%s, %zu samples)",
                                        s.groups, by, s.fastest, s.slowest, n, 100 * s.anova.eta2,
                                        of_slowest, tail, slowest, s.slowest_n),
                  .advice = "make a scenario of each workload, or compare prompt by prompt; a "
                            "percentile over them is of no request",
                  .blocks = AUDIT_MEAN | AUDIT_TAIL});
}

const struct audit_check audit_structure_checks[] = {
    {.name = "pseudo-replication",
     .rule = "warn: invocations differ (F test on log latencies below p) so much that the samples "
             "are worth less than one in design_effect, and by at least `between`; info where they "
             "are ours and at least `enough`, because all that is published of them rests on "
             "invocations; fail: "
             "invocations of one cell ran on "
             "different devices",
     .evidence = "n invocations f_statistic p_value intraclass_correlation design_effect "
                 "effective_n between_sd_share device_a invocation_a device_b invocation_b",
     .blocks = AUDIT_EVERYTHING,
     AUDIT_LIMITS(limits, EFFECT, P),
     .cell = look_at_replication},
    {.name = "mixture",
     .rule = "warn: prompts (where unknown, prompt lengths, or tokens of a few fixed counts, to a "
             "factor of two) explain more than share of the variance of log latency, with an F "
             "test below p and a ratio of slowest to fastest of at least ratio",
     .evidence =
         "workloads_by slowest slowest_n tail tail_of_slowest workloads fastest_ms slowest_ms "
         "variance_between_share p_value n",
     .blocks = AUDIT_MEAN | AUDIT_TAIL,
     AUDIT_LIMITS(limits, P, RATIO),
     .cell = look_at_mixture},
    {},
};
