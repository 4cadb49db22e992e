/* The synthetic engine keeps its law and has its faults. The truth is the law itself, written in
 * the rows; times are bounded below exactly (a law is never undercut) and above by what a busy
 * machine may add. */
#include "driver.h"

#include "test.h"

#include <signal.h>

static const char *chimera;

static bool start(struct driver *d, const char *law, const struct json **ret)
{
    const char *const argv[] = {chimera, "worker", nullptr};
    struct err e = {};
    if (worker_process_start(&(struct worker_options){.argv = argv}, &d->process, &e))
        return false;
    *ret = driver_ask(
        d,
        "{\"op\":\"load\",\"backend\":\"synthetic\",\"precision\":\"fp32\",\"model\":\"m\","
        "\"model_path\":\"\",\"seed\":3,\"options\":{\"synthetic\":\"%s\"}}",
        law);
    return true;
}

static const struct json *run(struct driver *d, uint32_t tokens)
{
    return driver_ask(d,
                      "{\"op\":\"run\",\"id\":1,\"prompts\":[\"0123456789\"],\"max_tokens\":%u,"
                      "\"temperature\":0,\"top_p\":1,\"seed\":1,\"stop_on_eos\":false}",
                      tokens);
}

static double ms_between(const struct json *r, const char *from, const char *to)
{
    return clock_ms(json_i64(json_get(r, to), 0) - json_i64(json_get(r, from), 0));
}

/* Requests 1 and 2 of 10 prompt tokens and 5 new ones. */
static const struct law {
    const char *text;
    double prefill[2], decode[2]; /* ms */
} laws[] = {
    {"prefill_ms=4,per_prompt_token_ms=0.2,decode_ms=3", {6, 6}, {12, 12}},
    {"prefill_ms=4,per_prompt_token_ms=0,decode_ms=1,slow_start=3", {12, 4}, {12, 4}},
    {"prefill_ms=4,per_prompt_token_ms=0,decode_ms=2,drift=50", {4, 6}, {8, 12}},
    {"prefill_ms=2,per_prompt_token_ms=0,decode_ms=1,bimodal=1:4", {8, 8}, {16, 16}},
    {"prefill_ms=2,per_prompt_token_ms=0,decode_ms=1,per_context_token_ms=0.1",
     {2, 2},
     {8.6, 8.6}}, /* positions 10, 11, 12, 13: 4 * 1 + 0.1 * 46 */
    {"zero", {0, 0}, {0, 0}},
};

static void check_law(const struct law *law, struct arena *a)
{
    constexpr double late = 15; /* ms that a busy machine may add to a request */
    struct driver d = {.arena = a, .patience = 30 * DRIVER_SECOND};
    const struct json *r;
    if (!start(&d, law->text, &r))
        return;
    for (int i = 0; i < 2; i++) {
        r = run(&d, 5);
        const double prefill = ms_between(r, "tokenized", "first_token");
        const double decode = ms_between(r, "first_token", "finished");
        CHECK(arena_printf(a, "%s: request %d", law->text, i + 1),
              driver_is(r, "sample") && prefill >= law->prefill[i] - 0.001 &&
                  prefill <= law->prefill[i] + late && decode >= law->decode[i] - late &&
                  decode <= law->decode[i] + late &&
                  prefill + decode >= law->prefill[i] + law->decode[i] - 0.001,
              "prefill %g, decode %g ms", prefill, decode);
    }
    CHECK("ends with its input", driver_end(&d) == 0, "%s", law->text);
}

static void check_refused(const char *law, const char *words, struct arena *a)
{
    struct driver d = {.arena = a, .patience = 30 * DRIVER_SECOND};
    const struct json *r;
    if (!start(&d, law, &r))
        return;
    CHECK(arena_printf(a, "refused: %s", law),
          driver_is(r, "error") && strstr(driver_reason(r), words), "%s", driver_reason(r));
    CHECK("a failed load ends the worker with 1", driver_end(&d) == 1, "%s", law);
}

static void check_faults(struct arena *a)
{
    static const struct {
        const char *law;
        int end;
    } rows[] = {{"zero,crash_at=2", -SIGSEGV}, {"zero,abort_at=2", -SIGABRT}};
    const struct json *r;
    struct driver d = {.arena = a, .patience = 30 * DRIVER_SECOND};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (!start(&d, rows[i].law, &r))
            return;
        CHECK("the request before the fault is answered", driver_is(run(&d, 2), "sample"), "%s",
              rows[i].law);
        CHECK("the faulty one is not", !run(&d, 2), "%s", rows[i].law);
        const int end = driver_end(&d);
        CHECK(rows[i].law, end == rows[i].end, "ended with %d", end);
    }
    if (!start(&d, "zero,fail_at=1", &r))
        return;
    r = run(&d, 2);
    CHECK("fail_at is an error in words",
          driver_is(r, "error") && strstr(driver_reason(r), "as asked"), "%s", driver_reason(r));
    CHECK("and the next request is answered", driver_is(run(&d, 2), "sample"), "no sample");
    (void)driver_end(&d);
    if (!start(&d, "zero,memory_mb_at=2:200", &r))
        return;
    const int64_t before = json_i64(json_get(run(&d, 1), "peak_rss_bytes"), 0);
    const int64_t after = json_i64(json_get(run(&d, 1), "peak_rss_bytes"), 0);
    CHECK("memory_mb_at takes its megabytes", after - before > 190'000'000, "%lld bytes",
          (long long)(after - before));
    (void)driver_end(&d);
    d.patience = DRIVER_SECOND / 2;
    if (!start(&d, "zero,hang_at=1", &r))
        return;
    CHECK("hang_at hangs", !run(&d, 1), "it answered");
    d.process = worker_process_free(d.process);
}

int main(int argc, char **argv)
{
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)1 << 28);
    if (argc != 2)
        return 2;
    chimera = argv[1];
    for (size_t i = 0; i < COUNT_OF(laws); i++)
        check_law(&laws[i], a);
    check_refused("prefil_ms=3", "did you mean 'prefill_ms'", a);
    check_refused("prefill_ms=fast", "not a number", a);
    check_refused("noise=weibull:1", "lognormal", a);
    check_refused("bimodal=2:3", "more than 1", a);
    check_refused("fail_load", "as asked", a);
    check_faults(a);
    return test_done();
}
