#include "analysis/pilot.h"

#include "base/arena.h"
#include "base/defs.h"
#include "num/dist.h"

#include <math.h>
#include <string.h>

static double top_variance(const struct pilot_cell *c, double repetitions)
{
    return c->between + PILOT_MEDIAN * c->within / (repetitions * c->requests);
}

double pilot_half(const struct pilot_cell *c, size_t invocations, size_t repetitions)
{
    const double n = (double)invocations;
    const double t = dist_t_quantile((1 + CELL_CONFIDENCE) / 2, n - 1);
    return expm1(t * sqrt(top_variance(c, (double)repetitions) / n));
}

/* ---- one cell ---- */

static void take_costs(struct pilot_cell *p, const struct cell_view *v)
{
    const struct results_samples *const s = v->samples;
    double measured = 0, rest = 0, repetitions = 0;
    for (size_t i = 0; i < s->n; i++) {
        const double ms = isnan(s->latency_ms[i]) ? 0 : s->latency_ms[i];
        if (s->phase[i] == PHASE_MEASURED)
            measured += ms;
        else
            rest += ms;
    }
    for (size_t u = 0; u < v->stats->n_units; u++) {
        int32_t most = 0;
        for (size_t i = v->stats->start[u]; i < v->stats->start[u + 1]; i++)
            if (s->repetition[v->rows[i]] > most)
                most = s->repetition[v->rows[i]];
        repetitions += most + 1;
    }
    p->requests = (double)v->stats->n / repetitions;
    p->repetition_s = measured / repetitions / 1e3;
    p->invocation_s = rest / (double)v->stats->n_units / 1e3;
}

static void take_variances(struct pilot_cell *p, const struct cell_view *v)
{
    const struct cell_stats *const t = v->stats;
    double *const log_x = ARENA_ARRAY(v->scratch, double, t->n);
    for (size_t i = 0; i < t->n; i++)
        log_x[i] = log(t->x[i]);
    const struct kalibera k = kalibera_two(log_x, t->start, t->n_units);
    p->within = k.t2[0];
    p->between = k.t2[1];
    if (isnan(p->within))
        p->reason = "one sample per invocation: repetitions and invocations cannot be told apart";
    else if (isnan(p->between)) {
        p->caution = "one invocation: what differs between invocations is not known, and not in "
                     "the prediction; a pilot needs two, better six";
        p->between = 0;
    } else if (!(p->between > 0)) {
        p->caution = "no variation between invocations was seen";
        p->between = 0;
    }
}

static void visit(void *context, const struct cell_view *v)
{
    struct pilot *const pilot = context;
    const struct cell_stats *const t = v->stats;
    struct pilot_cell *const p = &pilot->cells[v->cell];
    p->reason = nullptr;
    p->invocations = t->n_units;
    p->samples = t->n;
    p->median_ms = t->median;
    if (t->n < 2 || !(t->min > 0)) {
        p->reason = t->n < 2 ? "fewer than two samples" : "a latency that is not above 0";
        return;
    }
    p->now = fmax(t->median_ci.hi / t->median - 1, 1 - t->median_ci.lo / t->median);
    if (isnan(t->median_ci.hi) || isnan(t->median_ci.lo))
        p->now = NOT_MEASURED;
    take_costs(p, v);
    take_variances(p, v);
}

/* ---- the proposals ---- */

static size_t invocations_for(const struct pilot_cell *c, size_t repetitions, double target)
{
    const size_t n = kalibera_top(top_variance(c, (double)repetitions), log1p(target),
                                  CELL_CONFIDENCE, PILOT_MOST);
    return n > PILOT_MOST ? 0 : n;
}

static double cost_of(const struct pilot_cell *c, size_t invocations, size_t repetitions)
{
    return (double)invocations * (c->invocation_s + (double)repetitions * c->repetition_s);
}

/* Kalibera & Jones' optimum; where invocations do not differ, what makes PILOT_LEAST of them do. */
static size_t best_repetitions(const struct pilot_cell *c, double target)
{
    const struct kalibera k = {.levels = 2, .t2 = {PILOT_MEDIAN * c->within, c->between}};
    double values;
    kalibera_optimal(&k, (double[]){c->repetition_s / c->requests, c->invocation_s}, &values);
    if (isinf(values)) {
        const double n = PILOT_LEAST;
        const double t = dist_t_quantile((1 + CELL_CONFIDENCE) / 2, n - 1) / log1p(target);
        values = PILOT_MEDIAN * c->within * t * t / n;
    }
    const double r = ceil(values / c->requests);
    return r < 1 || isnan(r) ? 1 : r > (double)PILOT_MOST ? PILOT_MOST : (size_t)r;
}

