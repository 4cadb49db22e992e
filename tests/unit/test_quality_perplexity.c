#include "analysis/quality_perplexity.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "test.h"

#include <string.h>

/* Five windows in three blocks; the results by numpy 2.4.6 and scipy 1.17.1 from the formulas of
 * num/cluster.h. */
static const double kl_each[10] = {0.001, 0.009, 0.02, 0, 0, 0, 0, 0, 0, 0.01};
static struct perplexity_log_window windows[] = {
    {0, 0, 1, 9, 40, 30.5, 30, 0.05, 9, kl_each},
    {1, 0, 10, 10, 44, 28.25, 28.5, 0.04, 9, kl_each},
    {2, 1, 20, 10, 39, 35, 34.5, 0.06, 10, kl_each},
    {3, 1, 30, 10, 45, 31.75, 31.5, 0.05, 8, kl_each},
    {4, 2, 40, 6, 30, 20.5, 20.25, 0.03, 6, kl_each},
};

static struct perplexity_log log_of(void)
{
    return (struct perplexity_log){
        .header = {.backend = "b",
                   .precision = "int8",
                   .baseline = "b:fp32",
                   .windows = 5,
                   .window = 20,
                   .clusters = 3},
        .begun = true,
        .windows = windows,
        .n_windows = 5,
        .ended = true,
    };
}

static void test_figures(struct arena *a)
{
    struct quality_perplexity q;
    const struct perplexity_log log = log_of();
    quality_perplexity_of(&log, 0.1, a, &q);
    CHECK("there is a perplexity", !q.reason && q.tokens == 45 && q.bytes == 198, "%s", q.reason);
    CHECK_NEAR("perplexity", q.value, 25.647457514046433, 1e-13);
    CHECK_NEAR("its interval, lower", q.lo, 16.838995615901222, 1e-12);
    CHECK_NEAR("upper", q.hi, 39.063617090894518, 1e-12);
    CHECK_NEAR("nats per token", q.nll.estimate, 3.2444444444444445, 1e-15);
    CHECK_NEAR("their standard error", q.nll.se, 0.097787831507069753, 1e-12);
    CHECK_NEAR("bits per byte", q.bits_per_byte.estimate, 1.0638054341908518, 1e-13);
    CHECK_NEAR("their interval, lower", q.bits_per_byte.lo, 0.83361070643148039, 1e-12);
    CHECK_NEAR("upper", q.bits_per_byte.hi, 1.2940001619502233, 1e-12);
    CHECK_NEAR("the baseline's perplexity", q.baseline_value, 24.944832004812895, 1e-13);
    CHECK_NEAR("paired difference", q.delta.estimate, 0.027777777777777776, 1e-14);
    CHECK_NEAR("its standard error", q.delta.se, 0.0095029656286053418, 1e-12);
    CHECK_NEAR("relative increase", q.increase, 0.028167177437714387, 1e-13);
    CHECK_NEAR("its interval, lower", q.increase_lo, -0.013024619101363509, 1e-12);
    CHECK_NEAR("upper", q.increase_hi, 0.071078129423782152, 1e-12);
    CHECK_NEAR("the smallest that would have been seen", q.detectable, 0.052288565132697418, 1e-12);
    CHECK_NEAR("mean divergence", q.kl.estimate, 0.0051111111111111114, 1e-14);
    CHECK_NEAR("its standard error", q.kl.se, 0.00028739722522373273, 1e-12);
    CHECK_NEAR("the largest", q.kl_max, 0.02, 0);
    CHECK("no p99 of 45 tokens", isnan(q.kl_p99), "%g", q.kl_p99);
    CHECK_NEAR("same top token", q.same_top.estimate, 0.93333333333333335, 1e-15);
    CHECK("its interval lies within [0, 1]",
          q.same_top.lo > 0.5 && q.same_top.lo < q.same_top.estimate && q.same_top.hi <= 1, "%g",
          q.same_top.hi);
}

