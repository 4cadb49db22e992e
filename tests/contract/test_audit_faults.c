/* Every check of the audit against a planted fault and against its clean twin: a hundred seeds
 * each, the fault found in at least 95, the twin accused in at most 5. The faults are those of
 * measurement.md and of the reports; the laws are ours, so what is wrong with the data is known.
 * usage: test_audit_faults [CHECK] */
#include "audit_fixture.h"
#include "plants.h"

#include <stdio.h>

static const char *const S = "chat", *const M = "gpt2";

/* ---- label-mismatch ---- */

static void record_all(struct fixture *f, size_t cell, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        (void)fixture_record(f, cell, 0, i);
}

static void never_compiled(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, S, M, "transformers-gpu-compile", "fp32");
    fixture_fill(f, c, 3, 10, 20, 0.05);
    record_all(f, c, 3);
    for (int i = 0; i < 3; i++) {
        struct evidence_compile *const k = &f->cells[c].records[i]->compile;
        k->requested = EVIDENCE_YES;
        k->happened = fault && i == 1 ? EVIDENCE_NO : EVIDENCE_YES;
        k->graphs = fault && i == 1 ? 0 : 4;
        k->fallback = fault && i == 1 ? "aot_eager" : nullptr;
    }
}

static void wrong_provider(struct fixture *f, bool fault)
{
    static const struct evidence_share gpu[] = {{"CUDAExecutionProvider", 95},
                                                {"CPUExecutionProvider", 6}},
                                       cpu[] = {{"CUDAExecutionProvider", 4},
                                                {"CPUExecutionProvider", 97}};
    const size_t c = fixture_cell(f, S, M, "onnxruntime-gpu", "fp32");
    fixture_fill(f, c, 2, 10, 20, 0.05);
    record_all(f, c, 2);
    for (int i = 0; i < 2; i++)
        f->cells[c].records[i]->providers = (struct evidence_shares){fault ? cpu : gpu, 2};
}

/* ---- precision-mismatch ---- */

static void no_int8(struct fixture *f, bool fault)
{
    static const struct evidence_share good[] = {{"int8", 0.96}, {"f32", 0.04}},
                                       bad[] = {{"f32", 1}};
    const size_t c = fixture_cell(f, S, M, "tensorrt", "int8");
    fixture_fill(f, c, 2, 10, 20, 0.05);
    record_all(f, c, 2);
    for (int i = 0; i < 2; i++)
        f->cells[c].records[i]->weights =
            fault ? (struct evidence_shares){bad, 1} : (struct evidence_shares){good, 2};
}

/* ---- stale-artifact: one stale engine among the invocations ---- */

static void one_stale_engine(struct fixture *f, bool fault)
{
    const int32_t stale = (int32_t)rng_below(&f->rng, 6);
    static const char *const scenarios[] = {"short", "long"};
    for (int32_t s = 0; s < 2; s++) {
        const size_t c = fixture_cell(f, scenarios[s], M, "tensorrt", "fp16");
        fixture_fill(f, c, 3, 10, 20 + 10 * s, 0.05);
        record_all(f, c, 3);
        for (int32_t i = 0; i < 3; i++)
            f->cells[c].records[i]->artefact_sha256 = fault && 3 * s + i == stale ? "0bad" : "600d";
    }
}

/* The source's weights were exchanged before a random invocation; the twin is a copy, whose times
 * say nothing. */
static void exchanged_source(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, S, M, "onnxruntime-cpu", "fp32");
    const int32_t from = (int32_t)rng_below(&f->rng, 3);
    fixture_fill(f, c, 3, 10, 20, 0.05);
    record_all(f, c, 3);
    for (int32_t i = 0; i < 3; i++)
        f->cells[c].records[i]->origin =
            (struct evidence_origin){.source = "gpt2",
                                     .sha256 = "600d",
                                     .now = fault && i >= from ? "0bad" : "600d",
                                     .at = "2026-01-01T00:00:00.000000Z",
                                     .source_at = "2026-01-01T00:00:01.000000Z"};
}

