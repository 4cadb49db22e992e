#include "analysis/quality_perplexity.h"

#include "base/arena.h"
#include "io/jsonw.h"
#include "num/moment.h"
#include "num/quantile.h"

#include <math.h>
#include <string.h>

/* ---- sums over clusters ---- */

struct sums { /* [clusters] */
    double *tokens, *bytes, *nll, *baseline, *delta, *kl, *same;
    uint64_t n_tokens, n_compared; /* tokens of all windows; of those with a baseline */
    int64_t n_bytes;               /* -1: of some window unknown */
    uint32_t n;
};

static struct sums sum_up(const struct perplexity_log *log, struct arena *a)
{
    const uint32_t n = log->header.clusters;
    struct sums s = {.n = n};
    double **const columns[] = {&s.tokens, &s.bytes, &s.nll, &s.baseline, &s.delta, &s.kl, &s.same};
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        *columns[i] = ARENA_ARRAY(a, double, n + 1);
    for (uint32_t i = 0; i < log->header.windows; i++) {
        const struct perplexity_log_window *const w = &log->windows[i];
        if (w->tokens == 0)
            continue;
        s.n_tokens += w->tokens;
        s.n_bytes = w->bytes < 0 || s.n_bytes < 0 ? -1 : s.n_bytes + w->bytes;
        s.tokens[w->cluster] += w->tokens;
        s.bytes[w->cluster] += (double)w->bytes;
        s.nll[w->cluster] += w->nll;
        if (isnan(w->baseline_nll) || isnan(w->kl) || w->same_top < 0)
            continue;
        s.n_compared += w->tokens;
        s.baseline[w->cluster] += w->baseline_nll;
        s.delta[w->cluster] += w->nll - w->baseline_nll;
        s.kl[w->cluster] += w->kl;
        s.same[w->cluster] += (double)w->same_top;
    }
    return s;
}

/* ---- perplexity ---- */

static const char *why_none(const struct perplexity_log *log, struct arena *a)
{
    const bool failed = log->ended && log->end.status != STATUS_OK;
    const char *const reason = log->end.reason ? log->end.reason : "no reason was given";
    if (failed)
        return arena_printf(a, "%s: %s", status_name(log->end.status), reason);
    if (!log->begun)
        return "no window was scored";
    if (log->n_windows < log->header.windows)
        return arena_printf(a, "%u of %u windows were scored; the rest is still to be run",
                            log->n_windows, log->header.windows);
    return nullptr;
}

static struct cluster_mean scaled(struct cluster_mean m, double by)
{
    m.estimate *= by;
    m.se *= by;
    m.lo *= by;
    m.hi *= by;
    m.total *= by;
    return m;
}

static void own_part(const struct perplexity_log *log, const struct sums *s, struct arena *a,
                     struct quality_perplexity *q)
{
    q->tokens = s->n_tokens;
    q->bytes = s->n_bytes > 0 ? s->n_bytes : -1;
    q->windows = log->n_windows;
    q->clusters = s->n;
    q->nll = cluster_mean_of(s->nll, s->tokens, s->n);
    q->value = exp(q->nll.estimate);
    q->lo = exp(q->nll.lo);
    q->hi = exp(q->nll.hi);
    q->bits_per_byte = scaled(cluster_mean_of(s->nll, s->bytes, q->bytes > 0 ? s->n : 0), M_LOG2E);
    if (q->bytes < 0)
        q->bytes_reason = log->header.bytes_reason ? log->header.bytes_reason
                                                   : "the bytes of some window are not known";
    if (s->n < 2)
        q->interval_reason = arena_printf(
            a, "the text is one window of %u tokens: an interval needs two blocks at least",
            log->header.window);
}

/* ---- against the baseline ---- */

static const char *why_not_compared(const struct perplexity_log *log, const struct sums *s,
                                    struct arena *a)
{
    if (s->n_compared == s->n_tokens)
        return nullptr;
    if (log->end.baseline_reason)
        return log->end.baseline_reason;
    if (log->header.baseline_reason)
        return log->header.baseline_reason;
    return arena_printf(a, "%llu of %llu tokens were compared", (unsigned long long)s->n_compared,
                        (unsigned long long)s->n_tokens);
}

