#include "lab/run_adapt_record.h"

#include "base/arena.h"
#include "base/str.h"
#include "domain/experiment.h"
#include "io/file.h"
#include "io/jsonw.h"

#include <math.h>

static void put_interval(const struct interval *v, double half, struct jsonw *w)
{
    jsonw_kf64(w, "median_ms", v->at);
    jsonw_kf64(w, "lo_ms", v->lo);
    jsonw_kf64(w, "hi_ms", v->hi);
    jsonw_kf64(w, "half_percent", 100 * half);
    if (isnan(half))
        jsonw_kstr(w, "half_percent_reason", v->reason ? v->reason : "the median is not above 0");
}

static void put_looks(const struct run_adapt_cell *c, struct jsonw *w)
{
    jsonw_karray(w, "looks");
    for (uint32_t i = 0; i < c->n_looks; i++) {
        const struct run_adapt_look *const k = &c->looks[i];
        jsonw_object(w);
        jsonw_ki64(w, "invocations", (int64_t)k->look.invocations);
        jsonw_ki64(w, "samples", (int64_t)k->samples);
        put_interval(&k->look.median, k->look.half, w);
        jsonw_kf64(w, "reach_percent", 100 * k->look.reach);
        if (!isnan(k->look.apart))
            jsonw_kf64(w, "groups_apart_percent", 100 * k->look.apart);
        if (k->look.state == STOPPING_MORE) {
            jsonw_ki64(w, "next_invocations", (int64_t)k->look.next_invocations);
            jsonw_kf64(w, "next_repetitions", k->look.next_repetitions);
        }
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static void put_cell(const struct run_target *t, const struct run_adapt_cell *c, struct jsonw *w)
{
    static const char *const states[] = {
        [STOPPING_MORE] = "running", [STOPPING_REACHED] = "reached", [STOPPING_CAPPED] = "capped"};
    const struct run_adapt_look *const last = c->n_looks ? &c->looks[c->n_looks - 1] : nullptr;
    jsonw_object(w);
    jsonw_kstr(w, "scenario", t->scenario->name);
    jsonw_kstr(w, "model", t->model);
    jsonw_kstr(w, "backend", t->backend);
    jsonw_kstr(w, "precision", t->precision);
    jsonw_kstr(w, "state", c->reason ? "failed" : last ? states[last->look.state] : "running");
    jsonw_kstr(w, "reason", c->reason);
    jsonw_ki64(w, "invocations",
               c->done ? (last ? (int64_t)last->look.invocations : 0) : c->wanted);
    put_looks(c, w);
    jsonw_end_object(w);
}

static void add(const struct run_adapt_cell *c, struct run_adapt_saving *s)
{
    const struct run_adapt_look *const last = c->n_looks ? &c->looks[c->n_looks - 1] : nullptr;
    s->failed += c->reason != nullptr;
    s->running += !c->done;
    if (c->reason || !c->done || !last)
        return;
    s->cells++;
    s->reached += last->look.state == STOPPING_REACHED;
    s->invocations += (double)last->look.invocations;
    s->repetitions += last->repetitions;
    s->most_invocations = fmax(s->most_invocations, (double)last->look.invocations);
    s->most_repetitions = fmax(s->most_repetitions, last->repetitions);
}

/* A plan that is fixed beforehand gives every cell what the one that needs most needs. */
static void put_saving(const struct run_adapt_saving *s, struct jsonw *w)
{
    const double cells = s->cells, fixed = cells * s->most_repetitions;
    jsonw_kobject(w, "saving");
    jsonw_ki64(w, "cells", s->cells);
    jsonw_ki64(w, "cells_reached", s->reached);
    jsonw_ki64(w, "cells_failed", s->failed);
    jsonw_ki64(w, "cells_running", s->running);
    jsonw_kf64(w, "invocations", s->invocations);
    jsonw_kf64(w, "invocations_fixed", cells * s->most_invocations);
    jsonw_kf64(w, "repetitions", s->repetitions);
    jsonw_kf64(w, "repetitions_fixed", fixed);
    jsonw_kf64(w, "repetitions_saved_percent",
               fixed > 0 ? 100 * (1 - s->repetitions / fixed) : NOT_MEASURED);
    if (!(fixed > 0))
        jsonw_kstr(w, "repetitions_saved_percent_reason", "no cell is done");
    jsonw_kstr(w, "against", "fixed: every cell measured as often as the one that needed most");
    jsonw_end_object(w);
}

enum err_code run_adapt_record_write(struct run *r, struct err *e)
{
    const struct plan *const p = r->plan;
    CLEANUP(arena_freep) struct arena *a = arena_new(RUN_INNER_MEMORY);
    CLEANUP(str_done) struct str text = {};
    struct jsonw w = {.out = &text, .pretty = true};
    struct run_adapt_saving saving = {};
    jsonw_object(&w);
    jsonw_kstr(&w, "schema", "chimera.stopping/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    jsonw_kobject(&w, "generated_from");
    jsonw_kstr(&w, "experiment_sha256", r->s.folder->experiment_sha256);
    jsonw_end_object(&w);
    jsonw_kf64(&w, "target_ci_percent", r->x->target_ci_percent);
    jsonw_kf64(&w, "confidence", STOPPING_CLAIM);
    jsonw_kf64(&w, "nominal_level", STOPPING_LEVEL);
    jsonw_kstr(&w, "nominal_level_why",
               "looking more than once makes an interval cover less than its nominal level");
    jsonw_ki64(&w, "least_invocations", r->x->invocations);
    jsonw_ki64(&w, "max_invocations", p->n_blocks);
    jsonw_ki64(&w, "max_repetitions", r->x->max_repetitions);
    jsonw_karray(&w, "cells");
    for (uint32_t k = 0; k < p->n_configurations; k++)
        for (uint32_t s = 0; s < p->n_scenarios; s++) {
            const struct run_adapt_cell *const c = &r->adapt[(size_t)k * p->n_scenarios + s];
            if (plan_cell_status(p, k, s) != STATUS_OK)
                continue;
            const struct run_target t = run_inner_target(r, 0, 0, k, s, a);
            put_cell(&t, c, &w);
            add(c, &saving);
        }
    jsonw_end_array(&w);
    put_saving(&saving, &w);
    jsonw_end_object(&w);
    str_putc(&text, '\n');
    r->s.summary->adapt = saving;
    return file_write(file_join(a, r->s.o->dir, "stopping.json"), text.text, text.n, e);
}