static void older_than_source(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, S, M, "onnxruntime-cpu", "fp32");
    const char *const times[] = {"2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:00.000001Z"};
    fixture_fill(f, c, 2, 10, 20, 0.05);
    record_all(f, c, 2);
    for (int32_t i = 0; i < 2; i++)
        f->cells[c].records[i]->origin = (struct evidence_origin){
            .source = "gpt2", .at = times[!fault], .source_at = times[fault]};
}

static void other_engine_built_it(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, S, M, "tensorrt", "fp16");
    fixture_fill(f, c, 3, 10, 20, 0.05);
    record_all(f, c, 3);
    for (int32_t i = 0; i < 3; i++) {
        f->cells[c].records[i]->artefact_sha256 = "600d";
        f->cells[c].records[i]->built_with = "10.3";
        f->cells[c].records[i]->engine_version = fault && i == 2 ? "10.8" : "10.3";
    }
}

/* ---- placeholder ---- */

static void constant_latencies(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, S, M, "tensorrt", "fp32");
    const double x = 0.2 + 0.5 * rng_double(&f->rng);
    for (int32_t i = 0; i < 14; i++)
        (void)fixture_sample(f, c, i / 7, fault ? x : fixture_lognormal(f, x, 0.05));
}

static void round_constants(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, S, M, "ollama", "q4_0");
    for (int32_t i = 0; i < 14; i++)
        (void)fixture_sample(f, c, i / 7,
                             fault ? (rng_double(&f->rng) < 0.5 ? 0.30 : 0.35)
                                   : fixture_lognormal(f, 0.32, 0.1));
}

static void copied_ttft(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, S, M, "ollama", "q4_0");
    for (int32_t i = 0; i < 20; i++) {
        struct fixture_sample *const s =
            fixture_sample(f, c, i / 10, fixture_lognormal(f, 300, 0.1));
        s->generated_tokens = 64;
        s->ttft_ms = fault ? s->latency_ms : 0.1 * s->latency_ms;
    }
}

static void copied_invocation(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, S, M, "onnxruntime-cpu", "fp32");
    fixture_fill(f, c, 3, 7, 50, 0.1);
    for (size_t i = 14; fault && i < 21; i++)
        f->cells[c].samples[i].latency_ms = f->cells[c].samples[i - 14].latency_ms;
}

static void sub_roofline(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, S, "qwen2.5:7b", "transformers-gpu", "fp16");
    for (int32_t i = 0; i < 20; i++) {
        /* 14 GB of weights: 7 ms a token at 2 TB/s; 0.3 ms needs 50 TB/s */
        struct fixture_sample *const s =
            fixture_sample(f, c, i / 10, 64 * fixture_lognormal(f, fault ? 0.3 : 7, 0.05));
        s->generated_tokens = 64;
    }
    record_all(f, c, 2);
    for (int i = 0; i < 2; i++)
        f->cells[c].records[i]->n_params = 7e9;
}

/* Defect 9 of docs/METHOD.md: batched-bench fills a batch with one token id. */
static void identical_batch(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, "batch", M, "llamacpp-cpu", "fp32");
    fixture_fill(f, c, 3, 10, 20, 0.05);
    record_all(f, c, 3);
    for (int32_t i = 0; i < 3; i++) {
        struct evidence *const v = f->cells[c].records[i];
        v->batch_size = 8;
        v->prompts_distinct = fault ? 1 : 8 - (double)rng_below(&f->rng, 3);
        v->prompts_constant = 0;
    }
}

static void one_token_prompts(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, "single", M, "llamacpp-cpu", "fp32");
    fixture_fill(f, c, 3, 10, 20, 0.05);
    record_all(f, c, 3);
    for (int32_t i = 0; i < 3; i++) {
        struct evidence *const v = f->cells[c].records[i];
        v->batch_size = v->prompts_distinct = 1;
        v->prompts_constant = fault ? 1 : 0;
    }
}

/* ---- timing-boundary: one engine's time begins before the prompt is on the device ---- */

