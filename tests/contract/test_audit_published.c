/* Faults of identity, time, tokens, power and energy as they stand in tables that others published
 * (TR117 to TR123): a hundred seeds each, as in test_audit_faults.c, with a clean twin.
 * usage: test_audit_published [CHECK] */
#include "audit_fixture.h"
#include "plants.h"

#include <math.h>
#include <stdio.h>

static const char *const S = "chat", *const M = "gpt2";
static const char *const scenarios[] = {"micro", "short", "medium", "long", "stress"};

static double some(struct fixture *f, double median, double sigma)
{
    return fixture_lognormal(f, median, sigma);
}

static size_t some_n(struct fixture *f)
{
    static const size_t sizes[] = {7, 10, 14, 30, 91};
    return sizes[rng_below(&f->rng, COUNT_OF(sizes))];
}

/* ---- what ran ---- */

static void labels(struct fixture *f, const char *const backends[2], const char *const types[2],
                   double ratio)
{
    const size_t n = some_n(f);
    f->imported = true;
    for (size_t s = 0; s < COUNT_OF(scenarios); s++)
        for (size_t k = 0; k < 2; k++)
            fixture_fill(f, fixture_cell(f, scenarios[s], M, backends[k], types[k]), 1, n,
                         (200 + 80 * (double)s) * (k ? ratio : 1), 0.03);
}

static void precision_without_effect(struct fixture *f, bool fault)
{
    labels(f, (const char *const[]){"transformers-gpu", "transformers-gpu"},
           (const char *const[]){"fp32", "int8"}, fault ? 1 : 0.7);
}

static void compile_without_effect(struct fixture *f, bool fault)
{
    labels(f, (const char *const[]){"transformers-gpu", "transformers-gpu-compile"},
           (const char *const[]){"fp32", "fp32"}, fault ? 1 : 0.75);
}

static void stated_provider(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, S, M, "onnxruntime-gpu", "fp32");
    f->imported = true;
    fixture_fill(f, c, 1, 7, 20, 0.05);
    fixture_row(f, c)->ran_backend =
        fault ? "CUDAExecutionProvider | CPUExecutionProvider" : "CUDAExecutionProvider";
}

static void stated_type(struct fixture *f, bool fault)
{
    struct results_row *const r = fixture_row(f, fixture_cell(f, S, M, "tensorrt", "int8"));
    f->imported = true;
    r->mean_ms = some(f, 20, 0.1);
    r->ran_precision = fault ? "Float" : "Int8";
}

static void stated_hosts(struct fixture *f, bool fault)
{
    static const char *const backends[] = {"transformers-gpu", "transformers-gpu-compile"};
    f->imported = true;
    for (size_t i = 0; i < 2; i++) {
        const size_t c = fixture_cell(f, S, M, backends[i], "fp16");
        fixture_fill(f, c, 1, 7, 20, 0.05);
        fixture_row(f, c)->host = fault && i ? "Linux container" : "Windows 11";
    }
}

/* ---- first samples that are a little slow in every cell (TR123) ---- */

/* The twin: two prompts in turn, the first of which is longer, and nothing cold. */
static void slow_everywhere(struct fixture *f, bool fault)
{
    f->imported = true;
    for (size_t m = 0; m < 3; m++)
        for (size_t s = 0; s < COUNT_OF(scenarios); s++) {
            static const char *const models[] = {"gpt2", "llama-3.2-1b", "qwen2.5-1.5b"};
            const size_t c = fixture_cell(f, scenarios[s], models[m], "transformers-gpu", "fp16");
            for (size_t i = 0; i < (fault ? 7 : 8); i++)
                fixture_sample(f, c, 0,
                               some(f, 100 * (1 + (double)m) * (1 + (double)s), 0.015) *
                                   (fault        ? i == 0 ? 1.07 : 1
                                    : i % 2 == 0 ? 1.07
                                                 : 1));
        }
}

