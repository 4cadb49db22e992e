#include "cli/plan_pilot.h"

#include "analysis/pilot.h"
#include "analysis/significance.h"
#include "base/arena.h"
#include "base/str.h"
#include "cli/command.h"
#include "io/jsonw.h"
#include "report/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum err_code read_budget(const char *text, double *ret, struct err *e)
{
    static const struct {
        const char *name;
        double s;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}, {"d", 86400}};
    char *end;
    *ret = NOT_MEASURED;
    if (!text)
        return ERR_OK;
    const double x = strtod(text, &end);
    for (size_t i = 0; i < COUNT_OF(units) && end > text && x > 0 && isfinite(x); i++)
        if (strcmp(end, units[i].name) == 0) {
            *ret = x * units[i].s;
            return ERR_OK;
        }
    return err_set(e, ERR_USAGE, "--budget: '%s' is no time: 90s, 10m, 2h", text);
}

static const char *time_of(double s, struct arena *a)
{
    if (isnan(s))
        return nullptr;
    if (s < 99.5)
        return arena_printf(a, "%.3g s", s);
    return s < 5400 ? arena_printf(a, "%.0f min", s / 60) : arena_printf(a, "%.1f h", s / 3600);
}

static const char *percent(double x, struct arena *a)
{
    return isnan(x) ? nullptr : arena_printf(a, "%.2g %%", 100 * x);
}

/* Of the logs; one invocation says nothing of others. */
static double between(const struct pilot_cell *c)
{
    return c->invocations < 2 ? NOT_MEASURED : sqrt(c->between);
}

/* Under a heading of scenario and model, so that it stays within a terminal. */
static void put_cells(const struct pilot *p, struct arena *a, bool colour, struct str *out)
{
    static const struct table_column columns[] = {
        {"backend", false},  {"precision", false}, {"pilot", true},
        {"median ms", true}, {"now +-", true},     {"within", true},
        {"between", true},   {"to run", true},     {"time", true}};
    struct table t;
    const struct folder_key *last = nullptr;
    table_init(&t, a, columns, COUNT_OF(columns));
    for (size_t i = 0; i < p->n; i++) {
        const struct pilot_cell *const c = &p->cells[i];
        const struct folder_key *const k = &c->cell->key;
        const bool there = !c->reason;
        if (!last || strcmp(last->scenario, k->scenario) != 0 || strcmp(last->model, k->model) != 0)
            table_heading(&t, arena_printf(a, "%s · %s", k->scenario, k->model));
        last = k;
        const struct table_cell row[] = {
            {k->backend},
            {k->precision},
            {c->samples ? arena_printf(a, "%zu in %zu", c->samples, c->invocations) : nullptr},
            {there ? arena_printf(a, "%.4g", c->median_ms) : nullptr},
            {there ? percent(c->now, a) : nullptr},
            {there ? percent(sqrt(c->within), a) : nullptr},
            {there ? percent(between(c), a) : nullptr},
            {there && c->best_invocations
                 ? arena_printf(a, "%zu x %zu", c->best_invocations, c->best_repetitions)
                 : nullptr,
             TABLE_STRONG},
            {there ? time_of(c->best_s, a) : nullptr}};
        table_add(&t, row);
    }
    table_print(&t, colour, out);
    str_puts(out, "to run: invocations x repetitions that this cell alone would need\n");
    for (size_t i = 0; i < p->n; i++) {
        const struct pilot_cell *const c = &p->cells[i];
        const char *const said = c->reason ? c->reason : c->caution;
        if (said)
            str_printf(out, "%s %s (%s): %s\n", c->cell->key.backend, c->cell->key.precision,
                       c->cell->key.scenario, said);
    }
}

static void put_proposals(const struct pilot *p, const struct pilot_wish *w, struct arena *a,
                          struct str *out)
{
    const struct pilot_proposal *const t = &p->target, *const b = &p->budget;
    if (t->invocations)
        str_printf(out,
                   "\nmedian of every cell within +-%g %%: invocations: %zu, repetitions: %zu; "
                   "about %s\n",
                   100 * w->target, t->invocations, t->repetitions, time_of(t->seconds, a));
    else
        str_printf(out, "\nmedian of every cell within +-%g %%: more than %zu invocations\n",
                   100 * w->target, PILOT_MOST);
    if (isnan(w->budget_s))
        return;
    if (!b->invocations)
        str_printf(out, "in %s: not even %zu invocations of every cell\n", time_of(w->budget_s, a),
                   PILOT_LEAST);
    else if (t->invocations && t->seconds <= w->budget_s)
        str_printf(
            out, "in %s: that, and with all of it +-%.2g %%: invocations: %zu, repetitions: %zu\n",
            time_of(w->budget_s, a), 100 * b->worst, b->invocations, b->repetitions);
    else
        str_printf(
            out, "in %s: invocations: %zu, repetitions: %zu, the widest interval about +-%.2g %%\n",
            time_of(w->budget_s, a), b->invocations, b->repetitions, 100 * b->worst);
}