static void other_boundary(struct fixture *f, bool fault)
{
    static const char *const backends[] = {"onnxruntime-gpu", "transformers-gpu", "tensorrt"};
    for (size_t b = 0; b < 3; b++) {
        const size_t c = fixture_cell(f, S, M, backends[b], "fp32");
        for (int32_t i = 0; i < 20; i++) {
            struct fixture_sample *const s = fixture_sample(f, c, i / 10, 0);
            s->ttft_ms = fixture_lognormal(f, 5, 0.1);
            s->decode_ms = fixture_lognormal(f, 40, 0.05);
            s->latency_ms =
                s->ttft_ms + s->decode_ms + (fault && b == 0 ? fixture_lognormal(f, 6, 0.1) : 0);
        }
    }
}

/* TR118: copies to the device inside for ORT, outside for the others. */
static void other_region(struct fixture *f, bool fault)
{
    static const char *const backends[] = {"onnxruntime-gpu", "transformers-gpu", "tensorrt"};
    for (size_t b = 0; b < 3; b++) {
        const size_t c = fixture_cell(f, S, M, backends[b], "fp32");
        fixture_fill(f, c, 2, 10, 20, 0.05);
        record_all(f, c, 2);
        for (int32_t i = 0; i < 2; i++)
            f->cells[c].records[i]->timed_region =
                b == 0 || !fault ? "host to device copy inside" : "host to device copy outside";
    }
}

/* ---- environment-mismatch ---- */

static void other_threads(struct fixture *f, bool fault)
{
    for (int b = 0; b < 3; b++) {
        const size_t c = fixture_cell(f, S, M,
                                      b == 0   ? "onnxruntime-cpu"
                                      : b == 1 ? "llamacpp-cpu"
                                               : "transformers-cpu",
                                      "fp32");
        fixture_fill(f, c, 2, 10, 20, 0.05);
        record_all(f, c, 2);
        for (int i = 0; i < 2; i++)
            f->cells[c].records[i]->threads = fault && b == 2 ? 8 : 4;
    }
}

static void other_machine(struct fixture *f, bool fault)
{
    static const struct evidence_fact linux_facts[] = {{"host.kernel", "Linux 6.1"},
                                                       {"gpu.driver", "535.1"}},
                                      other_facts[] = {{"host.kernel", "Windows 11"},
                                                       {"gpu.driver", "552.2"}};
    struct evidence_host *const hosts = ARENA_ARRAY(f->a, struct evidence_host, 2);
    hosts[0] = (struct evidence_host){linux_facts, 2};
    hosts[1] = fault ? (struct evidence_host){other_facts, 2} : hosts[0];
    f->hosts = hosts;
    f->n_replicates = 2;
    const size_t c = fixture_cell(f, S, M, "onnxruntime-cpu", "fp32");
    for (int32_t r = 0; r < 2; r++)
        for (int32_t i = 0; i < 10; i++)
            fixture_sample(f, c, 0, fixture_lognormal(f, 20, 0.05))->replicate = r;
}

/* ---- impossible-interval ---- */

static void interval_below_zero(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, S, M, "transformers-gpu", "fp32");
    for (int32_t i = 0; i < 14; i++)
        (void)fixture_sample(f, c, 0, fixture_lognormal(f, 5, 0.1) + (fault && i == 0 ? 900 : 0));
}

static void row_below_zero(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, S, M, "transformers-gpu", "fp32");
    struct results_row *const r = fixture_row(f, c);
    r->n_samples = 7;
    r->mean_ms = fixture_lognormal(f, 100, 0.2);
    r->std_ms = r->mean_ms * (fault ? 1.6 : 0.3);
    r->max_ms = r->mean_ms * (fault ? 5 : 1.5);
}

static void contradicting_row(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, S, M, "transformers-gpu", "fp32");
    struct results_row *const r = fixture_row(f, c);
    double x[14], sum = 0, max = 0;
    for (size_t i = 0; i < 14; i++) {
        x[i] = fixture_lognormal(f, 300, 0.2);
        sum += x[i];
        max = fmax(max, x[i]);
    }
    r->n_samples = 14;
    r->first_ms = x[0];
    r->mean_ms = sum / 14 * (fault ? 1.04 : 1);
    r->mean_excl_first_ms = (sum - x[0]) / 13;
    r->max_ms = max;
}

