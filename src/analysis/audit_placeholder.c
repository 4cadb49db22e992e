#include "analysis/audit_placeholder.h"

#include "analysis/cell.h"
#include "base/defs.h"
#include "store/evidence.h"
#include "store/results.h"

#include <math.h>
#include <string.h>

enum { LEAST_EQUAL, LEAST_CONSTANT, LEAST_FEW, LEAST_OFTEN, OFTEN, CPU, GPU, SERVER, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [LEAST_EQUAL] = {"least_equal", 3, "two values may be equal by chance of a coarse clock"},
    [LEAST_CONSTANT] = {"least_constant", 5,
                        "no clock gives the same time five times but a very coarse one; below it "
                        "is a warning"},
    [LEAST_FEW] = {"least_few", 8, "one or two round values in eight samples are not measured"},
    [LEAST_OFTEN] = {"least_often", 20, "samples in which a value that returns is judged"},
    [OFTEN] = {"often", 0.5, "of the samples are one value to the last digit"},
    [CPU] = {"cpu_gb_per_s", 5e3, "weights read per second: above it no processor's caches reach"},
    [GPU] = {"gpu_gb_per_s", 2.5e4,
             "three times the fastest memory of one GPU, for speculative decoding"},
    [SERVER] = {"server_gb_per_s", 2e5, "eight such GPUs behind a server"},
};

static void report(const struct audit_cell *c, const struct audit_fact *facts, size_t n,
                   enum audit_severity severity, unsigned blocks, const char *message,
                   struct audit *out)
{
    const char *const advice =
        blocks == AUDIT_EVERYTHING
            ? "these values were not measured: find out whether the engine ran at all, and leave "
              "the cell out until it has"
            : "leave the column empty where nobody measured it, and claim nothing of it";
    audit_add(out, &(struct audit_finding){.check = "placeholder",
                                           .severity = severity,
                                           .subject = audit_subject_of(c),
                                           .facts = facts,
                                           .n_facts = n,
                                           .message = message,
                                           .advice = advice,
                                           .blocks = blocks});
}

/* ---- copied from another column ---- */

static bool is_copy(const double *of, const struct audit_cell *c, size_t *ret_known)
{
    size_t known = 0, equal = 0;
    for (size_t i = 0; i < c->stats->n; i++) {
        const double x = of[c->rows[i]];
        /* of one generated token, or none, it is the latency indeed */
        const int64_t tokens = c->samples->generated_tokens[c->rows[i]];
        if (isnan(x) || tokens == 0 || tokens == 1)
            continue;
        known++;
        equal += x == c->stats->x[i];
    }
    *ret_known = known;
    return (double)known >= limits[LEAST_EQUAL].value && equal == known;
}

static void look_at_copies(const struct audit_cell *c, struct audit *out)
{
    const struct {
        const char *name;
        const double *x;
        unsigned blocks;
    } columns[] = {{"ttft_ms", c->samples->ttft_ms, AUDIT_TTFT},
                   {"prefill_ms", c->samples->prefill_ms, AUDIT_PREFILL},
                   {"decode_ms", c->samples->decode_ms, AUDIT_THROUGHPUT}};
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        size_t known;
        if (!is_copy(columns[i].x, c, &known))
            continue;
        const struct audit_fact facts[] = {audit_word("column", columns[i].name),
                                           audit_number("samples_equal_to_latency", (double)known),
                                           audit_number("samples", (double)c->stats->n)};
        report(c, facts, COUNT_OF(facts), AUDIT_FAIL, columns[i].blocks,
               audit_text(out, "%s is the latency in all %zu samples: it was copied, not measured",
                          columns[i].name, known),
               out);
    }
}

/* ---- constant, or one of a few round values ---- */

struct variety {
    size_t distinct, most; /* of one value */
    double commonest;
};

static struct variety variety_of(const double *sorted, size_t n)
{
    struct variety v = {};
    for (size_t i = 0; i < n;) {
        size_t end = i + 1;
        while (end < n && sorted[end] == sorted[i])
            end++;
        v.distinct++;
        if (end - i > v.most) {
            v.most = end - i;
            v.commonest = sorted[i];
        }
        i = end;
    }
    return v;
}

/* x has at most two significant digits; ret_unit: that of the second. */
static bool is_round(double x, double *ret_unit)
{
    *ret_unit = pow(10, floor(log10(x)) - 1);
    const double digits = x / *ret_unit;
    return x > 0 && fabs(digits - round(digits)) < 1e-6;
}

