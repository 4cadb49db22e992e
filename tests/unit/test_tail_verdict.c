/* tests/oracle/stats/mlperf_early_stopping.json: the rule's table, computed exactly in mpmath. */
#include "num/tail_verdict.h"
#include "oracle.h"

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(16U << 20);
    struct json_iter it =
        json_iter(json_get(oracle_read("stats/mlperf_early_stopping.json", a), "rows"));
    size_t rows = 0, wrong = 0;
    for (const struct json *c; (c = json_next(&it, nullptr)); rows++) {
        const struct tail_verdict_rule r = {
            .p = strtod(json_str(json_get(c, "percentile"), ""), nullptr),
            .tolerance = oracle_number(c, "d"),
            .confidence = oracle_number(c, "c")};
        const size_t h = tail_verdict_under(&r, (size_t)oracle_number(c, "t_over"));
        if (h != (size_t)oracle_number(c, "h_min_under")) {
            printf("# p %g over %g: %zu, want %g\n", r.p, oracle_number(c, "t_over"), h,
                   oracle_number(c, "h_min_under"));
            wrong++;
        }
    }
    CHECK("every row of the table", rows >= 75 && wrong == 0, "%zu of %zu wrong", wrong, rows);

    const struct tail_verdict_rule p99 = {0.99, 0, 0.99};
    double x[1001];
    for (size_t i = 0; i < COUNT_OF(x); i++)
        x[i] = (double)i;
    CHECK("458 under and none over: not yet",
          tail_verdict_of(&p99, x, 458, 1e9).verdict == TAIL_VERDICT_UNDECIDED, "decided");
    CHECK("459: pass", tail_verdict_of(&p99, x, 459, 1e9).verdict == TAIL_VERDICT_PASS, "no");
    const struct tail_verdict_result one = tail_verdict_of(&p99, x, 662, 660);
    CHECK("661 under, one over: pass", one.verdict == TAIL_VERDICT_PASS && one.over == 1, "%zu",
          one.over);
    CHECK("half over: fail", tail_verdict_of(&p99, x, 100, 49).verdict == TAIL_VERDICT_FAIL, "no");
    CHECK_NEAR("661 queries vouch for no p99", tail_verdict_estimate(&p99, x, 661), NOT_MEASURED,
               0);
    CHECK_NEAR("662: the largest", tail_verdict_estimate(&p99, x, 662), 661, 0);
    CHECK_NEAR("1001: t = 3, two dropped", tail_verdict_estimate(&p99, x, 1001), 998, 0);
    x[5] = NOT_MEASURED;
    CHECK("a missing latency is over the limit", tail_verdict_of(&p99, x, 20, 1e9).over == 1, "no");
    const struct tail_verdict_rule odd = {1, 0, 0.99};
    CHECK("p100 has no rule", tail_verdict_under(&odd, 0) == 0, "one");
    return test_done();
}
