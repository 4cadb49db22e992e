#include "lab/run_adapt.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "domain/experiment.h"
#include "io/file.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "lab/run_adapt_record.h"
#include "num/moment.h"
#include "num/quantile.h"
#include "store/sample_log.h"

#include <math.h>
#include <string.h>

static size_t index_of(const struct run *r, uint32_t configuration, uint32_t scenario)
{
    return (size_t)configuration * r->plan->n_scenarios + scenario;
}

void run_adapt_init(struct run *r)
{
    const struct plan *const p = r->plan;
    const size_t n = (size_t)p->n_configurations * p->n_scenarios;
    if (!(r->x->target_ci_percent > 0))
        return;
    r->adapt = ARENA_ARRAY(r->s.a, struct run_adapt_cell, n + 1);
    for (size_t i = 0; i < n; i++)
        r->adapt[i] =
            (struct run_adapt_cell){.wanted = r->x->invocations, .repetitions = r->x->repetitions};
}

bool run_adapt_wants(const struct run *r, uint32_t configuration, uint32_t scenario, uint32_t block)
{
    return !r->adapt || block < r->adapt[index_of(r, configuration, scenario)].wanted;
}

/* ---- a cell's samples ---- */

struct values { /* of the invocations before the look, in their order */
    double *x, *sorted;
    size_t *start;
    size_t n_units, n;
    double repetitions;       /* measured, of all invocations */
    double measured, warming; /* ms: in measured requests, in the others */
};

static void take_line(struct values *v, const struct sample_log_entry *l)
{
    const double ms =
        l->finished >= 0 && l->submitted >= 0 ? clock_ms(l->finished - l->submitted) : NOT_MEASURED;
    if (isnan(ms))
        return;
    if (l->phase != PHASE_MEASURED) {
        v->warming += ms;
        return;
    }
    v->measured += ms;
    if (l->status == STATUS_OK)
        v->x[v->n++] = ms;
}

/* Lines of an invocation need not be together in the log: one that was resumed has two parts. */
static void gather(const struct sample_log_entry *lines, size_t n, uint32_t blocks, struct arena *a,
                   struct values *v)
{
    *v = (struct values){.x = ARENA_ARRAY(a, double, n + 1),
                         .sorted = ARENA_ARRAY(a, double, n + 1),
                         .start = ARENA_ARRAY(a, size_t, (size_t)blocks + 1)};
    for (uint32_t b = 0; b < blocks; b++) {
        const size_t before = v->n;
        uint32_t repetitions = 0;
        for (size_t i = 0; i < n; i++)
            if (lines[i].invocation == b) {
                take_line(v, &lines[i]);
                if (lines[i].phase == PHASE_MEASURED && lines[i].repetition >= repetitions)
                    repetitions = lines[i].repetition + 1;
            }
        if (v->n == before)
            continue;
        v->repetitions += repetitions;
        v->start[++v->n_units] = v->n;
    }
    if (v->n)
        memcpy(v->sorted, v->x, v->n * sizeof *v->x);
    quantile_sort(v->sorted, v->n);
}

/* Starting and loading a worker, from its records; what the scenarios of an invocation share is
 * each one's part. */
static double loading_ms(const struct run *r, const struct run_target *t, uint32_t blocks,
                         struct arena *a)
{
    double sum = 0, n = 0;
    for (uint32_t b = 0; b < blocks; b++) {
        struct run_target at = *t;
        const struct json *record;
        struct err ignored = {};
        at.invocation = b;
        const char *const path = run_cell_record_path(&at, a);
        if (!file_exists(path) || json_read_file(path, a, &record, &ignored))
            continue;
        const double ms =
            json_f64(json_get(json_at(json_get(record, "segments"), 0), "start_ms"), NOT_MEASURED);
        if (isnan(ms))
            continue;
        sum += ms;
        n++;
    }
    return n > 0 ? sum / n / r->plan->n_wanted_scenarios : 0;
}

/* ---- a look ---- */