static bool few_round_values(const double *sorted, size_t n, size_t distinct, bool *ret_coarse)
{
    double unit_low, unit_high;
    if ((double)n < limits[LEAST_FEW].value || distinct > 2 || !is_round(sorted[0], &unit_low) ||
        !is_round(sorted[n - 1], &unit_high))
        return false;
    *ret_coarse = sorted[n - 1] - sorted[0] < 1.5 * unit_low; /* neighbours: ticks of one clock */
    return true;
}

static void look_at_variety(const struct audit_cell *c, struct audit *out)
{
    const double *const x = c->stats->sorted;
    const size_t n = c->stats->n;
    const struct variety v = variety_of(x, n);
    bool coarse = false;
    const struct audit_fact facts[] = {
        audit_number("samples", (double)n), audit_number("distinct_values", (double)v.distinct),
        audit_number("commonest_ms", v.commonest), audit_number("times", (double)v.most)};
    if ((double)n < limits[LEAST_EQUAL].value)
        return;
    if (v.distinct == 1)
        report(c, facts, COUNT_OF(facts),
               (double)n >= limits[LEAST_CONSTANT].value ? AUDIT_FAIL : AUDIT_WARN,
               AUDIT_EVERYTHING,
               audit_text(out, "all %zu latencies are %.6g ms, to the last digit", n, v.commonest),
               out);
    else if (few_round_values(x, n, v.distinct, &coarse))
        report(c, facts, COUNT_OF(facts), coarse ? AUDIT_WARN : AUDIT_FAIL, AUDIT_EVERYTHING,
               audit_text(out, "%zu latencies are %.3g or %.3g ms and nothing else%s", n, x[0],
                          x[n - 1], coarse ? ": a clock too coarse for what it times" : ""),
               out);
    else if ((double)n >= limits[LEAST_OFTEN].value &&
             (double)v.most >= limits[OFTEN].value * (double)n)
        report(c, facts, COUNT_OF(facts), AUDIT_WARN, AUDIT_LATENCY,
               audit_text(out, "%zu of %zu latencies are %.6g ms, to the last digit", v.most, n,
                          v.commonest),
               out);
}

static void look_at_zero(const struct audit_cell *c, struct audit *out)
{
    size_t none = 0, silent = 0;
    for (size_t i = 0; i < c->stats->n; i++) {
        none += !(c->stats->x[i] > 0);
        const size_t row = c->rows[i];
        silent += c->samples->generated_tokens[row] == 0 || c->samples->tokens[row] == 0 ||
                  c->samples->tokens_per_s[row] == 0;
    }
    const struct audit_fact facts[] = {audit_number("samples", (double)c->stats->n),
                                       audit_number("without_time", (double)none),
                                       audit_number("without_tokens", (double)silent)};
    if (none)
        report(c, facts, COUNT_OF(facts), AUDIT_FAIL, AUDIT_EVERYTHING,
               audit_text(out, "%zu of %zu latencies are not above zero", none, c->stats->n), out);
    /* Prefill alone generates nothing; where others did, an answer was lost. */
    if (silent && silent < c->stats->n)
        report(c, facts, COUNT_OF(facts), AUDIT_WARN, AUDIT_THROUGHPUT | AUDIT_LATENCY,
               audit_text(out,
                          "%zu of %zu samples are ok and have no token, or 0 tokens/s: an "
                          "answer whose count was lost is none that was slow",
                          silent, c->stats->n),
               out);
}

/* Samples that failed and have a latency all the same: here they are left out, but a mean over the
 * source's column has them in it. */
static bool look_at_failed(const struct audit_cell *c, struct audit *out)
{
    const struct results_samples *const s = c->samples;
    double least = INFINITY, most = 0;
    size_t n = 0;
    for (size_t i = 0; c->imported && i < s->n; i++)
        if (s->phase[i] == PHASE_MEASURED && s->status[i] != STATUS_OK && s->latency_ms[i] > 0) {
            least = fmin(least, s->latency_ms[i]);
            most = fmax(most, s->latency_ms[i]);
            n++;
        }
    if ((double)n < limits[LEAST_CONSTANT].value)
        return false;
    const bool constant = least == most;
    const struct audit_fact facts[] = {audit_number("failed_with_latency", (double)n),
                                       audit_number("least_ms", least),
                                       audit_number("most_ms", most)};
    report(c, facts, COUNT_OF(facts), constant ? AUDIT_WARN : AUDIT_INFO,
           AUDIT_LATENCY | AUDIT_THROUGHPUT,
           audit_text(out,
                      "%zu samples that are not ok have latencies (%.4g to %.4g ms): they are left "
                      "out here, a mean over the source's column is not",
                      n, least, most),
           out);
    return true;
}

/* ---- one invocation's values in another ---- */

static bool same_values(const double *a, const double *b, size_t n)
{
    return (double)n >= limits[LEAST_EQUAL].value && memcmp(a, b, n * sizeof *a) == 0;
}