/* Kalibera & Jones' count is the best for many invocations; of few, fewer may be cheaper. */
static void propose_alone(struct pilot_cell *c, double target)
{
    for (size_t reps = best_repetitions(c, target); reps; reps /= 2) {
        const size_t n = invocations_for(c, reps, target);
        const double s = n ? cost_of(c, n, reps) : NOT_MEASURED;
        if (n && !(c->best_s <= s)) {
            c->best_repetitions = reps;
            c->best_invocations = n;
            c->best_s = s;
        }
    }
}

static double cost_of_all(const struct pilot *p, size_t invocations, size_t repetitions)
{
    double s = 0;
    for (size_t i = 0; i < p->n; i++)
        s += p->cells[i].reason ? 0 : cost_of(&p->cells[i], invocations, repetitions);
    return s;
}

static double worst_of(const struct pilot *p, size_t invocations, size_t repetitions)
{
    double worst = 0;
    for (size_t i = 0; i < p->n; i++)
        if (!p->cells[i].reason)
            worst = fmax(worst, pilot_half(&p->cells[i], invocations, repetitions));
    return worst;
}

/* With these repetitions: what every cell needs, and its time against the best so far. */
static void try_target(const struct pilot *p, size_t repetitions, double target,
                       struct pilot_proposal *best)
{
    size_t n = PILOT_LEAST;
    for (size_t i = 0; i < p->n; i++) {
        if (p->cells[i].reason)
            continue;
        const size_t needed = invocations_for(&p->cells[i], repetitions, target);
        if (needed == 0)
            return;
        n = needed > n ? needed : n;
    }
    const double s = cost_of_all(p, n, repetitions);
    if (best->invocations == 0 || s < best->seconds)
        *best = (struct pilot_proposal){n, repetitions, s, worst_of(p, n, repetitions)};
}

static void try_budget(const struct pilot *p, size_t repetitions, double budget_s,
                       struct pilot_proposal *best)
{
    const double each = cost_of_all(p, 1, repetitions);
    const double most = each > 0 ? floor(budget_s / each) : 0;
    const size_t n = most > (double)PILOT_MOST ? PILOT_MOST : (size_t)most;
    if (n < PILOT_LEAST)
        return;
    const double worst = worst_of(p, n, repetitions);
    if (best->invocations == 0 || worst < best->worst)
        *best = (struct pilot_proposal){n, repetitions, cost_of_all(p, n, repetitions), worst};
}

static size_t scenarios_of(const struct results *r, const struct folder_key *key)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_cells; i++) {
        const struct folder_key *const k = &r->cells[i].key;
        n += strcmp(k->model, key->model) == 0 && strcmp(k->backend, key->backend) == 0 &&
             strcmp(k->precision, key->precision) == 0;
    }
    return n;
}

static void prepare(const struct results *r, struct pilot *p)
{
    for (size_t i = 0; i < p->n; i++) {
        struct pilot_cell *const c = &p->cells[i];
        const double load = r->cells[i].load_ms;
        if (r->cells[i].status != STATUS_OK)
            c->reason = r->cells[i].reason ? r->cells[i].reason : status_name(r->cells[i].status);
        if (c->reason)
            continue;
        p->usable++;
        if (isnan(load))
            c->caution = c->caution ? c->caution : "the time of loading was not recorded";
        else
            c->invocation_s += load / 1e3 / (double)scenarios_of(r, &c->cell->key);
    }
}

enum err_code pilot_read(const struct results *r, const struct pilot_wish *wish, struct arena *a,
                         struct pilot *ret, struct err *e)
{
    *ret =
        (struct pilot){.cells = ARENA_ARRAY(a, struct pilot_cell, r->n_cells + 1), .n = r->n_cells};
    for (size_t i = 0; i < r->n_cells; i++)
        ret->cells[i] = (struct pilot_cell){.cell = &r->cells[i],
                                            .reason = "no samples",
                                            .median_ms = NOT_MEASURED,
                                            .now = NOT_MEASURED,
                                            .best_s = NOT_MEASURED};
    const struct cell_visitor visitor = {.visit = visit, .context = ret};
    struct cell_stats *const stats = ARENA_ARRAY(a, struct cell_stats, r->n_cells + 1);
    if (cell_compute(r, &visitor, a, stats, e))
        return e->code;
    prepare(r, ret);
    for (size_t i = 0; i < ret->n; i++)
        if (!ret->cells[i].reason)
            propose_alone(&ret->cells[i], wish->target);
    for (size_t i = 0; i < ret->n; i++)
        if (!ret->cells[i].reason)
            for (size_t reps = best_repetitions(&ret->cells[i], wish->target); reps; reps /= 2)
                try_target(ret, reps, wish->target, &ret->target);
    for (size_t i = 0; i < ret->n && !isnan(wish->budget_s); i++)
        if (!ret->cells[i].reason)
            for (size_t reps = best_repetitions(&ret->cells[i], wish->target); reps; reps /= 2)
                try_budget(ret, reps, wish->budget_s, &ret->budget);
    return ERR_OK;
}