static void note(const struct run *r, const struct run_target *t, const struct run_adapt_cell *c,
                 struct arena *a)
{
    const struct stopping_look *const l = &c->looks[c->n_looks - 1].look;
    const char *what = "";
    if (!r->s.o->listener.note)
        return;
    if (l->state == STOPPING_MORE)
        what = arena_printf(a, "; on to %zu invocations of %u repetitions each",
                            l->next_invocations, c->repetitions);
    else if (l->state == STOPPING_CAPPED)
        what = isnan(l->apart) ? "; max_invocations is reached"
                               : arena_printf(a,
                                              "; max_invocations is reached: the medians of the "
                                              "invocations are in two groups, %.3g %% apart",
                                              100 * l->apart);
    r->s.o->listener.note(
        r->s.o->listener.context,
        isnan(l->half)
            ? arena_printf(a, "%s  %s  %s: no interval yet after %zu invocations%s", t->backend,
                           t->precision, t->scenario->name, l->invocations, what)
            : arena_printf(a, "%s  %s  %s: median %.4g ms +-%.3g %% after %zu invocations%s",
                           t->backend, t->precision, t->scenario->name, l->median.at, 100 * l->half,
                           l->invocations, what));
}

/* What the run will still do, for its clock; what an earlier run did of it counts as found. */
static void expect_more(struct run *r, const struct run_target *t, uint32_t from, uint32_t to,
                        struct arena *a)
{
    for (uint32_t b = from; b < to; b++) {
        struct run_target at = *t;
        at.invocation = b;
        if (file_exists(run_cell_record_path(&at, a)))
            continue;
        run_clock_expect(&r->clock, t->scenario_index, 1);
        r->clock.invocations_left++;
    }
}

static enum err_code look_at_cell(struct run *r, const struct run_target *t, uint32_t block,
                                  struct run_adapt_cell *c, struct arena *a, struct err *e)
{
    struct sample_log_entry *lines;
    size_t n;
    struct values v;
    if (sample_log_read(file_join(a, t->folder, "samples.jsonl"), a, &lines, &n, e))
        return e->code;
    gather(lines, n, block, a, &v);
    const enum status status =
        (enum status)r->outcome[index_of(r, t->configuration, t->scenario_index)];
    if (status != STATUS_OK || v.n_units < block) {
        c->done = true;
        c->reason = arena_printf(r->s.a, "%zu of %u invocations have samples that are ok (%s)",
                                 v.n_units, block, status_name(status));
        return ERR_OK;
    }
    const struct stopping_rule rule = {
        .target = r->x->target_ci_percent / 100,
        .most_invocations = r->plan->n_blocks,
        .requests = (double)v.n / v.repetitions,
        .repetitions = c->repetitions,
        .least_repetitions = r->x->repetitions,
        .most_repetitions = fmax(r->x->max_repetitions, r->x->repetitions),
        .cost_invocation = loading_ms(r, t, block, a) + v.warming / (double)v.n_units,
        .cost_repetition = v.measured / v.repetitions,
    };
    const struct nested s = {.x = v.x, .start = v.start, .n_units = v.n_units};
    const struct stopping_look l = stopping_look_at(&rule, &s, v.sorted, a);
    if (!c->looks)
        c->looks = ARENA_ARRAY(r->s.a, struct run_adapt_look, RUN_ADAPT_MOST_LOOKS);
    if (c->n_looks < RUN_ADAPT_MOST_LOOKS)
        c->n_looks++;
    c->looks[c->n_looks - 1] = (struct run_adapt_look){l, v.n, v.repetitions};
    c->done = l.state != STOPPING_MORE;
    if (!c->done) {
        c->repetitions = (uint32_t)l.next_repetitions;
        expect_more(r, t, c->wanted, (uint32_t)l.next_invocations, a);
        c->wanted = (uint32_t)l.next_invocations;
    }
    note(r, t, c, a);
    return ERR_OK;
}

enum err_code run_adapt_look(struct run *r, uint32_t block, struct err *e)
{
    const struct plan *const p = r->plan;
    bool looked = false;
    if (!r->adapt)
        return ERR_OK;
    for (uint32_t k = 0; k < p->n_configurations; k++)
        for (uint32_t s = 0; s < p->n_scenarios; s++) {
            struct run_adapt_cell *const c = &r->adapt[index_of(r, k, s)];
            if (plan_cell_status(p, k, s) != STATUS_OK || c->done || c->wanted != block)
                continue;
            CLEANUP(arena_freep) struct arena *a = arena_new(RUN_INNER_MEMORY);
            const struct run_target t = run_inner_target(r, 0, 0, k, s, a);
            if (look_at_cell(r, &t, block, c, a, e))
                return e->code;
            looked = true;
        }
    return looked ? run_adapt_record_write(r, e) : ERR_OK;
}