static void look_at_invocations(const struct audit_cell *c, struct audit *out)
{
    const struct cell_stats *const s = c->stats;
    for (size_t u = 1; u < s->n_units; u++)
        for (size_t k = 0; k < u; k++) {
            const size_t n = s->start[u + 1] - s->start[u];
            if (s->start[k + 1] - s->start[k] != n || s->x[s->start[u]] != s->x[s->start[k]] ||
                s->min == s->max || !same_values(s->x + s->start[u], s->x + s->start[k], n))
                continue;
            const struct audit_fact facts[] = {
                audit_number("invocation", s->units[u].invocation),
                audit_number("replicate", s->units[u].replicate),
                audit_number("same_as_invocation", s->units[k].invocation),
                audit_number("same_as_replicate", s->units[k].replicate),
                audit_number("samples", (double)n)};
            report(c, facts, COUNT_OF(facts), AUDIT_FAIL, AUDIT_EVERYTHING,
                   audit_text(
                       out,
                       "invocation %d of replicate %d has the %zu latencies of invocation %d of "
                       "replicate %d, digit for digit",
                       s->units[u].invocation, s->units[u].replicate, n, s->units[k].invocation,
                       s->units[k].replicate),
                   out);
            return;
        }
}

static void look_at_cells(const struct audit_whole *w, struct audit *out)
{
    for (size_t i = 1; i < w->n_cells; i++)
        for (size_t k = 0; k < i; k++) {
            const struct cell_stats *const a = w->cells[i].stats, *const b = w->cells[k].stats;
            if (a->n == 0 || a->n != b->n || a->x[0] != b->x[0] || a->min == a->max ||
                !same_values(a->x, b->x, a->n))
                continue;
            const struct folder_key *const key = w->cells[k].key;
            const struct audit_fact facts[] = {
                audit_word("same_as", audit_text(out, "%s %s %s/%s", key->scenario, key->model,
                                                 key->backend, key->precision)),
                audit_number("samples", (double)a->n)};
            report(&w->cells[i], facts, COUNT_OF(facts), AUDIT_FAIL, AUDIT_EVERYTHING,
                   audit_text(out, "its %zu latencies are those of %s, digit for digit", a->n,
                              facts[0].text),
                   out);
            break;
        }
}

/* ---- faster than the weights can be read ---- */

static bool has(const char *text, const char *word)
{
    return strstr(text, word);
}