/* ---- unequal-work, early-stop, padding-counted ---- */

static void unequal_tokens(struct fixture *f, bool fault)
{
    for (int b = 0; b < 3; b++) {
        const size_t c = fixture_cell(f, S, M, b == 0 ? "a" : b == 1 ? "b" : "c", "fp32");
        for (int32_t i = 0; i < 20; i++) {
            struct fixture_sample *const s =
                fixture_sample(f, c, i / 10, fixture_lognormal(f, 50, 0.1));
            s->generated_tokens = fault && b == 1 ? 48 + (int64_t)rng_below(&f->rng, 16) : 64;
            s->prompt_tokens = 20;
        }
    }
}

/* Sampled answers: lengths vary everywhere, in the fault one engine's are shorter. */
static void unequal_sampled(struct fixture *f, bool fault)
{
    for (int b = 0; b < 2; b++) {
        const size_t c = fixture_cell(f, S, M, b ? "a" : "b", "fp32");
        for (int32_t i = 0; i < 200; i++)
            fixture_sample(f, c, i / 100, fixture_lognormal(f, 50, 0.1))->generated_tokens =
                (fault && b ? 40 : 60) + (int64_t)rng_below(&f->rng, 60);
    }
}

static void early_stops(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, S, M, "ollama", "q4_0");
    for (int32_t i = 0; i < 40; i++) {
        const bool early = fault && i % 4 == 1;
        const int64_t tokens = early ? 5 + (int64_t)rng_below(&f->rng, 40) : 64;
        struct fixture_sample *const s =
            fixture_sample(f, c, i / 20, 5 * (double)tokens * fixture_lognormal(f, 1, 0.05));
        s->generated_tokens = tokens;
        s->n_stops = 1;
        s->n_early = early;
    }
}

static void padding_counted(struct fixture *f, bool fault)
{
    f->imported = true;
    const size_t c = fixture_cell(f, S, M, "transformers-gpu", "fp32");
    for (int32_t i = 0; i < 20; i++) {
        struct fixture_sample *const s =
            fixture_sample(f, c, i / 10, fixture_lognormal(f, 50, 0.1));
        s->prompt_tokens = 1 + (int64_t)rng_below(&f->rng, 12);
        s->padding_tokens = 16 - s->prompt_tokens;
        s->tokens_per_s = (fault ? 16 : (double)s->prompt_tokens) / s->latency_ms * 1e3;
    }
}

/* ---- ratio-mean, double-counting ---- */

static void mean_of_rates(struct fixture *f, bool fault)
{
    f->imported = true;
    const size_t c = fixture_cell(f, S, M, "transformers-gpu", "fp32");
    for (int32_t i = 0; i < 30; i++) {
        struct fixture_sample *const s =
            fixture_sample(f, c, i / 10, fixture_lognormal(f, 50, fault ? 0.8 : 0.05));
        s->generated_tokens = 64;
        s->tokens_per_s = 64 / s->latency_ms * 1e3;
    }
}

static void row_rate(struct fixture *f, bool fault)
{
    f->imported = true;
    const size_t c = fixture_cell(f, S, M, "transformers-gpu", "fp32");
    struct results_row *const r = fixture_row(f, c);
    r->n_samples = 7;
    r->mean_ms = fixture_lognormal(f, 100, 0.2);
    r->generated_tokens = 64;
    r->tokens_per_s = 64 / r->mean_ms * 1e3 * (fault ? 1.24 : 1.001);
}

static void prompt_counted(struct fixture *f, bool fault)
{
    f->imported = true;
    const size_t c = fixture_cell(f, S, M, "transformers-gpu", "fp32");
    for (int32_t i = 0; i < 20; i++) {
        struct fixture_sample *const s =
            fixture_sample(f, c, i / 10, fixture_lognormal(f, 50, 0.1));
        s->prompt_tokens = 100 + (int64_t)rng_below(&f->rng, 100);
        s->generated_tokens = 64;
        s->tokens_per_s = (64 + (fault ? (double)s->prompt_tokens : 0)) / s->latency_ms * 1e3;
    }
}