static void tail_of_kl(const struct perplexity_log *log, const struct sums *s, struct arena *a,
                       struct quality_perplexity *q)
{
    size_t n = 0;
    for (uint32_t i = 0; i < log->header.windows; i++)
        if (!log->windows[i].kl_each)
            return;
    double *const all = ARENA_ARRAY(a, double, s->n_tokens + 1);
    for (uint32_t i = 0; i < log->header.windows; i++) {
        const struct perplexity_log_window *const w = &log->windows[i];
        memcpy(all + n, w->kl_each, w->tokens * sizeof *all);
        n += w->tokens;
    }
    quantile_sort(all, n);
    q->kl_max = n ? all[n - 1] : NOT_MEASURED;
    if (n >= quantile_least_n(0.99))
        q->kl_p99 = quantile_sorted(all, n, 0.99);
}

static void compared_part(const struct perplexity_log *log, const struct sums *s, struct arena *a,
                          struct quality_perplexity *q)
{
    q->compared_reason = why_not_compared(log, s, a);
    if (q->compared_reason)
        return;
    q->baseline_value = exp(moment_sum(s->baseline, s->n) / (double)s->n_tokens);
    q->delta = cluster_mean_of(s->delta, s->tokens, s->n);
    q->increase = expm1(q->delta.estimate);
    q->increase_lo = expm1(q->delta.lo);
    q->increase_hi = expm1(q->delta.hi);
    q->detectable = expm1(cluster_detectable(q->delta.se, q->delta.df, QUALITY_PERPLEXITY_ALPHA,
                                             QUALITY_PERPLEXITY_POWER));
    q->kl = cluster_mean_of(s->kl, s->tokens, s->n);
    q->same_top = cluster_share_of(s->same, s->tokens, s->n);
    tail_of_kl(log, s, a, q);
}

/* ---- gate ---- */

double quality_perplexity_limit(const char *precision)
{
    static const struct {
        const char *precision;
        double limit;
    } rows[] = {{"fp32", 0.001}, {"fp16", 0.005}, {"bf16", 0.005}, {"int8", 0.020}};
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strcmp(rows[i].precision, precision) == 0)
            return rows[i].limit;
    return NOT_MEASURED;
}

static void judge(const char *precision, struct arena *a, struct quality_perplexity *q)
{
    q->verdict = QUALITY_PERPLEXITY_NO_GATE;
    if (q->reason || q->compared_reason) {
        q->verdict_reason = q->reason ? q->reason : q->compared_reason;
    } else if (isnan(q->limit)) {
        q->verdict_reason = arena_printf(a, "there is no limit for %s", precision);
    } else if (isnan(q->increase_hi)) {
        q->verdict = QUALITY_PERPLEXITY_CANNOT_TELL;
        q->verdict_reason = q->interval_reason;
    } else if (q->increase_hi <= q->limit) {
        q->verdict = QUALITY_PERPLEXITY_PASS;
    } else if (q->increase_lo > q->limit) {
        q->verdict = QUALITY_PERPLEXITY_FAIL;
        q->verdict_reason = arena_printf(a, "the increase is %.4g, at least %.4g; the limit is %g",
                                         q->increase, q->increase_lo, q->limit);
    } else {
        q->verdict = QUALITY_PERPLEXITY_CANNOT_TELL;
        q->verdict_reason =
            arena_printf(a,
                         "the increase lies between %.4g and %.4g and the limit %g between them; "
                         "a longer text tells more",
                         q->increase_lo, q->increase_hi, q->limit);
    }
}

void quality_perplexity_of(const struct perplexity_log *log, double limit, struct arena *a,
                           struct quality_perplexity *ret)
{
    const struct cluster_mean none = cluster_mean_of(nullptr, nullptr, 0);
    struct quality_perplexity q = {
        .reason = why_none(log, a),
        .bytes = -1,
        .nll = none,
        .value = NOT_MEASURED,
        .lo = NOT_MEASURED,
        .hi = NOT_MEASURED,
        .bits_per_byte = none,
        .baseline_value = NOT_MEASURED,
        .delta = none,
        .increase = NOT_MEASURED,
        .increase_lo = NOT_MEASURED,
        .increase_hi = NOT_MEASURED,
        .detectable = NOT_MEASURED,
        .kl = none,
        .kl_p99 = NOT_MEASURED,
        .kl_max = NOT_MEASURED,
        .same_top = none,
        .limit = limit,
    };
    if (!q.reason) {
        const struct sums s = sum_up(log, a);
        own_part(log, &s, a, &q);
        compared_part(log, &s, a, &q);
    }
    judge(log->header.precision ? log->header.precision : "it", a, &q);
    *ret = q;
}

