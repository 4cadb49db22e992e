#include "backend/backend.h"
#include "base/arena.h"
#include "base/defs.h"
#include "domain/experiment.h"
#include "io/file.h"
#include "lab/experiment_file.h"
#include "lab/plan.h"
#include "lab/plan_estimate.h"
#include "lab/plan_filter.h"
#include "test.h"

#include <stdlib.h>

struct planned {
    struct experiment x;
    struct plan p;
};

/* Every backend is here and every model is a GPT-2 of a million weights: what remains is the
 * matrix. */
static enum err_code plan(struct arena *a, const struct experiment *x, const struct opt_list *only,
                          struct plan *ret, struct err *e)
{
    struct plan_backend *const backends = ARENA_ARRAY(a, struct plan_backend, x->n_backends);
    for (uint32_t i = 0; i < x->n_backends; i++) {
        backends[i].backend = backend_find(x->backends[i], &backends[i].fixed_precision);
        backends[i].available = true;
    }
    struct model_facts *const facts = ARENA_ARRAY(a, struct model_facts, x->n_models);
    for (uint32_t i = 0; i < x->n_models; i++)
        facts[i] = (struct model_facts){.kind = MODEL_HF,
                                        .name = x->models[i].name,
                                        .path = "/nonexistent",
                                        .architecture = "gpt2",
                                        .n_layers = 2,
                                        .d_model = 100,
                                        .params = 1'000'000,
                                        .weight_bytes = 4'000'000};
    const struct plan_filter filter = {only};
    return plan_build(x, backends, facts, only ? &filter : nullptr, a, ret, e);
}

static bool read_example(struct arena *a, const char *name, struct planned *ret)
{
    const char *const tests = getenv("CHIMERA_TESTS");
    const char *const path =
        file_join(a, file_join(a, tests ? tests : "tests", "../examples"), name);
    struct err e = {};
    const bool ok =
        !experiment_file_read(path, a, &ret->x, &e) && !plan(a, &ret->x, nullptr, &ret->p, &e);
    CHECK(name, ok, "%s", e.msg);
    return ok;
}

static void matrices(struct arena *a)
{
    static struct planned p;
    if (read_example(a, "matrix-126.yaml", &p))
        CHECK("6 x 7 x 3 is 126 cells", p.p.n_cells == 126, "%zu", (size_t)p.p.n_cells);
    if (read_example(a, "tr117-tier3.yaml", &p)) {
        CHECK("9 x 3 x 7 x 3 is 567 cells", p.p.n_cells == 567, "%zu", (size_t)p.p.n_cells);
        CHECK("7 repetitions", p.x.repetitions == 7, "%u", p.x.repetitions);
        uint64_t sum = 0, told = 0;
        for (int s = 0; s < STATUS_COUNT; s++)
            sum += p.p.cells_by_status[s];
        for (uint32_t i = 1; i < p.p.n_reasons; i++)
            told += p.p.reasons[i].cells;
        CHECK("every cell has a status", sum == 567, "%zu", (size_t)sum);
        CHECK("and each that does not run a reason", told == 567 - p.p.cells_by_status[STATUS_OK],
              "%zu", (size_t)told);
    }
    (void)read_example(a, "tr117-local.yaml", &p);
    (void)read_example(a, "demo.yaml", &p);
}

/* One model, three precisions that ONNX Runtime and llama.cpp share in part, four scenarios. */
static struct experiment small(uint32_t invocations, bool shuffle, uint64_t seed)
{
    static const char *const prompts[] = {"abcdefgh", "abcd", "x"};
    static const struct prompt_set sets[] = {{"p", prompts, 3}};
    static const struct scenario scenarios[] = {
        {.name = "one", .mode = MODE_SINGLE, .batch_size = 1, .max_tokens = 10},
        {.name = "four", .mode = MODE_BATCH, .batch_size = 2, .max_tokens = 10},
        {.name = "two", .mode = MODE_DUAL, .batch_size = 1, .max_tokens = 5},
        {.name = "load", .mode = MODE_LOAD, .batch_size = 1, .max_tokens = 5},
    };
    static const struct experiment_model models[] = {{.name = "a/m"}, {.name = "n"}};
    static const char *const backends[] = {"onnxruntime-cpu", "llamacpp-cpu", "tensorrt-fp16"};
    static const char *const precisions[] = {"fp32", "fp16", "int8"};
    return (struct experiment){.path = "x.yaml",
                               .prompt_sets = sets,
                               .scenarios = scenarios,
                               .models = models,
                               .backends = backends,
                               .precisions = precisions,
                               .n_prompt_sets = 1,
                               .n_scenarios = 4,
                               .n_models = 2,
                               .n_backends = 3,
                               .n_precisions = 3,
                               .repetitions = 5,
                               .invocations = invocations,
                               .warmup_runs = 1,
                               .seed = seed,
                               .shuffle = shuffle};
}

