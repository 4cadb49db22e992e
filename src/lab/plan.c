#include "lab/plan.h"

#include "backend/backend.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/rng.h"
#include "domain/experiment.h"
#include "lab/plan_filter.h"

#include <string.h>

/* A scenario order is drawn from a stream of its own, so that adding a configuration to an
 * experiment moves no scenario within the others. */
constexpr uint64_t SCENARIO_STREAM = 0x5ce9a210;

struct building {
    struct plan *p;
    struct arena *a;
    uint32_t *slots; /* open addressing over reasons; 0: free */
    uint32_t n_slots, room;
};

static uint64_t hash(enum status status, const char *text)
{
    uint64_t h = 0xcbf29ce484222325U ^ status; /* FNV-1a */
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 0x100000001b3U;
    return h;
}

static uint32_t *slot(const struct building *b, enum status status, const char *text)
{
    uint32_t i = (uint32_t)hash(status, text) & (b->n_slots - 1);
    for (;; i = (i + 1) & (b->n_slots - 1)) {
        const struct plan_reason *const r = &b->p->reasons[b->slots[i]];
        if (b->slots[i] == 0 || (r->status == status && strcmp(r->text, text) == 0))
            return &b->slots[i];
    }
}

static void grow(struct building *b)
{
    b->room = b->room ? 2 * b->room : 64;
    struct plan_reason *const reasons = ARENA_ARRAY(b->a, struct plan_reason, b->room);
    if (b->p->n_reasons)
        memcpy(reasons, b->p->reasons, b->p->n_reasons * sizeof *reasons);
    b->p->reasons = reasons;
    b->n_slots = 2 * b->room; /* never more than half full */
    b->slots = ARENA_ARRAY(b->a, uint32_t, b->n_slots);
    for (uint32_t i = 1; i < b->p->n_reasons; i++)
        *slot(b, reasons[i].status, reasons[i].text) = i;
    if (b->p->n_reasons == 0)
        b->p->n_reasons = 1;
}

static uint32_t reason(struct building *b, enum status status, const char *text)
{
    if (b->p->n_reasons >= b->room)
        grow(b);
    uint32_t *const at = slot(b, status, text);
    if (*at == 0) {
        *at = b->p->n_reasons++;
        b->p->reasons[*at] =
            (struct plan_reason){.text = arena_strdup(b->a, text), .status = status};
    }
    return *at;
}

/* What can never be stands before what is not here, and the engine before the model: that is the
 * order in which a person would mend it. */
static void judge(struct building *b, struct plan_configuration *c)
{
    const struct experiment *const x = b->p->experiment;
    const struct plan_backend *const have = &b->p->backends[c->backend];
    const char *const precision = x->precisions[c->precision];
    struct err e = {};
    if (have->fixed_precision && strcmp(have->fixed_precision, precision) != 0) {
        c->status = STATUS_INCOMPATIBLE;
        c->reason = reason(b, c->status,
                           arena_printf(b->a, "%s is %s at %s only", x->backends[c->backend],
                                        have->backend->name, have->fixed_precision));
        return;
    }
    const enum err_code code =
        backend_accepts(have->backend, &b->p->facts[c->model], precision, &e);
    if (code == ERR_OK && have->available)
        return;
    c->status =
        code == ERR_OK || code == ERR_UNAVAILABLE ? STATUS_UNAVAILABLE : STATUS_INCOMPATIBLE;
    const char *why = e.msg;
    if (c->status == STATUS_UNAVAILABLE && !have->available)
        why = arena_printf(b->a, "%s: %s", x->backends[c->backend], have->why_not);
    c->reason = reason(b, c->status, why);
}

static void configurations(struct building *b, const struct plan_filter *f)
{
    struct plan *const p = b->p;
    const struct experiment *const x = p->experiment;
    uint32_t n = 0;
    for (uint32_t m = 0; m < x->n_models; m++)
        for (uint32_t k = 0; k < x->n_backends; k++)
            for (uint32_t q = 0; q < x->n_precisions; q++) {
                struct plan_configuration *const c = &p->configurations[n++];
                *c = (struct plan_configuration){.model = m, .backend = k, .precision = q};
                c->wanted = plan_filter_takes(f, "model", x->models[m].name) &&
                            plan_filter_takes(f, "backend", x->backends[k]) &&
                            plan_filter_takes(f, "precision", x->precisions[q]);
                judge(b, c);
            }
}

static void scenarios(struct building *b, const struct plan_filter *f)
{
    struct plan *const p = b->p;
    for (uint32_t i = 0; i < p->n_scenarios; i++) {
        struct plan_scenario *const s = &p->scenarios[i];
        s->wanted = plan_filter_takes(f, "scenario", p->experiment->scenarios[i].name);
        p->n_wanted_scenarios += s->wanted;
        if (p->experiment->scenarios[i].mode == MODE_LOAD) {
            s->status = STATUS_UNAVAILABLE;
            s->reason =
                reason(b, s->status, "this version of chimera has no load generator for mode load");
        }
    }
}

