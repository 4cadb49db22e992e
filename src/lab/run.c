#include "lab/run.h"

#include "backend/backend.h"
#include "base/arena.h"
#include "base/clock.h"
#include "domain/experiment.h"
#include "domain/model_facts.h"
#include "io/file.h"
#include "lab/perplexity_text.h"
#include "lab/run_adapt.h"
#include "lab/run_inner.h"
#include "lab/run_quality.h"
#include "lab/run_semantic.h"
#include "lab/run_stock.h"
#include "store/results_folder.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

constexpr nsec_t QUIET_SAMPLING = 250'000'000; /* without monitoring: for the memory limit alone */
constexpr double MEMORY_SHARE = 0.9; /* of the machine's, where the experiment has no limit */

struct pending { /* the cells that an invocation of a configuration still has to do */
    struct run_target *targets;
    uint32_t n;
};

/* ---- what is where ---- */

static struct run_cell shown(const struct run *r, const struct run_target *t)
{
    return (struct run_cell){t->scenario->name, t->backend,     t->precision,
                             t->model,          t->invocation,  r->plan->n_blocks,
                             r->clock.done,     r->clock.total, run_clock_remaining_s(&r->clock)};
}

static void say_ended(const struct run *r, const struct run_target *t,
                      const struct invocation_failure *f)
{
    const struct run_cell c = shown(r, t);
    if (r->s.o->listener.ended)
        r->s.o->listener.ended(r->s.o->listener.context, &c, f->status, f->reason);
}

/* ---- one configuration in one block ---- */

static enum err_code close_cell(struct run *r, const struct run_target *t, uint32_t segment,
                                const struct invocation_failure *f, const struct cell_todo *todo,
                                struct arena *a, struct err *e)
{
    if (run_cell_close(&r->s, t, segment, f, todo, a, e))
        return e->code;
    run_inner_outcome(r, t, f->status);
    run_clock_cell(&r->clock, t->scenario_index);
    say_ended(r, t, f);
    return ERR_OK;
}

/* Which cells are left; those that were measured whole but never closed are closed here. */
static enum err_code find_pending(struct run *r, uint32_t block, uint32_t place,
                                  uint32_t configuration, struct arena *a, struct pending *ret,
                                  struct err *e)
{
    uint32_t *const order = ARENA_ARRAY(a, uint32_t, r->plan->n_scenarios + 1);
    plan_scenarios_at(r->plan, block, configuration, order);
    *ret = (struct pending){ARENA_ARRAY(a, struct run_target, r->plan->n_scenarios + 1), 0};
    for (uint32_t i = 0; i < r->plan->n_scenarios; i++) {
        struct cell_todo todo;
        if (plan_cell_status(r->plan, configuration, order[i]) != STATUS_OK ||
            !run_adapt_wants(r, configuration, order[i], block))
            continue;
        struct run_target t = run_inner_target(r, block, place, configuration, order[i], a);
        t.order_in_invocation = i;
        if (file_exists(run_cell_record_path(&t, a)))
            continue;
        if (run_cell_todo(&r->s, &t, a, &todo, e))
            return e->code;
        if (!cell_todo_is_complete(&todo)) {
            ret->targets[ret->n++] = t;
            continue;
        }
        const bool degraded = todo.counts[PHASE_MEASURED][STATUS_DEGRADED] > 0;
        const struct invocation_failure f = {
            .status = degraded ? STATUS_DEGRADED : STATUS_OK,
            .stage = "run",
            .reason = degraded ? "its samples are degraded" : nullptr,
        };
        if (close_cell(r, &t, todo.last_segment, &f, &todo, a, e))
            return e->code;
    }
    return ERR_OK;
}

/* The first segment whose journal is not there yet; the journal is made, so that it is taken. */
static enum err_code open_journal(const struct run *r, const struct run_target *t, struct arena *a,
                                  uint32_t *ret_segment, const char **ret_path, struct err *e)
{
    for (uint32_t i = 0;; i++) {
        const char *const path = results_folder_telemetry(a, r->s.o->dir, t->backend, t->precision,
                                                          t->model, t->invocation, i);
        if (file_exists(path))
            continue;
        CLEANUP(file_fd_closep)
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0)
            return err_sys(e, "cannot write '%s'", path);
        *ret_segment = i;
        *ret_path = path;
        return ERR_OK;
    }
}

