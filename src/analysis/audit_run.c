#include "analysis/audit_run.h"

#include "analysis/audit_artefact.h"
#include "analysis/audit_cache.h"
#include "analysis/audit_client.h"
#include "analysis/audit_cold.h"
#include "analysis/audit_confound.h"
#include "analysis/audit_cost.h"
#include "analysis/audit_crossover.h"
#include "analysis/audit_damaged.h"
#include "analysis/audit_depth.h"
#include "analysis/audit_effect.h"
#include "analysis/audit_energy.h"
#include "analysis/audit_family.h"
#include "analysis/audit_few.h"
#include "analysis/audit_first.h"
#include "analysis/audit_interval.h"
#include "analysis/audit_kept.h"
#include "analysis/audit_label.h"
#include "analysis/audit_law.h"
#include "analysis/audit_order.h"
#include "analysis/audit_outlier.h"
#include "analysis/audit_placeholder.h"
#include "analysis/audit_power.h"
#include "analysis/audit_prefill.h"
#include "analysis/audit_prompt.h"
#include "analysis/audit_rate.h"
#include "analysis/audit_replicate.h"
#include "analysis/audit_reversal.h"
#include "analysis/audit_scale.h"
#include "analysis/audit_series.h"
#include "analysis/audit_setting.h"
#include "analysis/audit_size.h"
#include "analysis/audit_stated.h"
#include "analysis/audit_states.h"
#include "analysis/audit_steal.h"
#include "analysis/audit_structure.h"
#include "analysis/audit_thermal.h"
#include "analysis/audit_time.h"
#include "analysis/audit_tokens.h"
#include "analysis/audit_trace.h"
#include "analysis/audit_work.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/nearest.h"
#include "base/parallel.h"
#include "store/folder.h"
#include "store/results.h"

#include <string.h>

constexpr size_t MOST_CHECKS = 128;
constexpr size_t WORTH_THREADS = 100'000; /* samples in all cells */

/* clang-format off */
static const struct audit_check *const tables[] = {
    audit_cold_checks,
    audit_first_checks,
    audit_time_checks,
    audit_order_checks,
    audit_states_checks,
    audit_reversal_checks,
    audit_outlier_checks,
    audit_few_checks,
    audit_cache_checks,
    audit_prefill_checks,
    audit_structure_checks,
    audit_family_checks,
    audit_replicate_checks,
    audit_work_checks,
    audit_rate_checks,
    audit_cost_checks,
    audit_tokens_checks,
    audit_trace_checks,
    audit_scale_checks,
    audit_size_checks,
    audit_label_checks,
    audit_effect_checks,
    audit_artefact_checks,
    audit_placeholder_checks,
    audit_prompt_checks,
    audit_setting_checks,
    audit_confound_checks,
    audit_interval_checks,
    audit_stated_checks,
    audit_power_checks,
    audit_energy_checks,
    audit_law_checks,
    audit_crossover_checks,
    audit_depth_checks,
    audit_thermal_checks,
    audit_steal_checks,
    audit_client_checks,
    audit_damaged_checks,
};
/* clang-format on */

const struct audit_check *audit_run_at(size_t i)
{
    for (size_t t = 0; t < COUNT_OF(tables); t++)
        for (const struct audit_check *c = tables[t]; c->name; c++)
            if (i-- == 0)
                return c;
    return nullptr;
}

enum err_code audit_run_choice(const char *const *names, size_t n, struct audit_choice *ret,
                               struct err *e)
{
    const char *known[MOST_CHECKS];
    size_t n_known = 0;
    for (const struct audit_check *c; n_known < MOST_CHECKS && (c = audit_run_at(n_known));)
        known[n_known++] = c->name;
    for (size_t i = 0; i < n; i++) {
        bool found = false;
        for (size_t k = 0; k < n_known; k++)
            found = found || strcmp(names[i], known[k]) == 0;
        const char *const near = found ? nullptr : nearest_word(names[i], known, n_known);
        if (!found)
            return err_set(e, ERR_USAGE, "no such check: '%s'%s%s%s--list shows them", names[i],
                           near ? "; did you mean '" : "", near ? near : "", near ? "'? " : "; ");
    }
    *ret = (struct audit_choice){names, n};
    return ERR_OK;
}

static bool chosen(const struct audit_choice *choice, const char *name)
{
    for (size_t i = 0; i < choice->n; i++)
        if (strcmp(choice->names[i], name) == 0)
            return true;
    return choice->n == 0;
}

void audit_run_cell(const struct audit_choice *choice, const struct audit_cell *c,
                    struct audit *out)
{
    const struct audit_check *check;
    if (c->samples->n == 0 && c->n_stated == 0 && c->n_evidence == 0)
        return; /* it did not run: there is nothing to look at, and its status says why */
    CLEANUP(arena_freep) struct arena *scratch = arena_new((size_t)2 << 30);
    const struct audit_series series = audit_series_of(c, scratch);
    struct audit_cell with_series = *c;
    with_series.series = &series;
    for (size_t i = 0; (check = audit_run_at(i)); i++)
        if (check->cell && chosen(choice, check->name)) {
            audit_called(out, check->name);
            check->cell(&with_series, out);
        }
}

struct rest { /* of the checks, each by one thread */
    const struct audit_whole *whole;
    struct audit **found; /* of each check; nullptr: it is not wanted */
};

static void look_at_rest(void *context, size_t i, size_t worker)
{
    const struct rest *const rest = context;
    const struct audit_whole *const w = rest->whole;
    const struct audit_check *const check = audit_run_at(i);
    struct audit *const out = rest->found[i];
    (void)worker;
    for (size_t g = 0; out && check->group && g < w->n_groups; g++) {
        audit_called(out, check->name);
        check->group(&w->groups[g], out);
    }
    if (out && check->whole) {
        audit_called(out, check->name);
        check->whole(w, out);
    }
}