/* TR118: "76M" is a mixture of six crossovers, from 51M to 153M. */
static void crossovers(struct fixture *f, bool fault)
{
    static const double millions[] = {5, 25, 45, 75, 100, 124}, at[] = {52, 140, 90, 80, 51};
    static const char *const models[] = {"m5", "m25", "m45", "m75", "m100", "m124"};
    f->imported = true;
    for (size_t s = 0; s < COUNT_OF(scenarios); s++)
        for (size_t m = 0; m < COUNT_OF(models); m++)
            for (size_t k = 0; k < 2; k++) {
                struct results_row *const r =
                    fixture_row(f, fixture_cell(f, scenarios[s], models[m],
                                                k ? "torch-gpu" : "ort-cpu", "fp32"));
                const double ratio = pow(millions[m] / (fault ? at[s] : 76), -0.6);
                r->params_millions = millions[m];
                r->tokens_per_s = some(f, 2000 * (k ? 1 : ratio), 0.08);
            }
}

/* ---- sizes ---- */

static void size_of_another(struct fixture *f, bool fault)
{
    struct results_row *const r = fixture_row(f, fixture_cell(f, S, "tiny", "ollama", "fp32"));
    r->tokens_per_s = some(f, 200, 0.1);
    r->params_millions = fault ? 124 : 0.102714; /* TR118's smallest */
    r->n_layers = 2;
    r->d_model = 2;
}

static void size_beside_name(struct fixture *f, bool fault)
{
    static const char *const names[] = {"gemma3:270m", "qwen2.5:7b", "Llama-3.2-1B-Instruct"};
    static const double millions[] = {268.1, 7600, 1236};
    for (size_t i = 0; i < 3; i++) {
        struct results_row *const r =
            fixture_row(f, fixture_cell(f, S, names[i], "ollama", "q4_0"));
        r->tokens_per_s = some(f, 90, 0.1);
        r->params_millions = millions[i] * (fault && i == 1 ? 3.1 : 1);
    }
}

/* ---- tokens and parts ---- */

static void window_for_answer(struct fixture *f, bool fault)
{
    static const int64_t prompts[] = {1, 11, 19, 27, 40};
    for (size_t s = 0; s < COUNT_OF(scenarios); s++) {
        const size_t c = fixture_cell(f, scenarios[s], M, "onnxruntime-gpu", "fp32");
        for (int32_t i = 0; i < 5; i++) {
            struct fixture_sample *const x = fixture_sample(f, c, 0, some(f, 40, 0.05));
            x->prompt_tokens = prompts[s];
            x->generated_tokens = !fault ? 8 : prompts[s] < 8 ? 16 : prompts[s] + 8;
        }
    }
}

static void nominal_lengths(struct fixture *f, bool fault)
{
    static const int64_t nominal[] = {64, 256, 512, 1024}, real[] = {58, 239, 465, 710};
    for (size_t s = 0; s < 4; s++) {
        const size_t c = fixture_cell(f, scenarios[s], M, "transformers-gpu", "fp16");
        for (int32_t i = 0; i < 7; i++) {
            const double ms = some(f, 4 + 0.02 * (double)real[s], 0.03);
            struct fixture_sample *const x = fixture_sample(f, c, 0, ms);
            x->prompt_tokens = nominal[s];
            x->tokens_per_s = (double)(fault ? real[s] : nominal[s]) / ms * 1e3;
        }
    }
}

static void rescaled_decode(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, S, M, "ollama", "q4_0");
    for (int32_t i = 0; i < 15; i++) {
        const int64_t n = i % 3 == 0 ? 64 : 15 + (int64_t)rng_below(&f->rng, 40);
        const double prefill = some(f, 50, 0.03), decode = some(f, 11 * (double)n, 0.02);
        struct fixture_sample *const x = fixture_sample(f, c, 0, prefill + decode + 1);
        x->prefill_ms = prefill;
        x->decode_ms = fault ? decode / (double)n * 64 : decode;
        x->generated_tokens = n;
    }
}

static void dual_tokens(struct fixture *f, bool fault)
{
    static const char *const names[] = {"dual_medium", "dual_short", "single_medium",
                                        "single_short"};
    const size_t n = some_n(f);
    for (size_t s = 0; s < 4; s++) {
        const size_t c = fixture_cell(f, names[s], M, "transformers-gpu", "fp32");
        const bool dual = s < 2;
        for (size_t i = 0; i < n; i++) {
            const double ms = some(f, dual && !fault ? 520 : 320, 0.06);
            struct fixture_sample *const x = fixture_sample(f, c, 0, ms);
            x->tokens = dual ? 170 : 85;
            x->tokens_per_s = x->tokens / ms * 1e3;
        }
    }
}

