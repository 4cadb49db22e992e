#include "lab/run_inner.h"

#include "backend/backend.h"
#include "base/arena.h"
#include "base/rng.h"
#include "domain/experiment.h"
#include "domain/model_facts.h"
#include "store/results_folder.h"

#include <string.h>

struct run_target run_inner_target(const struct run *r, uint32_t block, uint32_t place,
                                   uint32_t configuration, uint32_t scenario, struct arena *a)
{
    const struct plan_configuration *const c = &r->plan->configurations[configuration];
    struct run_target t = {
        .scenario = &r->x->scenarios[scenario],
        .backend = r->x->backends[c->backend],
        .precision = r->x->precisions[c->precision],
        .model = r->x->models[c->model].name,
        .configuration = configuration,
        .scenario_index = scenario,
        .invocation = block,
        .block = block,
        .order_in_block = place,
        .repetitions = r->x->repetitions,
    };
    if (r->adapt)
        t.repetitions =
            r->adapt[(size_t)configuration * r->plan->n_scenarios + scenario].repetitions;
    t.folder =
        results_folder_cell(a, r->s.o->dir, t.scenario->name, t.backend, t.precision, t.model);
    return t;
}

void run_inner_outcome(struct run *r, const struct run_target *t, enum status status)
{
    uint8_t *const at =
        &r->outcome[(size_t)t->configuration * r->plan->n_scenarios + t->scenario_index];
    if (*at == STATUS_OK || *at == STATUS_SKIPPED)
        *at = status;
}

static uint64_t name_hash(const char *text, uint64_t h)
{
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 1099511628211U;
    return h;
}

struct invocation_spec run_inner_spec(const struct run *r, uint32_t configuration,
                                      uint32_t invocation, uint32_t agent, uint32_t segment,
                                      bool dual)
{
    const struct plan_configuration *const c = &r->plan->configurations[configuration];
    const struct backend *const b = r->plan->backends[c->backend].backend;
    const struct model_facts *const facts = &r->plan->facts[c->model];
    const struct run_program *const program =
        b->worker == BACKEND_WORKER_PYTHON ? &r->s.o->python : &r->s.o->native;
    uint64_t seed = name_hash(r->x->backends[c->backend], 14695981039346656037U);
    seed = name_hash(r->x->precisions[c->precision], seed);
    seed = name_hash(r->x->models[c->model].name, seed);
    seed = rng_derive(rng_derive(r->x->seed, seed), invocation);
    return (struct invocation_spec){
        .argv = program->argv,
        .environment = program->environment,
        .backend = b->name,
        .precision = r->x->precisions[c->precision],
        .model = r->x->models[c->model].name,
        .model_path = facts->path,
        .device = b->device,
        .synthetic = strcmp(b->name, "synthetic") == 0 ? r->x->synthetic : nullptr,
        .artefact_sha256 = r->configurations[configuration].artefact_sha256,
        .threads = dual ? r->dual_threads : r->threads,
        .max_context =
            facts->n_ctx && facts->n_ctx < r->max_context ? facts->n_ctx : r->max_context,
        .max_batch = r->max_batch,
        .seed = rng_derive(seed, 2 * (uint64_t)segment + agent) >> 11,
        .load_timeout_s = r->x->load_timeout_s,
        .sample_every = r->s.sample_every,
        .keep_trace = r->x->resource_monitoring,
        .memory_limit_bytes = r->s.memory_limit_bytes,
    };
}

enum err_code run_inner_interrupted(struct err *e)
{
    return err_set(e, ERR_INTERRUPTED, "interrupted");
}
