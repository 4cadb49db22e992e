/* A decent run of our own, with all that we record, a hundred seeds: no check of all may speak. */
#include "plants.h"

#include "analysis/audit_run.h"

#include <stdio.h>

static const char *const M = "gpt2";

static void own_sample(struct fixture *f, size_t cell, int32_t invocation, int32_t i, double token)
{
    struct fixture_sample *const s = fixture_sample(f, cell, invocation, 0);
    s->repetition = i / 4;
    s->prompt_index = i % 4;
    s->agent = 0;
    s->batch_size = 1;
    s->n_stops = 1;
    s->n_early = 0;
    s->n_steps = 32;
    s->prompt_tokens = 12 + i % 4;
    s->generated_tokens = 32;
    s->padding_tokens = 0;
    s->prefill_ms = fixture_lognormal(f, 3 * token + 0.2 * (double)s->prompt_tokens, 0.05);
    s->ttft_ms = s->prefill_ms + 0.02;
    s->decode_ms = fixture_lognormal(f, 31 * token, 0.05);
    s->latency_ms = s->ttft_ms + s->decode_ms;
    s->submitted_ns = (int64_t)1'000'000'000 * (1000 * (int64_t)invocation + i);
    s->finished_ns = s->submitted_ns + (int64_t)(1e6 * s->latency_ms);
}

static void own_record(struct fixture *f, size_t cell, int32_t invocation, const char *sha256)
{
    static const struct evidence_share f32[] = {{"f32", 1}}, cpu[] = {{"CPUExecutionProvider", 95}};
    struct evidence *const v = fixture_record(f, cell, 0, invocation);
    v->engine = f->cells[cell].cell.key.backend;
    v->engine_version = "1.2";
    v->device = "cpu";
    v->threads = 4;
    v->artefact_sha256 = sha256;
    v->n_params = 124e6;
    v->weights = v->matmul = (struct evidence_shares){f32, 1};
    v->providers = (struct evidence_shares){cpu, 1};
    v->label_ok = EVIDENCE_YES;
}

static void decent_run(struct fixture *f)
{
    static const char *const scenarios[] = {"short", "long"}, *const backends[] = {
                                                                  "onnxruntime-cpu", "llamacpp-cpu",
                                                                  "transformers-cpu"};
    for (size_t s = 0; s < 2; s++)
        for (size_t b = 0; b < 3; b++) {
            const size_t c = fixture_cell(f, scenarios[s], M, backends[b], "fp32");
            for (int32_t u = 0; u < 3; u++) {
                own_record(f, c, u, backends[b]);
                struct evidence *const v = f->cells[c].records[u];
                v->block = u; /* as a plan shuffles them */
                v->order_in_block = (double)((b + (size_t)u * (1 + s)) % 3);
                v->order_in_invocation = (double)s;
                for (int32_t i = 0; i < 20; i++)
                    own_sample(f, c, u, i, (1 + 0.3 * (double)b) * (double)(1 + s));
            }
        }
}

static void look_at_decent_runs(void)
{
    size_t loud[128] = {}, quiet = 0;
    const struct audit_check *c;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct fixture f;
        fixture_begin(&f, rng_derive(4711, seed));
        decent_run(&f);
        const struct audit *const found = fixture_audit(&f, nullptr);
        bool spoken[128] = {};
        for (size_t i = 0; i < audit_count(found); i++)
            for (size_t k = 0; (c = audit_run_at(k)); k++)
                spoken[k] = spoken[k] || (strcmp(audit_at(found, i)->check, c->name) == 0 &&
                                          audit_at(found, i)->severity != AUDIT_INFO);
        for (size_t k = 0; k < COUNT_OF(spoken); k++)
            loud[k] += spoken[k];
        quiet += audit_count_of(found, AUDIT_WARN) + audit_count_of(found, AUDIT_FAIL) == 0;
        fixture_end(&f);
    }
    for (size_t k = 0; (c = audit_run_at(k)); k++) {
        char label[96];
        (void)snprintf(label, sizeof label, "a decent run: %s is silent", c->name);
        CHECK(label, loud[k] <= MOST_FALSE, "spoke in %zu of 100", loud[k]);
    }
    CHECK("a decent run: all checks together are silent", quiet >= 90, "in %zu of 100", quiet);
}

int main(void)
{
    look_at_decent_runs();
    return test_done();
}