static void lost_counts(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, S, M, "ollama", "q4_0");
    for (int32_t i = 0; i < 14; i++) {
        const double ms = some(f, 900, 0.1);
        struct fixture_sample *const x = fixture_sample(f, c, 0, ms);
        x->tokens_per_s = fault && i == 9 ? 0 : 85 / ms * 1e3;
    }
}

/* ---- prompts from a cache (TR121) ---- */

static void cached_after_warm_up(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, S, "qwen2.5:7b", "ollama", "q4_0");
    f->imported = true;
    for (int32_t i = 0; i < 4; i++) {
        const double decode = some(f, 11.08 * 64, 0.01), full = some(f, 85, 0.03);
        const double prefill = fault && i > 0 ? some(f, 11.5, 0.02) : full;
        struct fixture_sample *const x = fixture_sample(f, c, 0, prefill + decode);
        x->phase = i ? PHASE_MEASURED : PHASE_WARMUP;
        x->prefill_ms = prefill;
        x->decode_ms = decode;
        x->prompt_tokens = 38;
        x->generated_tokens = 64;
    }
}

static void prefill_of_one_step(struct fixture *f, bool fault)
{
    static const double tokens[] = {11, 19, 27};
    f->imported = true;
    for (size_t s = 0; s < 3; s++) {
        struct results_row *const r =
            fixture_row(f, fixture_cell(f, scenarios[s], "llama3.1:8b", "ollama", "q4_0"));
        r->prompt_tokens = tokens[s];
        r->generated_tokens = 64;
        r->prefill_ms = fault ? some(f, 11.5, 0.01) : some(f, 5 + 2.3 * tokens[s], 0.03);
        r->decode_ms = some(f, 10.93 * 64, 0.01);
    }
}

/* ---- power ---- */

static size_t powered(struct fixture *f, const char *backend, double watts)
{
    const size_t c = fixture_cell(f, S, M, backend, "fp32");
    for (int32_t i = 0; i < 7; i++)
        fixture_sample(f, c, 0, some(f, 3000, 0.05))->power_w = some(f, watts, 0.04);
    return c;
}

static void single_readings(struct fixture *f, bool fault)
{
    struct results_row *const r = fixture_row(f, powered(f, "transformers-gpu", 60));
    r->power_samples = fault ? 1.1 : 52;
    r->power_windows = 70;
    r->power_windows_once = fault ? 66 : 0;
}

static void called_no_data(struct fixture *f, bool fault)
{
    struct results_row *const r = fixture_row(f, fixture_cell(f, "bs4", M, "gpu", "fp16"));
    f->imported = true;
    r->energy_j = some(f, 2, 0.1);
    r->power_quality = fault ? "no_data" : "good";
    r->power_gaps = fault ? 0.4 : 0.02;
}

static void long_monitor(struct fixture *f, bool fault)
{
    struct results_row *const r = fixture_row(f, powered(f, "transformers-gpu", 60));
    r->power_samples = 30;
    r->power_window_ms = fault ? some(f, 30e3, 0.3) : some(f, 3000, 0.05);
}

static void trace_of(struct fixture *f, const char *scenario, const double *w, size_t n)
{
    const size_t c = fixture_cell(f, scenario, M, "gpu", "none");
    f->imported = true;
    for (size_t i = 0; i < n; i++) {
        struct fixture_sample *const x = fixture_sample(f, c, 0, NOT_MEASURED);
        x->status = STATUS_SKIPPED;
        x->power_w = w[i];
    }
}

static void slow_sensor(struct fixture *f, bool fault)
{
    double w[200];
    for (size_t i = 0; i < 200; i++) /* to 0.1 W, as sensors have it: some stay by chance */
        w[i] = fault && i % 10 ? w[i - 1] : nearbyint(600 + 30 * rng_normal(&f->rng)) / 10;
    trace_of(f, "load", w, 200);
}