/* A mixture of experts reads a part of its weights for a token. */
static bool may_be_sparse(const char *model)
{
    static const char *const words[] = {"moe",  "MoE",  "MOE",     "ixtral", "eepseek", "eepSeek",
                                        "-A3B", "-a3b", "gpt-oss", "rok",    "averick", "scout"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (has(model, words[i]))
            return true;
    return false;
}

static double fastest_gb_per_s(const char *backend)
{
    if (has(backend, "-cpu"))
        return limits[CPU].value;
    return limits[has(backend, "-gpu") || has(backend, "tensorrt") ? GPU : SERVER].value;
}

static double weight_bytes(const struct audit_cell *c)
{
    static const char *const wide[] = {"fp32", "fp16", "bf16", "int8"};
    static const double bytes_of[] = {4, 2, 2, 1};
    double params = NOT_MEASURED, bytes = 0.25; /* the narrowest that anyone uses */
    for (size_t i = 0; i < c->n_evidence && isnan(params); i++)
        params = c->evidence[i]->n_params;
    for (size_t i = 0; i < c->n_stated && isnan(params); i++)
        params = 1e6 * c->stated[i].params_millions;
    for (size_t i = 0; i < COUNT_OF(wide); i++)
        if (strcmp(c->key->precision, wide[i]) == 0)
            bytes = bytes_of[i];
    return params * bytes;
}

/* Of a token, or of a whole request where tokens were not counted. */
static double ms_per_pass(const struct audit_cell *c)
{
    const struct cell_stats *const s = c->stats;
    if (s->n > 0) {
        const double batch = c->samples->batch_size[c->rows[0]];
        const double tokens = c->kept->generated_mean / (batch > 1 ? batch : 1);
        return tokens > 1 ? s->median / tokens : s->median;
    }
    for (size_t i = 0; i < c->n_stated; i++) {
        const struct results_row *const r = &c->stated[i];
        const double ms = isnan(r->median_ms) ? r->mean_ms : r->median_ms;
        if (!isnan(ms))
            return r->generated_tokens > 1 ? ms / r->generated_tokens : ms;
    }
    return NOT_MEASURED;
}

static bool look_at_speed(const struct audit_cell *c, struct audit *out)
{
    const double bytes = weight_bytes(c), ms = ms_per_pass(c);
    const double most = fastest_gb_per_s(c->key->backend);
    if (isnan(bytes) || !(ms > 0) || may_be_sparse(c->key->model))
        return false;
    const double gb_per_s = bytes / 1e9 / (ms / 1e3);
    if (gb_per_s <= most)
        return true;
    const struct audit_fact facts[] = {
        audit_number("weights_mb", bytes / 1e6), audit_number("ms_per_pass", ms),
        audit_number("gb_per_s", gb_per_s), audit_number("most_gb_per_s", most)};
    report(c, facts, COUNT_OF(facts), AUDIT_FAIL, AUDIT_EVERYTHING,
           audit_text(out,
                      "%.4g ms for a pass over %.4g MB of weights would take %.4g GB/s, which no "
                      "such device has",
                      ms, bytes / 1e6, gb_per_s),
           out);
    return true;
}

/* ---- rows ---- */

static bool look_at_row(const struct audit_cell *c, const struct results_row *r, struct audit *out)
{
    const double tokens = r->generated_tokens;
    if (r->ttft_ms == r->mean_ms && !(tokens <= 1)) {
        const struct audit_fact facts[] = {audit_number("ttft_ms", r->ttft_ms),
                                           audit_number("mean_ms", r->mean_ms)};
        report(c, facts, COUNT_OF(facts), AUDIT_FAIL, AUDIT_TTFT,
               audit_text(out, "the time to the first token, %.6g ms, is the latency itself",
                          r->ttft_ms),
               out);
    }
    if (r->std_ms == 0 && r->n_samples >= limits[LEAST_EQUAL].value && r->mean_ms > 0) {
        const struct audit_fact facts[] = {audit_number("std_ms", r->std_ms),
                                           audit_number("mean_ms", r->mean_ms),
                                           audit_number("n_samples", r->n_samples)};
        report(c, facts, COUNT_OF(facts), AUDIT_FAIL, AUDIT_EVERYTHING,
               audit_text(out, "%.0f samples without any spread", r->n_samples), out);
    }
    const bool silent = r->tokens_per_s == 0 || r->generated_tokens == 0 || r->tokens == 0;
    if (silent && r->status == STATUS_OK && !(r->prefill_ms > 0) && !(r->prompt_tokens > 0)) {
        const struct audit_fact facts[] = {audit_number("tokens_per_s", r->tokens_per_s),
                                           audit_number("generated_tokens", r->generated_tokens),
                                           audit_number("mean_ms", r->mean_ms)};
        report(c, facts, COUNT_OF(facts), AUDIT_WARN, AUDIT_THROUGHPUT | AUDIT_LATENCY,
               "it is ok and has no token, or 0 tokens/s: an answer whose count was lost is none "
               "that was slow",
               out);
    }
    return silent || (!isnan(r->mean_ms) && (!isnan(r->ttft_ms) || !isnan(r->std_ms)));
}

static void look(const struct audit_cell *c, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of(c);
    bool looked = (double)c->stats->n >= limits[LEAST_EQUAL].value;
    if (c->stats->n > 0) {
        look_at_copies(c, out);
        look_at_variety(c, out);
        look_at_zero(c, out);
        look_at_invocations(c, out);
    }
    looked = look_at_failed(c, out) || looked;
    for (size_t i = 0; i < c->n_stated; i++)
        looked = look_at_row(c, &c->stated[i], out) || looked;
    looked = look_at_speed(c, out) || looked;
    if (!looked)
        audit_not_run(out, "placeholder", &subject,
                      "fewer than three samples, and no row with a spread, a ttft or a model's "
                      "size");
}

const struct audit_check audit_placeholder_checks[] = {
    {.name = "placeholder",
     .rule =
         "fail: ttft, prefill or decode time equal to the latency in all samples of several "
         "tokens; latencies that are all one value, or one of two round values; a latency not "
         "above zero; an invocation or a cell with the latencies of another, digit for digit; "
         "a pass faster than the weights can be read (not asked of mixtures of experts); a row "
         "without any spread. warn: a value that returns in `often` of the samples; two "
         "neighbouring round values; samples (or a row) without a token or with "
         "0 tokens/s; failed samples of a source with one constant latency (info where it varies)",
     .evidence = "column samples_equal_to_latency samples distinct_values commonest_ms times "
                 "without_time without_tokens invocation replicate same_as_invocation "
                 "same_as_replicate same_as weights_mb ms_per_pass gb_per_s most_gb_per_s ttft_ms "
                 "mean_ms std_ms n_samples failed_with_latency least_ms most_ms "
                 "tokens_per_s generated_tokens",
     .blocks = AUDIT_EVERYTHING,
     .limits = limits,
     .n_limits = LIMITS,
     .cell = look,
     .whole = look_at_cells},
    {},
};