struct serving { /* the worker that serves an invocation now; of a dual cell, both agents */
    struct invocation agents[2];
    uint32_t segment;
    const char *journal;
};

static void serving_done(struct serving *v)
{
    invocation_done(&v->agents[0]);
    invocation_done(&v->agents[1]);
}

static enum err_code start_agent(struct run *r, const struct run_target *t, struct serving *v,
                                 uint32_t agent, struct arena *a, struct invocation_failure *f,
                                 struct err *e)
{
    struct invocation *const i = &v->agents[agent];
    const struct run_cell c = shown(r, t);
    if (r->s.o->listener.loading)
        r->s.o->listener.loading(r->s.o->listener.context, &c);
    invocation_done(i);
    struct invocation_spec spec = run_inner_spec(r, t->configuration, t->invocation, agent,
                                                 v->segment, t->scenario->mode == MODE_DUAL);
    if (agent == 0 && r->x->resource_monitoring)
        spec.watch = &r->watch;
    invocation_start(i, &spec, &r->s.stop, a, f);
    run_clock_loaded(&r->clock);
    if (f->status != STATUS_OK)
        return ERR_OK;
    if (telemetry_write_sources(spec.watch, v->journal, e))
        return e->code;
    return telemetry_write_loaded(v->journal, agent, i->started, i->ready, i->started_at,
                                  i->loaded_text, e);
}

/* The workers that the cell needs. */
static enum err_code start_agents(struct run *r, const struct run_target *t, struct serving *v,
                                  struct arena *a, struct invocation_failure *f, struct err *e)
{
    *f = (struct invocation_failure){};
    if (!v->agents[0].worker) {
        if (open_journal(r, t, a, &v->segment, &v->journal, e) || start_agent(r, t, v, 0, a, f, e))
            return e->code;
    }
    if (f->status == STATUS_OK && t->scenario->mode == MODE_DUAL)
        return start_agent(r, t, v, 1, a, f, e);
    return ERR_OK;
}

static enum err_code measure_cell(struct run *r, const struct run_target *t, struct serving *v,
                                  struct arena *a, struct invocation_failure *f, struct err *e)
{
    const struct run_cell c = shown(r, t);
    const bool dual = t->scenario->mode == MODE_DUAL;
    if (r->s.o->listener.begins)
        r->s.o->listener.begins(r->s.o->listener.context, &c);
    struct invocation *agents[2] = {&v->agents[0], dual ? &v->agents[1] : nullptr};
    if (run_cell_measure(&r->s, t, &c, v->segment, v->journal, agents, a, f, e))
        return e->code;
    if (f->status == STATUS_SKIPPED)
        return run_inner_interrupted(e);
    run_inner_outcome(r, t, f->status);
    run_clock_cell(&r->clock, t->scenario_index);
    say_ended(r, t, f);
    return ERR_OK;
}

/* One cell, by the workers of v. */
static enum err_code run_target(struct run *r, const struct run_target *t, struct serving *v,
                                struct arena *a, struct err *e)
{
    struct run_configuration *const c = &r->configurations[t->configuration];
    struct invocation_failure f = c->dead;
    if (f.status == STATUS_OK && start_agents(r, t, v, a, &f, e))
        return e->code;
    if (f.status == STATUS_SKIPPED)
        return run_inner_interrupted(e);
    if (f.status == STATUS_OK)
        return measure_cell(r, t, v, a, &f, e);
    if (c->dead.status == STATUS_OK && !v->agents[0].worker) /* a dual's second may fail alone */
        c->dead = (struct invocation_failure){
            f.status, f.stage,
            arena_printf(r->s.a, "not tried again: invocation %u: %s", t->invocation, f.reason),
            nullptr};
    return close_cell(r, t, v->segment, &f, nullptr, a, e);
}

/* A dual's agents are processes of their own, because they have half of the cores each; they live
 * for that cell only, so that they take nothing from the others. */
static enum err_code run_pending(struct run *r, const struct pending *p, struct arena *a,
                                 struct err *e)
{
    CLEANUP(serving_done) struct serving alone = {};
    for (uint32_t i = 0; i < p->n; i++) {
        const struct run_target *const t = &p->targets[i];
        if (stop_wanted(&r->s.stop))
            return run_inner_interrupted(e);
        CLEANUP(serving_done) struct serving pair = {};
        if (run_target(r, t, t->scenario->mode == MODE_DUAL ? &pair : &alone, a, e))
            return e->code;
    }
    return ERR_OK;
}