/* ---- pseudo-replication, mixture, multiplicity ---- */

static void alike_in_invocation(struct fixture *f, bool fault)
{
    f->imported = true; /* whoever published it took samples for replicates */
    const size_t c = fixture_cell(f, S, M, "transformers-cpu", "fp32");
    for (int32_t u = 0; u < 6; u++) {
        const double level = fixture_lognormal(f, 50, fault ? 0.2 : 0);
        for (int32_t i = 0; i < 20; i++)
            (void)fixture_sample(f, c, u, fixture_lognormal(f, level, 0.05));
    }
}

/* Our own: of two invocations nothing holds; from three on intervals rest on them. */
static void too_few_invocations(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, S, M, "transformers-cpu", "fp32");
    for (int32_t u = 0; u < (fault ? 2 : 6); u++)
        for (int32_t i = 0; i < 20; i++)
            (void)fixture_sample(f, c, u, fixture_lognormal(f, u % 2 ? 50 : 60, 0.05));
}

static void pooled_workloads(struct fixture *f, bool fault)
{
    static const double factor[] = {1, 1.3, 2, 3.5, 6};
    const size_t c = fixture_cell(f, "imported", M, "transformers-cpu", "fp32");
    for (int32_t i = 0; i < 35; i++)
        fixture_sample(f, c, 0, fixture_lognormal(f, 20 * (fault ? factor[i % 5] : 1), 0.1))
            ->prompt_index = i % 5;
}

static void pooled_lengths(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, "imported", M, "transformers-cpu", "fp32");
    for (int32_t i = 0; i < 40; i++) {
        const int64_t tokens = fault ? (int64_t)16 << (2 * (i % 4)) : 64;
        fixture_sample(f, c, 0, fixture_lognormal(f, 5 + 0.1 * (double)tokens, 0.1))
            ->prompt_tokens = tokens;
    }
}

/* Twenty nearly equal backends in the fault; four that are worlds apart in the twin. */
static void many_comparisons(struct fixture *f, bool fault)
{
    static const char *const names[] = {"b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8", "b9"};
    for (size_t b = 0; b < (fault ? 20 : 4); b++) {
        const size_t c = fixture_cell(f, S, M, names[b % 10], b < 10 ? "fp32" : "fp16");
        fixture_fill(f, c, 1, 12, fault ? fixture_lognormal(f, 20, 0.03) : 20 * (double)(1 + b),
                     0.1);
    }
}

/* ---- replicate-disagreement, missing-cells ---- */

static void ranks_differ(struct fixture *f, bool fault)
{
    f->n_replicates = 3;
    for (int b = 0; b < 3; b++) {
        const size_t c = fixture_cell(f, S, M, b == 0 ? "ort" : b == 1 ? "trt" : "torch", "fp32");
        for (int32_t r = 0; r < 3; r++) {
            const double level = 20 + 2 * b + (fault && b == 1 && r == 2 ? -6 : 0);
            for (int32_t i = 0; i < 14; i++)
                fixture_sample(f, c, i / 7, fixture_lognormal(f, level, 0.05))->replicate = r;
        }
    }
}

/* Two equal backends: no run ranks them for sure. */
static void ranks_differ_by_chance(struct fixture *f, bool fault)
{
    f->n_replicates = 3;
    for (int b = 0; b < 2; b++) {
        const size_t c = fixture_cell(f, S, M, b ? "ort" : "trt", "fp32");
        for (int32_t r = 0; r < 3; r++)
            for (int32_t i = 0; i < 10; i++)
                fixture_sample(f, c, 0, fixture_lognormal(f, 20 * (fault && r == b ? 1.3 : 1), 0.1))
                    ->replicate = r;
    }
}