static bool permutation(const struct plan *p, uint32_t block)
{
    bool seen[64] = {};
    for (uint32_t i = 0; i < p->n_configurations; i++) {
        const uint32_t k = plan_configuration_at(p, block, i);
        if (k >= p->n_configurations || seen[k])
            return false;
        seen[k] = true;
        bool scenario[8] = {};
        uint32_t order[8];
        plan_scenarios_at(p, block, k, order);
        for (uint32_t s = 0; s < p->n_scenarios; s++) {
            if (order[s] >= p->n_scenarios || scenario[order[s]])
                return false;
            scenario[order[s]] = true;
        }
    }
    return true;
}

static void orders(struct arena *a)
{
    const struct experiment x = small(200, true, 42), again = small(200, true, 42),
                            other = small(200, true, 43), fixed = small(2, false, 42);
    struct plan p, q, r, f;
    struct err e = {};
    if (plan(a, &x, nullptr, &p, &e) || plan(a, &again, nullptr, &q, &e) ||
        plan(a, &other, nullptr, &r, &e) || plan(a, &fixed, nullptr, &f, &e)) {
        CHECK("plans", false, "%s", e.msg);
        return;
    }
    bool every = true, same = true, differs = false;
    uint32_t first[64] = {}, blocks_differ = 0;
    for (uint32_t b = 0; b < 200; b++) {
        every &= permutation(&p, b);
        first[plan_configuration_at(&p, b, 0)]++;
        for (uint32_t i = 0; i < p.n_configurations; i++) {
            same &= plan_configuration_at(&p, b, i) == plan_configuration_at(&q, b, i);
            differs |= plan_configuration_at(&p, b, i) != plan_configuration_at(&r, b, i);
            blocks_differ += plan_configuration_at(&p, b, i) != plan_configuration_at(&p, 0, i);
        }
    }
    CHECK("every block is a permutation, of scenarios too", every, "not");
    CHECK("a seed gives one order", same, "two");
    CHECK("another seed another", differs, "the same");
    CHECK("blocks have orders of their own", blocks_differ > 1000, "%u", blocks_differ);
    /* 200 draws of 18: each is first 11.1 times in the mean; 0 has a chance of 18 * exp(-11.4) =
     * 2e-4, and 30 of about 18 * 5e-6. The seed is fixed, so this holds always or never. */
    bool fair = true;
    for (uint32_t i = 0; i < p.n_configurations; i++)
        fair &= first[i] > 0 && first[i] < 30;
    CHECK("none is always first", fair, "unfair");
    bool in_order = true;
    uint32_t order[8];
    plan_scenarios_at(&f, 1, 3, order);
    for (uint32_t i = 0; i < f.n_configurations; i++)
        in_order &= plan_configuration_at(&f, 1, i) == i && (i > 3 || order[i] == i);
    CHECK("fixed is the file's order", in_order, "not");
}

static void statuses(struct arena *a)
{
    const struct experiment x = small(3, true, 42);
    struct plan p;
    struct err e = {};
    if (plan(a, &x, nullptr, &p, &e)) {
        CHECK("plans", false, "%s", e.msg);
        return;
    }
    /* 2 models x (onnxruntime: fp32, int8; llama.cpp: all 3; tensorrt-fp16: fp16) x the 3 scenarios
     * that are no load */
    CHECK("runnable", p.cells_by_status[STATUS_OK] == 36, "%zu",
          (size_t)p.cells_by_status[STATUS_OK]);
    CHECK("load waits for its generator", p.cells_by_status[STATUS_UNAVAILABLE] == 12, "%zu",
          (size_t)p.cells_by_status[STATUS_UNAVAILABLE]);
    CHECK("onnxruntime fp16, tensorrt-fp16 fp32 and int8",
          p.cells_by_status[STATUS_INCOMPATIBLE] == 24, "%zu",
          (size_t)p.cells_by_status[STATUS_INCOMPATIBLE]);
    const char *const why = plan_cell_reason(&p, 6, 0); /* model 0, tensorrt-fp16, fp32 */
    CHECK("a name that fixes its precision says so",
          why && strstr(why, "tensorrt-fp16 is tensorrt at fp16 only"), "%s", why);
    CHECK("no reason where it runs",
          !plan_cell_reason(&p, 0, 0) && plan_cell_status(&p, 0, 0) == STATUS_OK, "reason");
    CHECK("a configuration that runs",
          plan_configuration_runs(&p, 0) && !plan_configuration_runs(&p, 1), "differs");
}

static enum err_code filtered(struct arena *a, const struct experiment *x, const char *one,
                              const char *two, struct plan *ret, struct err *e)
{
    const char **const words = ARENA_ARRAY(a, const char *, 2);
    words[0] = one;
    words[1] = two;
    struct opt_list *const only = ARENA_ARRAY(a, struct opt_list, 1);
    *only = (struct opt_list){words, two ? 2 : 1};
    return plan(a, x, only, ret, e);
}

