#include "analysis/audit_scale.h"

#include "analysis/cell.h"
#include "base/defs.h"
#include "store/results.h"

#include <math.h>

enum { NEAR, SHARE, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [NEAR] = {"near", 1.6,
              "times a power of a thousand: a rate of the decoding alone, or one over some idle "
              "time, lies this near"},
    [SHARE] = {"share", 0.9, "of the samples that say both: one unit is all of them's"},
};

/* Tokens that are stated, over those that the stated rate makes in the latency: near 1000 where the
 * latency is in seconds and called milliseconds. */
struct scale {
    size_t known, thousand, million, thousandth, millionth;
    double sum_of_logs;
};

static bool near(double x, double power)
{
    return fabs(log(x / power)) <= log(limits[NEAR].value);
}

static void add(struct scale *s, double tokens, double rate, double ms)
{
    const double x = tokens / (rate * ms / 1e3);
    if (!(tokens > 0) || !(rate > 0) || !(ms > 0) || !isfinite(x))
        return;
    s->known++;
    s->sum_of_logs += log(x);
    s->thousand += near(x, 1e3);
    s->million += near(x, 1e6);
    s->thousandth += near(x, 1e-3);
    s->millionth += near(x, 1e-6);
}

static double either(double generated, double all)
{
    return generated > 0 ? generated : all;
}

static struct scale scale_of(const struct audit_cell *c)
{
    struct scale s = {};
    const struct results_samples *const x = c->samples;
    for (size_t i = 0; i < c->stats->n; i++) {
        const size_t row = c->rows[i];
        add(&s, either((double)x->generated_tokens[row], x->tokens[row]), x->tokens_per_s[row],
            c->stats->x[i]);
    }
    for (size_t i = 0; c->stats->n == 0 && i < c->n_stated; i++) {
        const struct results_row *const r = &c->stated[i];
        add(&s, either(r->generated_tokens, r->tokens), r->tokens_per_s,
            isnan(r->mean_ms) ? r->median_ms : r->mean_ms);
    }
    return s;
}

static void look_at_scale(const struct audit_cell *c, struct audit *out)
{
    const struct scale s = scale_of(c);
    const struct audit_subject subject = audit_subject_of(c);
    if (s.known == 0) {
        audit_not_run(out, "time-unit", &subject,
                      "no rate of the source beside a latency and a count of tokens");
        return;
    }
    const double most = limits[SHARE].value * (double)s.known;
    const bool small = (double)s.thousand >= most || (double)s.million >= most,
               large = (double)s.thousandth >= most || (double)s.millionth >= most;
    if (!small && !large)
        return;
    const double ratio = exp(s.sum_of_logs / (double)s.known);
    const struct audit_fact facts[] = {audit_number("stated_over_made", ratio),
                                       audit_number("samples", (double)s.known)};
    audit_add(
        out,
        &(struct audit_finding){
            .check = "time-unit",
            .severity = small ? AUDIT_FAIL : AUDIT_INFO,
            .subject = subject,
            .facts = facts,
            .n_facts = COUNT_OF(facts),
            .message = small ? audit_text(out,
                                          "the tokens that are stated are %.4g times those that "
                                          "tokens/s makes in the latency: one of the two is in "
                                          "another unit than its name says",
                                          ratio)
                             : audit_text(out,
                                          "tokens/s makes %.4g times the stated tokens in the "
                                          "latency: so many requests ran at once, or one of the "
                                          "two is in another unit than its name says",
                                          1 / ratio),
            .advice = "look up the unit in the source, and import it with --map "
                      "latency_ms=COLUMN:s (us, ns)",
            .blocks = small ? AUDIT_LATENCY | AUDIT_THROUGHPUT | AUDIT_COST : 0});
}

const struct audit_check audit_scale_checks[] = {
    {.name = "time-unit",
     .rule = "of a source's tokens/s, latency and tokens, where the three do not go together by "
             "(near) a power of a thousand, in `share` of the samples: fail: more tokens than rate "
             "and time make; info: fewer, which requests at once may explain",
     .evidence = "stated_over_made samples",
     .blocks = AUDIT_LATENCY | AUDIT_THROUGHPUT | AUDIT_COST,
     .limits = limits,
     .n_limits = LIMITS,
     .cell = look_at_scale},
    {},
};