static void missing_scenario(struct fixture *f, bool fault)
{
    static const char *const scenarios[] = {"short", "long", "batch"}, *const backends[] = {
                                                                           "ort", "trt", "torch"};
    const size_t gone = rng_below(&f->rng, 9);
    for (size_t s = 0; s < 3; s++)
        for (size_t b = 0; b < 3; b++)
            if (!fault || 3 * s + b != gone)
                fixture_fill(f, fixture_cell(f, scenarios[s], M, backends[b], "fp32"), 2, 10, 20,
                             0.1);
}

static void survivors(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, S, M, "tensorrt", "fp32");
    for (int32_t i = 0; i < 40; i++)
        fixture_sample(f, c, i / 20, fixture_lognormal(f, 20, 0.1))->status =
            fault && i % 5 == 0 ? STATUS_TIMEOUT : STATUS_OK;
}

/* ---- power ---- */

static void one_power_per_run(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, S, M, "transformers-gpu", "fp32");
    for (int32_t u = 0; u < 3; u++) {
        const double once = 60 + 20 * rng_double(&f->rng);
        for (int32_t i = 0; i < 7; i++)
            fixture_sample(f, c, u, fixture_lognormal(f, 3000, 0.1))->power_w =
                fault ? once : 70 + 5 * rng_normal(&f->rng);
    }
}

static void short_windows(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, S, M, "transformers-gpu", "fp32");
    for (int32_t u = 0; u < 2; u++)
        for (int32_t i = 0; i < 10; i++)
            fixture_sample(f, c, u, fixture_lognormal(f, fault ? 50 : 5000, 0.1))->power_w =
                70 + 5 * rng_normal(&f->rng);
    record_all(f, c, 2);
    for (int i = 0; i < 2; i++)
        f->cells[c].records[i]->power_interval_s = 0.1;
}

static void two_idles(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, "idle", M, "gpu", "none");
    for (int32_t i = 0; i < 60; i++)
        fixture_sample(f, c, 0, 1000)->power_w =
            (fault && i % 3 == 0 ? 34 : 21) + rng_normal(&f->rng);
}

static void below_idle(struct fixture *f, bool fault)
{
    const size_t idle = fixture_cell(f, "idle", M, "gpu", "none");
    for (int32_t i = 0; i < 20; i++)
        fixture_sample(f, idle, 0, 1000)->power_w = 20.7 + 0.3 * rng_normal(&f->rng);
    const size_t load = fixture_cell(f, S, M, "onnxruntime-gpu", "fp32");
    for (int32_t i = 0; i < 20; i++)
        fixture_sample(f, load, 0, 100)->power_w = (fault ? 16 : 70) + rng_normal(&f->rng);
}

/* ---- laws of a model's size ---- */

static const char *const models[] = {"m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8"};

static void law_point(struct fixture *f, const char *scenario, size_t m, const char *backend,
                      double params, double rate)
{
    const size_t c = fixture_cell(f, scenario, models[m], backend, "fp32");
    struct results_row *const r = fixture_row(f, c);
    r->params_millions = params / 1e6;
    r->tokens_per_s = fixture_lognormal(f, rate, 0.05);
}

static double ladder(size_t m) /* from 5M to 160M in even steps of the logarithm */
{
    return 5e6 * pow(2, 0.625 * (double)m);
}

static void lone_small_model(struct fixture *f, bool fault)
{
    for (size_t m = 0; m < 9; m++) {
        const double x = fault && m == 0 ? 1e5 : ladder(m);
        law_point(f, S, m, "onnxruntime-cpu", x,
                  9e4 * pow(x / 1e6, fault && m == 0 ? -0.05 : -0.6));
    }
}

static void no_law(struct fixture *f, bool fault)
{
    for (size_t m = 0; m < 9; m++)
        law_point(f, S, m, "transformers-gpu", ladder(m),
                  fault ? fixture_lognormal(f, 3000, 0.3) : 9e4 * pow(ladder(m) / 1e6, -0.6));
}

static void scenario_laws(struct fixture *f, bool fault)
{
    for (size_t s = 0; s < 2; s++)
        for (size_t m = 0; m < 6; m++)
            law_point(f, s ? "long" : "short", m, "transformers-gpu", ladder(m),
                      9e4 * pow(ladder(m) / 1e6, fault && s ? -0.2 : -0.7));
}