static enum err_code run_configuration(struct run *r, uint32_t block, uint32_t place, struct err *e)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(RUN_INNER_MEMORY);
    const uint32_t configuration = plan_configuration_at(r->plan, block, place);
    struct pending p;
    if (!plan_configuration_runs(r->plan, configuration))
        return ERR_OK;
    if (find_pending(r, block, place, configuration, a, &p, e))
        return e->code;
    const enum err_code code = p.n ? run_pending(r, &p, a, e) : ERR_OK;
    run_clock_invocation(&r->clock);
    return code;
}

static void limits(struct run *r)
{
    const struct experiment *const x = r->x;
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    const bool known = sched_getaffinity(0, sizeof cpus, &cpus) == 0 && CPU_COUNT(&cpus) > 0;
    const uint32_t cores = known ? (uint32_t)CPU_COUNT(&cpus) : 1;
    /* Two agents with a thread per core each would wait in turns for a core that the other one
     * spins on, and measure that. */
    r->threads = x->threads ? x->threads : cores;
    r->dual_threads = x->threads ? x->threads : cores > 1 ? cores / 2 : 1;
    r->max_batch = 1;
    for (uint32_t i = 0; i < x->n_scenarios; i++) {
        const struct scenario *const s = &x->scenarios[i];
        const struct prompt_set *const set = &x->prompt_sets[s->prompt_set];
        for (uint32_t k = 0; k < set->n_prompts; k++) { /* no token is shorter than a byte */
            const uint32_t most = (uint32_t)strlen(set->prompts[k]) + s->max_tokens + 8;
            r->max_context = most > r->max_context ? most : r->max_context;
        }
        if (s->mode == MODE_BATCH && s->batch_size > r->max_batch)
            r->max_batch = s->batch_size;
    }
    const double machine = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    r->s.memory_limit_bytes =
        (int64_t)(x->memory_limit_mb > 0 ? x->memory_limit_mb * 1e6 : MEMORY_SHARE * machine);
    r->s.sample_every =
        x->resource_monitoring ? (nsec_t)(x->resource_interval_s * 1e9) : QUIET_SAMPLING;
}

/* ---- all ---- */

static void summarise(struct run *r, nsec_t began, nsec_t cpu)
{
    for (uint32_t c = 0; c < r->plan->n_configurations; c++)
        for (uint32_t s = 0; s < r->plan->n_scenarios; s++)
            r->s.summary->cells_by_status[r->outcome[(size_t)c * r->plan->n_scenarios + s]]++;
    r->s.summary->wall = clock_now() - began - r->quality_wall;
    r->s.summary->own_cpu = clock_cpu() - cpu - r->quality_cpu;
}

/* ---- after the last block ---- */

static struct run_quality_item quality_item(const struct run *r, uint32_t configuration)
{
    const struct plan_configuration *const c = &r->plan->configurations[configuration];
    const struct plan_backend *const b = &r->plan->backends[c->backend];
    const struct experiment_perplexity *const x = r->x->perplexity;
    const uint32_t n_ctx = r->plan->facts[c->model].n_ctx;
    const uint32_t window = x->window ? x->window : PERPLEXITY_TEXT_WINDOW;
    struct run_quality_item item = {
        .spec = run_inner_spec(r, configuration, 0, 0, 0, false),
        .model = c->model,
        .artefact = strcmp(b->backend->artefact, "none") != 0,
        .dead = r->configurations[configuration].dead,
    };
    item.spec.max_context = n_ctx && n_ctx < window ? n_ctx : window;
    item.spec.max_batch = 1;
    item.spec.keep_trace = false;
    return item;
}

/* The baseline of a model: its backend at fp32, whether or not fp32 is among the precisions. */
static struct run_quality_model quality_model(const struct run *r, uint32_t model)
{
    struct run_quality_model m = {};
    struct err e = {};
    const struct plan *const p = r->plan;
    const struct backend *const wanted =
        r->x->baseline_backend ? backend_find(r->x->baseline_backend, nullptr) : nullptr;
    if (!wanted)
        m.why_not = "the experiment names no baseline_backend";
    for (uint32_t i = 0; wanted && i < p->n_configurations && !m.baseline; i++) {
        const struct plan_configuration *const c = &p->configurations[i];
        const struct plan_backend *const b = &p->backends[c->backend];
        if (c->model != model || b->backend != wanted)
            continue;
        if (!b->available || backend_accepts(wanted, &p->facts[model], "fp32", &e)) {
            m.why_not = arena_printf(r->s.a, "the baseline %s at fp32: %s", wanted->name,
                                     b->available ? e.msg : b->why_not);
            return m;
        }
        struct run_quality_item *const item = ARENA_ARRAY(r->s.a, struct run_quality_item, 1);
        *item = quality_item(r, i);
        if (strcmp(item->spec.precision, "fp32") != 0) {
            item->spec.precision = "fp32";
            item->spec.artefact_sha256 = nullptr;
            item->dead = (struct invocation_failure){};
        }
        m.baseline = item;
    }
    if (wanted && !m.baseline)
        m.why_not = arena_printf(r->s.a, "baseline_backend '%s' is not among the backends",
                                 r->x->baseline_backend);
    return m;
}