/* The interval of the increase is -0.0130 .. 0.0711. */
static void test_gate(struct arena *a)
{
    static const struct {
        const char *name;
        double limit;
        enum quality_perplexity_verdict want;
    } rows[] = {
        {"all of it within the limit", 0.072, QUALITY_PERPLEXITY_PASS},
        {"the limit is in it", 0.02, QUALITY_PERPLEXITY_CANNOT_TELL},
        {"the estimate is within the limit, its interval is not", 0.05,
         QUALITY_PERPLEXITY_CANNOT_TELL},
        {"all of it over the limit", -0.02, QUALITY_PERPLEXITY_FAIL},
        {"no limit", NOT_MEASURED, QUALITY_PERPLEXITY_NO_GATE},
    };
    const struct perplexity_log log = log_of();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct quality_perplexity q;
        quality_perplexity_of(&log, rows[i].limit, a, &q);
        CHECK(rows[i].name, q.verdict == rows[i].want, "%d: %s", q.verdict, q.verdict_reason);
        CHECK("a reason where it does not pass",
              !q.verdict_reason == (rows[i].want == QUALITY_PERPLEXITY_PASS), "%s",
              q.verdict_reason);
    }
    /* The contract's numbers. */
    CHECK("limits",
          quality_perplexity_limit("fp32") == 0.001 && quality_perplexity_limit("fp16") == 0.005 &&
              quality_perplexity_limit("bf16") == 0.005 &&
              quality_perplexity_limit("int8") == 0.020,
          "others");
    CHECK("none for int4", isnan(quality_perplexity_limit("int4")), "one");
}

static void test_missing(struct arena *a)
{
    struct quality_perplexity q;
    struct perplexity_log log = log_of();
    log.ended = false;
    log.n_windows = 3;
    quality_perplexity_of(&log, 0.02, a, &q);
    CHECK("a part is no perplexity", isnan(q.value) && strstr(q.reason, "3 of 5 windows"), "%s",
          q.reason);
    CHECK("and no gate", q.verdict == QUALITY_PERPLEXITY_NO_GATE && q.verdict_reason, "%d",
          q.verdict);

    log = (struct perplexity_log){.ended = true,
                                  .end = {.status = STATUS_INCOMPATIBLE, .reason = "too small"}};
    quality_perplexity_of(&log, 0.02, a, &q);
    CHECK("a failure is told", isnan(q.value) && strcmp(q.reason, "incompatible: too small") == 0,
          "%s", q.reason);

    struct perplexity_log_window some[5];
    memcpy(some, windows, sizeof some);
    some[3].baseline_nll = some[3].kl = NOT_MEASURED;
    some[3].same_top = -1;
    log = log_of();
    log.windows = some;
    log.end.baseline_reason = "the baseline crashed";
    quality_perplexity_of(&log, 0.02, a, &q);
    CHECK_NEAR("without the baseline there is still a perplexity", q.value, 25.647457514046433,
               1e-13);
    CHECK("and no comparison in part",
          isnan(q.increase) && strcmp(q.compared_reason, "the baseline crashed") == 0, "%s",
          q.compared_reason);

    some[3] = windows[3];
    some[2].bytes = -1;
    quality_perplexity_of(&log, 0.02, a, &q);
    CHECK("bytes of a window unknown: no bits per byte",
          isnan(q.bits_per_byte.estimate) && q.bytes_reason, "%g", q.bits_per_byte.estimate);

    log.header.windows = log.header.clusters = log.n_windows = 1;
    quality_perplexity_of(&log, 0.02, a, &q);
    CHECK("one window: no interval, cannot tell",
          isnan(q.lo) && q.interval_reason && q.verdict == QUALITY_PERPLEXITY_CANNOT_TELL, "%d",
          q.verdict);
    CLEANUP(str_done) struct str out = {};
    struct jsonw w = {.out = &out};
    const struct json *doc;
    struct err e = {};
    jsonw_object(&w);
    quality_perplexity_json(&q, &w);
    jsonw_end_object(&w);
    CHECK("JSON", json_parse(out.text, out.n, "", a, &doc, &e) == ERR_OK, "%s", e.msg);
    const struct json *const p = json_get(doc, "perplexity");
    CHECK("null beside a reason",
          json_is_null(json_get(p, "ci_95_lower")) && json_is_str(json_get(p, "interval_reason")),
          "%s", out.text);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(64U << 20);
    test_figures(a);
    test_gate(a);
    test_missing(a);
    return test_done();
}