static void say(const struct pilot *p, const struct pilot_wish *w, struct arena *a, bool colour,
                struct str *out)
{
    put_cells(p, a, colour, out);
    put_proposals(p, w, a, out);
    str_puts(out, "predicted from the pilot's own variances, at 95 %; 'chimera run --target-ci' "
                  "stops by what it sees\n");
}

static void json_cell(const struct pilot_cell *c, struct jsonw *w)
{
    const struct folder_key *const k = &c->cell->key;
    jsonw_object(w);
    jsonw_kstr(w, "scenario", k->scenario);
    jsonw_kstr(w, "model", k->model);
    jsonw_kstr(w, "backend", k->backend);
    jsonw_kstr(w, "precision", k->precision);
    jsonw_kstr(w, "reason", c->reason);
    jsonw_kstr(w, "caution", c->caution);
    jsonw_ki64(w, "pilot_invocations", (int64_t)c->invocations);
    jsonw_ki64(w, "pilot_samples", (int64_t)c->samples);
    if (!c->reason) {
        jsonw_kf64(w, "median_ms", c->median_ms);
        jsonw_kf64(w, "half_percent_now", 100 * c->now);
        jsonw_kf64(w, "sd_within_percent", 100 * sqrt(c->within));
        jsonw_kf64(w, "sd_between_percent", 100 * between(c));
        if (isnan(between(c)))
            jsonw_kstr(w, "sd_between_reason", "one invocation");
        jsonw_kf64(w, "invocation_s", c->invocation_s);
        jsonw_kf64(w, "repetition_s", c->repetition_s);
        jsonw_kf64(w, "requests_per_repetition", c->requests);
        if (c->best_invocations) {
            jsonw_ki64(w, "invocations", (int64_t)c->best_invocations);
            jsonw_ki64(w, "repetitions", (int64_t)c->best_repetitions);
            jsonw_kf64(w, "seconds", c->best_s);
        } else {
            jsonw_kstr(w, "invocations", nullptr);
            jsonw_kstr(w, "invocations_reason", "more invocations than can be proposed");
        }
    }
    jsonw_end_object(w);
}

static void json_proposal(const char *key, const struct pilot_proposal *p, const char *why_not,
                          struct jsonw *w)
{
    if (p->invocations == 0) {
        jsonw_kstr(w, key, nullptr);
        jsonw_kstr(w, strcmp(key, "target") == 0 ? "target_reason" : "budget_reason", why_not);
        return;
    }
    jsonw_kobject(w, key);
    jsonw_ki64(w, "invocations", (int64_t)p->invocations);
    jsonw_ki64(w, "repetitions", (int64_t)p->repetitions);
    jsonw_kf64(w, "seconds", p->seconds);
    jsonw_kf64(w, "widest_half_percent", 100 * p->worst);
    jsonw_end_object(w);
}

static void put_json(const struct results *r, const struct pilot *p, const struct pilot_wish *wish,
                     struct str *out)
{
    struct jsonw w = {.out = out, .pretty = true};
    jsonw_object(&w);
    significance_header(r, "chimera.pilot/1", &w);
    jsonw_kf64(&w, "target_ci_percent", 100 * wish->target);
    jsonw_kf64(&w, "budget_s", wish->budget_s);
    if (isnan(wish->budget_s))
        jsonw_kstr(&w, "budget_s_reason", "not asked for");
    jsonw_kf64(&w, "confidence", CELL_CONFIDENCE);
    json_proposal("target", &p->target, "more invocations than can be proposed", &w);
    json_proposal(
        "budget", &p->budget,
        isnan(wish->budget_s) ? "not asked for" : "not even two invocations of every cell", &w);
    jsonw_karray(&w, "cells");
    for (size_t i = 0; i < p->n; i++)
        json_cell(&p->cells[i], &w);
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    str_putc(out, '\n');
}

enum err_code plan_pilot(struct cli *cli, const struct plan_pilot_options *o, struct err *e)
{
    struct arena *const a = cli->arena;
    CLEANUP(results_done) struct results r = {};
    CLEANUP(str_done) struct str text = {};
    struct pilot_wish wish = {.target = (o->target > 0 ? o->target : 2) / 100};
    struct pilot p;
    if (read_budget(o->budget, &wish.budget_s, e) || results_read(&o->dir, 1, a, &r, e) ||
        pilot_read(&r, &wish, a, &p, e) || results_finish(&r, a, e))
        return e->code;
    if (p.usable == 0)
        return err_set(e, ERR_UNAVAILABLE, "'%s': no cell of this pilot can say anything: %s",
                       o->dir, p.n ? p.cells[0].reason : "it has no cells");
    if (cli->json)
        put_json(&r, &p, &wish, &text);
    else
        say(&p, &wish, a, command_wants_colour(cli), &text);
    fputs(str_text(&text), stdout);
    return ERR_OK;
}