static enum err_code quality(struct run *r, struct err *e)
{
    const struct plan *const p = r->plan;
    if (!r->x->perplexity)
        return ERR_OK;
    struct run_quality_item *const items =
        ARENA_ARRAY(r->s.a, struct run_quality_item, p->n_configurations + 1);
    struct run_quality_model *const models =
        ARENA_ARRAY(r->s.a, struct run_quality_model, r->x->n_models);
    struct run_quality q = {.state = &r->s,
                            .perplexity = r->x->perplexity,
                            .timeout_s = r->x->timeout_s,
                            .items = items,
                            .models = models};
    for (uint32_t i = 0; i < p->n_configurations; i++) /* model-major */
        if (plan_configuration_runs(p, i))
            items[q.n_items++] = quality_item(r, i);
    for (uint32_t i = 0; i < r->x->n_models; i++)
        models[i] = quality_model(r, i);
    return run_quality_all(&q, e);
}

static enum err_code all_blocks(struct run *r, struct err *e)
{
    if (run_stock_take(r, e))
        return e->code;
    r->clock.last = clock_now(); /* preparing is over, and is no cell's time */
    for (uint32_t b = 0; b < r->plan->n_blocks; b++) {
        if (run_adapt_look(r, b, e))
            return e->code;
        for (uint32_t i = 0; i < r->plan->n_configurations; i++)
            if (run_configuration(r, b, i, e))
                return e->code;
    }
    if (run_adapt_look(r, r->plan->n_blocks, e))
        return e->code;
    const nsec_t began = clock_now(), cpu = clock_cpu();
    enum err_code code = quality(r, e);
    if (!code)
        code = run_semantic(&r->s, r->x, r->threads, e);
    r->quality_wall = clock_now() - began;
    r->quality_cpu = clock_cpu() - cpu;
    return code;
}

static void run_done(struct run *r)
{
    watch_done(&r->watch);
}

enum err_code run_all(const struct run_options *o, struct arena *a, struct run_summary *ret,
                      struct err *e)
{
    const nsec_t began = clock_now(), cpu = clock_cpu();
    CLEANUP(run_folder_done) struct run_folder folder = {.lock_fd = -1};
    *ret = (struct run_summary){};
    CLEANUP(run_done)
    struct run r = {
        .s = {.o = o, .folder = &folder, .stop = {.fd = o->stop_fd}, .a = a, .summary = ret},
        .x = o->experiment,
        .plan = o->plan,
        .configurations = ARENA_ARRAY(a, struct run_configuration, o->plan->n_configurations + 1),
        .outcome =
            ARENA_ARRAY(a, uint8_t, (size_t)o->plan->n_configurations * o->plan->n_scenarios + 1),
    };
    watch_open(&r.watch, "");
    memset(r.outcome, STATUS_SKIPPED, (size_t)o->plan->n_configurations * o->plan->n_scenarios);
    limits(&r);
    run_clock_init(&r.clock, o->plan->n_scenarios, a);
    run_adapt_init(&r);
    const struct run_folder_texts texts = {o->plan_json, o->environment};
    if (run_folder_open(&folder, o->dir, o->resume, o->experiment, &texts, a, e))
        return e->code;
    const enum err_code code = all_blocks(&r, e);
    summarise(&r, began, cpu);
    struct err closing = {};
    const char *const state = code == ERR_OK            ? "complete"
                              : code == ERR_INTERRUPTED ? "interrupted"
                                                        : "failed";
    if (run_folder_finish(&folder, state, ret->own_cpu, ret->wall, &closing) && code == ERR_OK) {
        *e = closing;
        return e->code;
    }
    return code;
}