static void count(struct plan *p)
{
    uint64_t runnable = 0;
    for (uint32_t i = 0; i < p->n_configurations; i++) {
        const struct plan_configuration *const c = &p->configurations[i];
        if (!c->wanted)
            continue;
        p->n_cells += p->n_wanted_scenarios;
        runnable += c->status == STATUS_OK;
        if (c->status != STATUS_OK) {
            p->cells_by_status[c->status] += p->n_wanted_scenarios;
            p->reasons[c->reason].cells += p->n_wanted_scenarios;
        }
    }
    for (uint32_t i = 0; i < p->n_scenarios; i++) {
        const struct plan_scenario *const s = &p->scenarios[i];
        if (!s->wanted)
            continue;
        p->cells_by_status[s->status] += runnable;
        p->reasons[s->reason].cells += s->status == STATUS_OK ? 0 : runnable;
    }
}

static enum err_code order(struct plan *p, struct arena *a, struct err *e)
{
    if (!p->experiment->shuffle)
        return ERR_OK;
    const uint64_t n = (uint64_t)p->n_blocks * p->n_configurations;
    if (n > PLAN_MOST_ORDER)
        return err_set(e, ERR_LIMIT,
                       "%u invocations of %u configurations: more than %llu in a random order",
                       p->n_blocks, p->n_configurations, (unsigned long long)PLAN_MOST_ORDER);
    p->order = ARENA_ARRAY(a, uint32_t, n);
    for (uint32_t block = 0; block < p->n_blocks; block++) {
        uint32_t *const row = p->order + (size_t)block * p->n_configurations;
        for (uint32_t i = 0; i < p->n_configurations; i++)
            row[i] = i;
        struct rng r;
        rng_init(&r, rng_derive(p->experiment->seed, block));
        rng_shuffle(&r, row, p->n_configurations);
    }
    return ERR_OK;
}

enum err_code plan_build(const struct experiment *x, const struct plan_backend *backends,
                         const struct model_facts *facts, const struct plan_filter *filter,
                         struct arena *a, struct plan *ret, struct err *e)
{
    const uint64_t pairs = (uint64_t)x->n_models * x->n_backends;
    if (pairs > PLAN_MOST_CELLS || pairs * x->n_precisions > PLAN_MOST_CELLS ||
        pairs * x->n_precisions * x->n_scenarios > PLAN_MOST_CELLS)
        return err_set(
            e, ERR_LIMIT,
            "%s: %u models x %u backends x %u precisions x %u scenarios: more than %llu cells",
            x->path, x->n_models, x->n_backends, x->n_precisions, x->n_scenarios,
            (unsigned long long)PLAN_MOST_CELLS);
    if (filter && plan_filter_check(filter, x, e))
        return e->code;
    struct plan p = {.experiment = x,
                     .backends = backends,
                     .facts = facts,
                     .n_configurations = (uint32_t)(pairs * x->n_precisions),
                     .n_scenarios = x->n_scenarios,
                     .n_blocks = x->target_ci_percent > 0 && x->max_invocations > x->invocations
                                     ? x->max_invocations
                                     : x->invocations};
    p.configurations = ARENA_ARRAY(a, struct plan_configuration, p.n_configurations);
    p.scenarios = ARENA_ARRAY(a, struct plan_scenario, p.n_scenarios);
    struct building b = {.p = &p, .a = a};
    grow(&b);
    configurations(&b, filter);
    scenarios(&b, filter);
    count(&p);
    if (order(&p, a, e))
        return e->code;
    *ret = p;
    return ERR_OK;
}

uint32_t plan_configuration_at(const struct plan *p, uint32_t block, uint32_t i)
{
    return p->order ? p->order[(size_t)block * p->n_configurations + i] : i;
}

void plan_scenarios_at(const struct plan *p, uint32_t block, uint32_t configuration,
                       uint32_t *ret_order)
{
    for (uint32_t i = 0; i < p->n_scenarios; i++)
        ret_order[i] = i;
    if (!p->experiment->shuffle)
        return;
    struct rng r;
    const uint64_t own = rng_derive(p->experiment->seed ^ SCENARIO_STREAM, block);
    rng_init(&r, rng_derive(own, configuration));
    rng_shuffle(&r, ret_order, p->n_scenarios);
}

enum status plan_cell_status(const struct plan *p, uint32_t configuration, uint32_t scenario)
{
    const struct plan_configuration *const c = &p->configurations[configuration];
    const struct plan_scenario *const s = &p->scenarios[scenario];
    if (!c->wanted || !s->wanted)
        return STATUS_SKIPPED;
    return c->status != STATUS_OK ? c->status : s->status;
}

const char *plan_cell_reason(const struct plan *p, uint32_t configuration, uint32_t scenario)
{
    const struct plan_configuration *const c = &p->configurations[configuration];
    const struct plan_scenario *const s = &p->scenarios[scenario];
    if (!c->wanted || !s->wanted)
        return "left out by --only";
    if (c->status != STATUS_OK)
        return p->reasons[c->reason].text;
    return s->status != STATUS_OK ? p->reasons[s->reason].text : nullptr;
}

bool plan_configuration_runs(const struct plan *p, uint32_t configuration)
{
    for (uint32_t i = 0; i < p->n_scenarios; i++)
        if (plan_cell_status(p, configuration, i) == STATUS_OK)
            return true;
    return false;
}
