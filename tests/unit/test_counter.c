/* By hand. 262143328850 uJ is the range of a common package counter. */
#include "num/counter.h"
#include "test.h"

constexpr nsec_t S = 1000000000;
constexpr uint64_t RANGE = 262143328850;

int main(void)
{
    const struct counter_source rapl = {RANGE, 500e6}; /* 500 W in uJ */
    const struct counter_source plain = {RANGE, 0};

    const struct counter_reading good[] = {
        {0, 1000, false}, {S, 51000, false}, {2 * S, 91000, false}};
    struct counter_total t = counter_total(&rapl, good, 3);
    CHECK_NEAR("the sum of the steps", t.total, 90000, 0);
    CHECK("all good", t.good == 3 && t.missing == 0 && t.wraps == 0 && t.why == nullptr, "-");

    /* A tool that takes a failed read for 0 adds RANGE - 51000 + 91000 here. */
    const struct counter_reading failed[] = {
        {0, 1000, false}, {S, 51000, false}, {S + S / 2, 0, true}, {2 * S, 91000, false}};
    t = counter_total(&plain, failed, 4);
    CHECK_NEAR("a failed read is missing, and nothing is lost", t.total, 90000, 0);
    CHECK("it is counted, and is no wrap", t.missing == 1 && t.wraps == 0, "%zu %zu", t.missing,
          t.wraps);

    const struct counter_reading wrap[] = {
        {0, RANGE - 100, false}, {S, 0, true}, {2 * S, 50, false}};
    t = counter_total(&rapl, wrap, 3);
    CHECK_NEAR("a wrap across a failed read", t.total, 150, 0);
    CHECK("one wrap", t.wraps == 1, "%zu", t.wraps);
    CHECK_NEAR("the longest gap", (double)t.longest_gap, 2e9, 0);

    const struct counter_reading zero[] = {
        {0, 90000000, false}, {S, 0, false}, {2 * S, 90050000, false}};
    t = counter_total(&rapl, zero, 3);
    CHECK_NEAR("a reading of 0 in between is no 262 kJ", t.total, NOT_MEASURED, 0);
    CHECK("and says why", t.why && strstr(t.why, "grew by more"), "%s", t.why ? t.why : "-");

    const struct counter_reading back[] = {{0, 500, false}, {S, 400, false}};
    t = counter_total(&(struct counter_source){0, 0}, back, 2);
    CHECK("backwards without a range", isnan(t.total) && strstr(t.why, "backwards"), "%s", t.why);

    const struct counter_reading late[] = {{0, 500, false}, {2000 * S, 400, false}};
    t = counter_total(&rapl, late, 2); /* 1 MJ may have gone by: nearly four rounds */
    CHECK("a gap of more than one round", isnan(t.total) && strstr(t.why, "more than once"), "%s",
          t.why);

    t = counter_total(&rapl, failed + 2, 2);
    CHECK("one reading is no difference", isnan(t.total) && strstr(t.why, "fewer"), "%s", t.why);
    CHECK_NEAR("nor is none", counter_total(&rapl, failed, 0).total, NOT_MEASURED, 0);
    const struct counter_reading above[] = {{0, RANGE + 5, false}, {S, 10, false}};
    CHECK_NEAR("above its range", counter_total(&rapl, above, 2).total, NOT_MEASURED, 0);
    return test_done();
}