static void two_idle_levels(struct fixture *f, bool fault)
{
    double w[240];
    for (size_t i = 0; i < 240; i++)
        w[i] = fault && i / 12 % 5 == 0 ? 1.2 + 0.02 * rng_normal(&f->rng)
                                        : 25.8 + 0.3 * rng_normal(&f->rng);
    trace_of(f, "idle", w, 240);
}

static void two_levels_of_a_trace(struct fixture *f, bool fault)
{
    double w[240];
    for (size_t i = 0; i < 240; i++)
        w[i] = fault && i / 12 % 5 == 0 ? 1.2 + 0.02 * rng_normal(&f->rng)
                                        : 60 + 6 * rng_normal(&f->rng);
    trace_of(f, "imported", w, 240);
}

/* Readings every 0.1 s with some jitter; three of over a second between them. */
static void gaps_in_a_trace(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, "load", M, "gpu", "none");
    double s = 0;
    f->imported = true;
    for (size_t i = 0; i < 240; i++) {
        struct fixture_sample *const x = fixture_sample(f, c, 0, NOT_MEASURED);
        x->status = STATUS_SKIPPED;
        x->power_w = 60 + 3 * rng_normal(&f->rng);
        x->submitted_ns = (int64_t)(1e9 * s);
        s += fault && (i == 50 || i == 90 || i == 211) ? 1.2 : some(f, 0.1, 0.1);
    }
}

/* A heat soak in whole degrees that is stopped after eight minutes; and one that is over. */
static void not_at_rest(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, "load", M, "gpu", "none");
    f->imported = true;
    for (size_t i = 0; i < 240; i++) {
        struct fixture_sample *const x = fixture_sample(f, c, 0, NOT_MEASURED);
        x->status = STATUS_SKIPPED;
        x->submitted_ns = (int64_t)i * 2'000'000'000;
        x->temperature_c = nearbyint((fault ? 42 + 19 * (1 - exp(-(double)i / 150)) : 61) +
                                     0.6 * rng_normal(&f->rng));
    }
}

/* TR121: seven shapes, a time that goes with depth alone; and one that goes with both. */
static void width_without_effect(struct fixture *f, bool fault)
{
    static const struct {
        const char *name;
        double layers, width;
    } models[] = {{"m1", 2, 2},   {"m2", 12, 80}, {"m3", 3, 384}, {"m4", 6, 512},
                  {"m5", 8, 512}, {"m6", 5, 768}, {"m7", 8, 768}};
    f->imported = true;
    for (size_t i = 0; i < COUNT_OF(models); i++) {
        struct results_row *const r =
            fixture_row(f, fixture_cell(f, S, models[i].name, "hf_gpu", "fp16"));
        r->n_layers = models[i].layers;
        r->d_model = models[i].width;
        r->median_ms = 20 * pow(models[i].layers, 0.73) * pow(models[i].width, fault ? 0 : 0.26) *
                       exp(0.1 * rng_normal(&f->rng));
    }
}

/* TR122's own figures, and those of a skewed idle with as wide a range. */
static void two_levels_in_a_row(struct fixture *f, bool fault)
{
    struct results_row *const r = fixture_row(f, fixture_cell(f, "idle", M, "gpu", "none"));
    r->power_w = fault ? 20.71 : some(f, 8, 0.1);
    r->power_std_w = fault ? some(f, 9.965, 0.01) : some(f, 4.6, 0.03);
    r->power_min_w = 1.2;
    r->power_max_w = 26.424;
}

static void mixed_units(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, S, M, "transformers-cpu", "fp32");
    for (int32_t i = 0; i < 30; i++) {
        const double mw = 1000 * some(f, fault ? 1.05 : 60, 0.12);
        fixture_sample(f, c, 0, 3000)->power_w = mw > 1000 ? mw / 1000 : mw;
    }
}

static void gpu_that_waits(struct fixture *f, bool fault)
{
    (void)powered(f, "transformers-cpu", fault ? 3.1 : 64);
    (void)powered(f, "transformers-gpu", 62);
}

static void idle_of_another_state(struct fixture *f, bool fault)
{
    struct results_row *const r = fixture_row(f, fixture_cell(f, S, M, "onnxruntime-gpu", "fp32"));
    r->tokens_per_s = 2246;
    r->power_w = some(f, fault ? 16.63 : 45, 0.03);
    r->idle_power_w = 20.71;
}