static void filters(struct arena *a)
{
    const struct experiment x = small(3, true, 42);
    struct plan p;
    struct err e = {};
    static const struct {
        const char *one, *two;
        uint64_t cells;
    } rows[] = {
        {"backend=onnx*", nullptr, 24},        {"backend=onnx*", "backend=llama*", 48},
        {"backend=onnx*", "model=n", 12},      {"model=a*", "scenario=[of]*", 18},
        {"precision=fp32", "scenario=one", 6}, {"model=*m", nullptr, 36},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const enum err_code code = filtered(a, &x, rows[i].one, rows[i].two, &p, &e);
        CHECK(rows[i].one, code == ERR_OK && p.n_cells == rows[i].cells, "%zu, want %zu %s",
              (size_t)p.n_cells, (size_t)rows[i].cells, e.msg);
    }
    CHECK("what is left out is skipped",
          filtered(a, &x, "model=n", nullptr, &p, &e) == ERR_OK &&
              plan_cell_status(&p, 0, 0) == STATUS_SKIPPED,
          "%s", e.msg);
    static const struct {
        const char *word, *want;
    } wrong[] = {
        {"backends=x", "no key 'backends'; did you mean 'backend'?"},
        {"onnx", "'onnx' is no KEY=GLOB"},
        {"backend=onnxruntime-cup", "did you mean 'onnxruntime-cpu'?"},
        {"scenario=z*", "matches no scenario of the experiment; it has one"},
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        CHECK(wrong[i].word,
              filtered(a, &x, wrong[i].word, nullptr, &p, &e) == ERR_USAGE &&
                  strstr(e.msg, wrong[i].want),
              "%s", e.msg);
}

/* By hand: 3 prompts, 1 warm-up pass, 5 repetitions; per invocation
 *   one:  1 + 3 + 15 = 19 requests, four: 1 + 2 + 10 = 13 (2 batches a pass), two: 2 * 19 = 38 (two
 * agents) steps: 19 * 10 + 13 * 10 + 38 * 5 = 510 at fp32 a step reads 4 MB: 510 * 4e6 / 1e9 = 2.04
 * s, loading 4e-3 s, starting 0.5 s, times 3 invocations. */
static void estimates(struct arena *a)
{
    const struct experiment x = small(3, true, 42);
    struct plan p;
    struct err e = {};
    if (plan(a, &x, nullptr, &p, &e)) {
        CHECK("plans", false, "%s", e.msg);
        return;
    }
    struct plan_work w;
    struct plan_estimate one;
    const struct plan_machine m = {.bandwidth = 1e9}, unknown = {.bandwidth = NOT_MEASURED};
    plan_estimate_work(&p, &w);
    CHECK("requests", w.cold == 4 && w.warmup == 3 + 2 + 6 && w.measured == 15 + 10 + 30,
          "%zu %zu %zu", (size_t)w.cold, (size_t)w.warmup, (size_t)w.measured);
    CHECK_NEAR("steps", w.steps, 510, 0);
    plan_estimate_configuration(&p, &w, &m, 0, &one);
    CHECK_NEAR("seconds", one.seconds, 3 * (2.04 + 0.004 + 0.5), 1e-12);
    CHECK_NEAR("an ONNX file of 4 MB", one.disk_mb, 4, 1e-12);
    /* the largest cache: 2 sequences of 2 + 10 tokens, 2 layers of 100, keys and values, 4 bytes */
    CHECK_NEAR("three workers of 4 MB and their caches: a dual's two and the others' one",
               one.memory_mb, 3 * (4 + 24.0 * 2 * 2 * 100 * 4 / 1e6 + 100), 1e-12);
    plan_estimate_configuration(&p, &w, &unknown, 0, &one);
    CHECK("unknown has a reason", isnan(one.seconds) && one.why_unknown, "%g", one.seconds);
    plan_estimate_configuration(&p, &w, &m, 1, &one);
    CHECK("what does not run takes nothing known",
          isnan(one.seconds) && isnan(one.memory_mb) && one.why_unknown, "%g", one.seconds);
    struct plan_total t;
    plan_estimate_total(&p, &w, &m, &t);
    CHECK("workers: 12 configurations x 3 invocations x 1 and a dual's 2", t.workers == 108, "%zu",
          (size_t)t.workers);
    CHECK("tensorrt's time is unknown", t.unknown == 2, "%zu", (size_t)t.unknown);
}

static void too_many(struct arena *a)
{
    struct experiment x = small(3, true, 42);
    x.n_models = x.n_scenarios = 1'000'000;
    struct plan p = {.n_cells = 5};
    struct err e = {};
    CHECK("a matrix beyond the bound",
          plan_build(&x, nullptr, nullptr, nullptr, a, &p, &e) == ERR_LIMIT && p.n_cells == 5, "%s",
          e.msg);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(256U << 20);
    matrices(a);
    orders(a);
    statuses(a);
    filters(a);
    estimates(a);
    too_many(a);
    return test_done();
}