const char *quality_perplexity_verdict_name(enum quality_perplexity_verdict v)
{
    static const char *const names[] = {nullptr, "pass", "fail", "cannot tell"};
    return names[v];
}

/* ---- JSON ---- */

static void interval(struct jsonw *w, double lo, double hi)
{
    jsonw_kf64(w, "ci_95_lower", lo);
    jsonw_kf64(w, "ci_95_upper", hi);
}

static bool null_part(struct jsonw *w, const char *key, const char *reason_key, const char *reason)
{
    if (!reason)
        return false;
    jsonw_key(w, key);
    jsonw_null(w);
    jsonw_kstr(w, reason_key, reason);
    return true;
}

static void own_json(const struct quality_perplexity *q, struct jsonw *w)
{
    if (null_part(w, "perplexity", "perplexity_reason", q->reason))
        return;
    jsonw_kobject(w, "perplexity");
    jsonw_kf64(w, "perplexity", q->value);
    interval(w, q->lo, q->hi);
    jsonw_kf64(w, "nll_per_token", q->nll.estimate);
    jsonw_kf64(w, "nll_se", q->nll.se);
    jsonw_kf64(w, "bits_per_byte", q->bits_per_byte.estimate);
    jsonw_kf64(w, "bits_per_byte_ci_95_lower", q->bits_per_byte.lo);
    jsonw_kf64(w, "bits_per_byte_ci_95_upper", q->bits_per_byte.hi);
    if (q->bytes_reason)
        jsonw_kstr(w, "bits_per_byte_reason", q->bytes_reason);
    if (q->interval_reason)
        jsonw_kstr(w, "interval_reason", q->interval_reason);
    jsonw_ki64(w, "tokens", (int64_t)q->tokens);
    jsonw_key(w, "bytes");
    q->bytes < 0 ? jsonw_null(w) : jsonw_i64(w, q->bytes);
    jsonw_ki64(w, "windows", q->windows);
    jsonw_ki64(w, "clusters", q->clusters);
    jsonw_end_object(w);
}

static void difference_json(const struct quality_perplexity *q, struct jsonw *w)
{
    jsonw_kobject(w, "difference");
    jsonw_kf64(w, "baseline_perplexity", q->baseline_value);
    jsonw_kf64(w, "nll_per_token", q->delta.estimate);
    jsonw_kf64(w, "nll_se", q->delta.se);
    jsonw_kf64(w, "relative_increase", q->increase);
    jsonw_kf64(w, "relative_increase_ci_95_lower", q->increase_lo);
    jsonw_kf64(w, "relative_increase_ci_95_upper", q->increase_hi);
    jsonw_kf64(w, "smallest_detectable", q->detectable);
    if (q->interval_reason)
        jsonw_kstr(w, "interval_reason", q->interval_reason);
    jsonw_end_object(w);
    jsonw_kobject(w, "kl");
    jsonw_kf64(w, "mean", q->kl.estimate);
    interval(w, q->kl.lo, q->kl.hi);
    jsonw_kf64(w, "p99", q->kl_p99);
    if (isnan(q->kl_p99))
        jsonw_kstr(w, "p99_reason", "fewer than 100 tokens, or their divergences were not kept");
    jsonw_kf64(w, "max", q->kl_max);
    if (q->interval_reason)
        jsonw_kstr(w, "interval_reason", q->interval_reason);
    jsonw_end_object(w);
    jsonw_kobject(w, "same_top");
    jsonw_kf64(w, "share", q->same_top.estimate);
    interval(w, q->same_top.lo, q->same_top.hi);
    if (q->interval_reason)
        jsonw_kstr(w, "interval_reason", q->interval_reason);
    jsonw_end_object(w);
}

static void compared_json(const struct quality_perplexity *q, struct jsonw *w)
{
    const char *const why = q->reason ? q->reason : q->compared_reason;
    if (!why) {
        difference_json(q, w);
        return;
    }
    (void)null_part(w, "difference", "difference_reason", why);
    (void)null_part(w, "kl", "kl_reason", why);
    (void)null_part(w, "same_top", "same_top_reason", why);
}

void quality_perplexity_json(const struct quality_perplexity *q, struct jsonw *w)
{
    own_json(q, w);
    compared_json(q, w);
    jsonw_kobject(w, "gate");
    jsonw_kf64(w, "limit", q->limit);
    jsonw_kstr(w, "verdict", quality_perplexity_verdict_name(q->verdict));
    jsonw_kstr(w, "reason", q->verdict_reason);
    jsonw_end_object(w);
}