static bool is_known(const struct audit_cell *const *engines, size_t n, const struct audit_cell *c)
{
    for (size_t i = 0; i < n; i++)
        if (folder_key_same_engine(engines[i]->key, c->key))
            return true;
    return false;
}

static struct audit_whole with_kinds(const struct audit_whole *w, struct arena *a)
{
    const struct audit_cell **const engines = ARENA_ARRAY(a, const struct audit_cell *, w->n_cells);
    const char **const scenarios = ARENA_ARRAY(a, const char *, w->n_cells);
    struct audit_whole r = *w;
    r.n_engines = r.n_scenarios = 0;
    for (size_t i = 0; i < w->n_cells; i++) {
        const struct audit_cell *const c = &w->cells[i];
        if (!is_known(engines, r.n_engines, c))
            engines[r.n_engines++] = c;
        if (!audit_is_one_of(scenarios, r.n_scenarios, c->key->scenario))
            scenarios[r.n_scenarios++] = c->key->scenario;
    }
    r.engines = engines;
    r.scenarios = scenarios;
    return r;
}

void audit_run_rest(const struct audit_choice *choice, const struct audit_whole *w,
                    struct audit *out)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new((size_t)1 << 30);
    const struct audit_whole whole = with_kinds(w, scratch);
    struct arena *arenas[MOST_CHECKS] = {};
    struct audit *found[MOST_CHECKS] = {};
    struct rest rest = {&whole, found};
    const struct audit_check *check;
    size_t n = 0, samples = 0;
    for (; n < MOST_CHECKS && (check = audit_run_at(n)); n++)
        if (chosen(choice, check->name) && (check->group || check->whole)) {
            arenas[n] = arena_new((size_t)4 << 30);
            found[n] = audit_new(arenas[n]);
        }
    for (size_t i = 0; i < w->n_cells; i++)
        samples += w->cells[i].stats->n;
    parallel_run(n, samples < WORTH_THREADS ? 1 : 0, look_at_rest, &rest);
    for (size_t i = 0; i < n; i++) {
        if (found[i])
            audit_append(out, found[i]);
        arena_free(arenas[i]);
    }
}

/* ---- from results ---- */

struct visited { /* each visit writes only its own */
    struct arena *arena;
    struct audit *found;
};

struct audit_run {
    const struct audit_choice *choice;
    const struct results *results;
    struct audit_cell *cells;
    struct visited *visited;
};

struct audit_run *audit_run_begin(const struct audit_choice *choice, const struct results *r,
                                  struct arena *a)
{
    struct audit_run *const run = ARENA_ARRAY(a, struct audit_run, 1);
    *run = (struct audit_run){choice, r, ARENA_ARRAY(a, struct audit_cell, r->n_cells),
                              ARENA_ARRAY(a, struct visited, r->n_cells)};
    return run;
}

void audit_run_endp(struct audit_run **run)
{
    for (size_t i = 0; *run && i < (*run)->results->n_cells; i++)
        arena_free((*run)->visited[i].arena);
    *run = nullptr;
}

static void take_evidence(const struct results_cell *cell, struct arena *a, struct audit_cell *ret)
{
    const struct evidence **const list = ARENA_ARRAY(a, const struct evidence *, cell->n_runs);
    for (uint32_t i = 0; i < cell->n_runs; i++)
        if (cell->runs[i].evidence)
            list[ret->n_evidence++] = cell->runs[i].evidence;
    ret->evidence = list;
}

static size_t make_groups(const struct audit_cell *cells, size_t n, struct audit_group *ret)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        const struct audit_group *const last = k ? &ret[k - 1] : nullptr;
        if (!last || strcmp(last->scenario, cells[i].key->scenario) != 0 ||
            strcmp(last->model, cells[i].key->model) != 0)
            ret[k++] =
                (struct audit_group){cells[i].key->scenario, cells[i].key->model, &cells[i], 0};
        ret[k - 1].n++;
    }
    return k;
}

void audit_run_visit(void *context, const struct cell_view *v)
{
    struct audit_run *const run = context;
    struct visited *const visited = &run->visited[v->cell];
    struct audit_cell *const c = &run->cells[v->cell];
    const struct results_cell *const cell = v->stats->cell;
    visited->arena = arena_new((size_t)4 << 30);
    visited->found = audit_new(visited->arena);
    *c = (struct audit_cell){
        .key = &cell->key, .stats = v->stats, .samples = v->samples, .rows = v->rows};
    c->imported = run->results->imported;
    if (cell->n_rows) {
        c->stated = &run->results->rows[cell->first_row];
        c->n_stated = cell->n_rows;
    }
    take_evidence(cell, visited->arena, c);
    c->kept = audit_kept_of(c, visited->arena);
    audit_run_cell(run->choice, c, visited->found);
    c->samples = nullptr;
    c->rows = nullptr;
}

struct audit *audit_run_rest_of(struct audit_run *run, struct arena *a)
{
    const struct results *const r = run->results;
    struct audit *const out = audit_new(a);
    struct audit_group *const groups = ARENA_ARRAY(a, struct audit_group, r->n_cells);
    for (size_t i = 0; i < r->n_cells; i++)
        audit_append(out, run->visited[i].found);
    const struct audit_whole whole = {.results = r,
                                      .cells = run->cells,
                                      .n_cells = r->n_cells,
                                      .groups = groups,
                                      .n_groups = make_groups(run->cells, r->n_cells, groups)};
    audit_run_rest(run->choice, &whole, out);
    audit_sort(out);
    return out;
}