static void negative_energies(struct fixture *f, bool fault)
{
    struct results_row *const r = fixture_row(f, powered(f, "transformers-gpu", 60));
    r->energy_j = 0.1;
    r->energies = 15;
    r->energies_not_positive = fault ? 4 : 0;
}

static const struct plant plants[] = {
    {"label-effect", "M1: int8 as fast as fp32", precision_without_effect},
    {"label-effect", "M1: -compile as fast as without", compile_without_effect},
    {"label-mismatch", "M2: a provider that is not the label's", stated_provider},
    {"precision-mismatch", "M1: int8 without int8 layers", stated_type},
    {"mixture", "M25: one crossover of five scenarios", crossovers},
    {"cold-start", "M7: repetition 0 is 7 % slower in every cell", slow_everywhere},
    {"model-size", "M3: tiny-gpt2 as 124M", size_of_another},
    {"model-size", "M3: another size than the name", size_beside_name},
    {"token-count", "M10: a dual scenario of two calls", dual_tokens},
    {"token-count", "M12: the window's length", window_for_answer},
    {"token-count", "M12: rescaled to 64 tokens", rescaled_decode},
    {"token-count", "M14: nominal prompt lengths", nominal_lengths},
    {"cache-hit", "M13: three samples after a warm-up", cached_after_warm_up},
    {"cache-hit", "M13: prefill of one step in a table", prefill_of_one_step},
    {"environment-mismatch", "M15: two systems", stated_hosts},
    {"placeholder", "M16: a lost last chunk", lost_counts},
    {"power-undersampled", "M29: one reading a window", single_readings},
    {"power-undersampled", "M29: no_data, in the source's words", called_no_data},
    {"power-undersampled", "M29: the monitor saw loading", long_monitor},
    {"power-undersampled", "M33: a sensor that updates once a second", slow_sensor},
    {"idle-mixture", "M30: a trace of two levels", two_idle_levels},
    {"fit-not-actionable", "M25: depth against a width without effect", width_without_effect},
    {"idle-mixture", "M30: a trace that nobody calls idle", two_levels_of_a_trace},
    {"power-undersampled", "M29: gaps between readings", gaps_in_a_trace},
    {"thermal", "M27: heat that is not at rest", not_at_rest},
    {"idle-mixture", "M30: mean, deviation, least and most", two_levels_in_a_row},
    {"power-source", "M31: a CPU with a waiting GPU's power", gpu_that_waits},
    {"negative-energy", "M32: a row below its own idle", idle_of_another_state},
    {"negative-energy", "M32: energies below zero", negative_energies},
    {"power-unit", "M37: above 1000 means mW", mixed_units},
};

/* The two levels that TR122's published figures give: recomputed in reports.md, 7.6 A. */
static void look_at_tr122(void)
{
    struct fixture f;
    fixture_begin(&f, 122);
    struct results_row *const r = fixture_row(&f, fixture_cell(&f, "idle", M, "gpu", "none"));
    r->idle_power_w = 20.710;
    r->power_std_w = 9.965;
    r->power_min_w = 1.2;
    r->power_max_w = 26.424;
    const struct audit *const found = fixture_audit(&f, "idle-mixture");
    CHECK("TR122's idle is found", audit_count_of(found, AUDIT_FAIL) == 1, "%zu findings",
          audit_count(found));
    for (size_t i = 0; audit_count(found) && i < audit_at(found, 0)->n_facts; i++) {
        const struct audit_fact *const x = &audit_at(found, 0)->facts[i];
        if (strcmp(x->key, "low_share") == 0)
            CHECK_NEAR("the share of its lower level", x->value, 0.207, 2e-3);
        if (strcmp(x->key, "high_w") == 0)
            CHECK_NEAR("its upper level", x->value, 25.8, 2e-3);
        if (strcmp(x->key, "two_sd_below_mean_w") == 0)
            CHECK_NEAR("where the rule of two deviations ends", x->value, 0.78, 1e-9);
    }
    fixture_end(&f);
}

int main(int argc, char **argv)
{
    plants_run(plants, COUNT_OF(plants), 2000, argc > 1 ? argv[1] : nullptr);
    if (argc < 2)
        look_at_tr122();
    return test_done();
}