/* Six models that grow in depth and width at once; the twin has a grid of both. */
static void six_models(struct fixture *f, bool fault)
{
    static const double grown[][2] = {{2, 64}, {4, 128}, {6, 256}, {8, 512}, {12, 768}, {24, 1024}},
                        grid[][2] = {{2, 128}, {4, 128}, {8, 128}, {2, 512}, {4, 512}, {8, 512}};
    for (size_t m = 0; m < 6; m++) {
        const double layers = fault ? grown[m][0] : grid[m][0],
                     width = fault ? grown[m][1] : grid[m][1];
        const double params = 12 * layers * width * width;
        law_point(f, S, m, "transformers-gpu", params, 1e4 / layers);
        f->cells[f->n - 1].row->n_layers = layers;
        f->cells[f->n - 1].row->d_model = width;
    }
}

static const struct plant plants[] = {
    {"label-mismatch", "a -compile that fell back once", never_compiled},
    {"label-mismatch", "a -gpu on the CPU's provider", wrong_provider},
    {"precision-mismatch", "int8 without int8", no_int8},
    {"stale-artifact", "one stale engine", one_stale_engine},
    {"stale-artifact", "the source was exchanged", exchanged_source},
    {"stale-artifact", "older than its source", older_than_source},
    {"stale-artifact", "built with another version", other_engine_built_it},
    {"placeholder", "constant latencies", constant_latencies},
    {"placeholder", "0.30 and 0.35", round_constants},
    {"placeholder", "ttft is the latency", copied_ttft},
    {"placeholder", "an invocation twice", copied_invocation},
    {"placeholder", "faster than the weights", sub_roofline},
    {"placeholder", "a batch of one prompt", identical_batch},
    {"placeholder", "prompts of one token", one_token_prompts},
    {"timing-boundary", "one engine with copies outside", other_boundary},
    {"timing-boundary", "records of other regions", other_region},
    {"environment-mismatch", "8 threads against 4", other_threads},
    {"environment-mismatch", "replicates on two systems", other_machine},
    {"impossible-interval", "one sample makes the interval negative", interval_below_zero},
    {"impossible-interval", "a row's std", row_below_zero},
    {"impossible-interval", "a mean that is not of its parts", contradicting_row},
    {"unequal-work", "one engine generates less", unequal_tokens},
    {"unequal-work", "sampled answers, one shorter", unequal_sampled},
    {"early-stop", "a quarter stops early", early_stops},
    {"padding-counted", "a batch padded to 16", padding_counted},
    {"ratio-mean", "rates of samples that vary", mean_of_rates},
    {"ratio-mean", "a row's rate, 24 % off", row_rate},
    {"double-counting", "prompt tokens as generated", prompt_counted},
    {"pseudo-replication", "samples of an invocation alike", alike_in_invocation},
    {"pseudo-replication", "two invocations apart", too_few_invocations},
    {"mixture", "five workloads as one", pooled_workloads},
    {"mixture", "prompt lengths from 16 to 1024", pooled_lengths},
    {"multiplicity", "twenty nearly equal backends", many_comparisons},
    {"replicate-disagreement", "one replicate ranks differently", ranks_differ},
    {"replicate-disagreement", "equal backends, each slow in a replicate", ranks_differ_by_chance},
    {"missing-cells", "one cell is not there", missing_scenario},
    {"missing-cells", "a fifth timed out", survivors},
    {"power-undersampled", "one reading for a run", one_power_per_run},
    {"power-undersampled", "windows of half an interval", short_windows},
    {"idle-mixture", "two idle levels", two_idles},
    {"negative-energy", "load below idle", below_idle},
    {"leverage", "one tiny model", lone_small_model},
    {"fit-not-actionable", "rates without a law", no_law},
    {"mixture", "scenarios with two laws", scenario_laws},
    {"mixture", "six models, depth and width together", six_models},
};

int main(int argc, char **argv)
{
    plants_run(plants, COUNT_OF(plants), 0, argc > 1 ? argv[1] : nullptr);
    return test_done();
}
