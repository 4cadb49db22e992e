#include "lab/run_stock.h"

#include "backend/backend.h"
#include "base/arena.h"
#include "domain/experiment.h"
#include "io/file.h"
#include "store/results_folder.h"

#include <string.h>
#include <unistd.h>

static enum err_code prepare(struct run *r, uint32_t configuration, struct err *e)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(RUN_INNER_MEMORY);
    const struct plan_configuration *const c = &r->plan->configurations[configuration];
    struct run_configuration *const state = &r->configurations[configuration];
    const struct backend *const b = r->plan->backends[c->backend].backend;
    struct invocation_failure f;
    if (strcmp(b->artefact, "none") == 0)
        return ERR_OK;
    if (r->s.o->listener.note)
        r->s.o->listener.note(r->s.o->listener.context,
                              arena_printf(a, "preparing %s %s %s", b->name,
                                           r->x->precisions[c->precision],
                                           r->x->models[c->model].name));
    struct invocation_spec spec = run_inner_spec(r, configuration, 0, 0, 0, false);
    spec.argv = r->s.o->native.argv; /* artefacts are made in C, for every backend */
    spec.environment = r->s.o->native.environment;
    const char *sha256 = nullptr;
    invocation_prepare(&spec, &r->s.stop, a, &sha256, &f);
    state->artefact_sha256 = sha256 ? arena_strdup(r->s.a, sha256) : nullptr;
    if (f.status == STATUS_SKIPPED)
        return run_inner_interrupted(e);
    if (f.status != STATUS_OK)
        state->dead = (struct invocation_failure){f.status, f.stage, arena_strdup(r->s.a, f.reason),
                                                  f.tail ? arena_strdup(r->s.a, f.tail) : nullptr};
    return ERR_OK;
}

/* Blocks that are sure to come; with a target more may follow. */
static uint32_t first_blocks(const struct run *r)
{
    return r->adapt ? r->x->invocations : r->plan->n_blocks;
}

/* What an earlier run left of a cell that can run: retried where asked, else taken over. */
static enum err_code take_over(struct run *r, uint32_t configuration, uint32_t scenario,
                               struct arena *a, bool *ret_left, struct err *e)
{
    const struct run_target t = run_inner_target(r, 0, 0, configuration, scenario, a);
    const char *const error = file_join(a, t.folder, "error.txt");
    bool failed = false, any = false;
    for (uint32_t b = 0; b < r->plan->n_blocks; b++) {
        struct run_record_outcome o;
        const char *const path = results_folder_run_file(a, t.folder, b);
        if (!run_record_read(path, &o)) {
            *ret_left = true;
            continue;
        }
        if (r->s.o->retry_failed && o.status != STATUS_OK && o.status != STATUS_DEGRADED) {
            if (unlink(path) != 0)
                return err_sys(e, "'%s'", path);
            *ret_left = failed = true;
            continue;
        }
        any |= o.status != STATUS_OK && o.status != STATUS_DEGRADED;
        run_inner_outcome(r, &t, o.status);
        r->s.summary->found++;
        if (b >= first_blocks(r))
            run_clock_expect(&r->clock, scenario, 1);
        run_clock_found(&r->clock, scenario);
        if (strcmp(o.stage, "load") == 0 || strcmp(o.stage, "prepare") == 0)
            r->configurations[configuration].dead = (struct invocation_failure){
                o.status, "load",
                arena_printf(r->s.a, "not tried again: invocation %u: %s", b, o.reason), nullptr};
    }
    if ((failed || !any) && file_exists(error) && unlink(error) != 0) /* what it told is over */
        return err_sys(e, "'%s'", error);
    return ERR_OK;
}

static enum err_code close_planned(struct run *r, uint32_t configuration, uint32_t scenario,
                                   struct arena *a, struct err *e)
{
    const enum status status = plan_cell_status(r->plan, configuration, scenario);
    const struct run_target t = run_inner_target(r, 0, 0, configuration, scenario, a);
    run_inner_outcome(r, &t, status);
    if (status == STATUS_SKIPPED || file_exists(file_join(a, t.folder, "error.txt")))
        return ERR_OK;
    const struct results_folder_error f = {
        status, plan_cell_reason(r->plan, configuration, scenario), "plan", -1, 0, nullptr};
    return results_folder_write_error(t.folder, &f, e);
}

enum err_code run_stock_take(struct run *r, struct err *e)
{
    const struct plan *const p = r->plan;
    CLEANUP(arena_freep) struct arena *wanted = arena_new(RUN_INNER_MEMORY);
    bool *const left = ARENA_ARRAY(wanted, bool, p->n_configurations + 1);
    bool any = false;
    for (uint32_t c = 0; c < p->n_configurations; c++)
        for (uint32_t s = 0; s < p->n_scenarios; s++) {
            CLEANUP(arena_freep) struct arena *a = arena_new(RUN_INNER_MEMORY);
            const bool runs = plan_cell_status(p, c, s) == STATUS_OK;
            if (runs)
                run_clock_expect(&r->clock, s, first_blocks(r));
            any |= runs;
            if (runs ? take_over(r, c, s, a, &left[c], e) : close_planned(r, c, s, a, e))
                return e->code;
        }
    r->s.summary->nothing_ran = !any;
    for (uint32_t c = 0; c < p->n_configurations; c++)
        r->clock.invocations_left += plan_configuration_runs(p, c) ? first_blocks(r) : 0;
    for (uint32_t c = 0; c < p->n_configurations; c++)
        if (left[c] && r->configurations[c].dead.status == STATUS_OK && prepare(r, c, e))
            return e->code;
    return ERR_OK;
}
