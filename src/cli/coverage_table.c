#include "cli/coverage_table.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "report/table.h"

#include <string.h>

enum { LAW, SHAPE, MEAN, MEDIAN, P95, RATIO, DIFFERENT, FAMILY, N_COLUMNS };

static const struct table_column columns[N_COLUMNS] = {
    [LAW] = {"law", false},        [SHAPE] = {"inv x n", true}, [MEAN] = {"mean", true},
    [MEDIAN] = {"median", true},   [P95] = {"p95", true},       [RATIO] = {"ratio", true},
    [DIFFERENT] = {"alike", true}, [FAMILY] = {"family", true},
};

static const struct {
    const char *mark;
    enum table_tone tone;
} statuses[] = {[COVERAGE_OK] = {"", TABLE_PLAIN},    [COVERAGE_NONE] = {"", TABLE_FAINT},
                [COVERAGE_OPEN] = {"+", TABLE_FAINT}, [COVERAGE_MARKED] = {"*", TABLE_WARN},
                [COVERAGE_CLEAR] = {"*", TABLE_WARN}, [COVERAGE_WIDE] = {"~", TABLE_WARN},
                [COVERAGE_MISSED] = {"!", TABLE_BAD}};

static double percent(size_t part, size_t n)
{
    return 100 * (double)part / (double)n;
}

static struct table_cell figure(const struct coverage_cell *f, struct arena *a)
{
    return (struct table_cell){
        f->n ? arena_printf(a, "%.1f%s", percent(f->held, f->n), statuses[f->status].mark)
             : nullptr,
        statuses[f->status].tone};
}

static struct table_cell rate(size_t part, size_t n, enum coverage_status s, struct arena *a)
{
    return (struct table_cell){arena_printf(a, "%.1f%s", percent(part, n), statuses[s].mark),
                               statuses[s].tone};
}

static void stops(const struct coverage *c, struct str *out)
{
    for (size_t i = 0; i < c->n_stops; i++) {
        const struct coverage_stop *const s = &c->stops[i];
        str_printf(out, "  %-38s %.1f%s after %.0f invocations on average; the audit marks %.0f\n",
                   s->law, percent(s->held, s->n), statuses[s->status].mark,
                   (double)s->invocations / (double)s->n, percent(s->audit.marked, s->audit.n));
    }
}

/* What is outside, one by one. */
static void one_outside(const struct coverage_row *r, const char *what, enum coverage_status s,
                        double rate, const char *width, const struct coverage_audited *x,
                        const char *clear, struct str *out)
{
    str_printf(out, "  %s %zu x %zu, %s: %.1f%s%s; the audit marks %.1f of %zu", r->law,
               r->invocations, r->samples, what, rate, statuses[s].mark, width,
               percent(x->marked, x->n), x->n);
    if (x->marked < x->n)
        str_printf(out, ", of the others %.1f %s", percent(x->clear_held, x->n - x->marked), clear);
    str_printf(out, "\n");
}

static bool is_outside(enum coverage_status s)
{
    return s == COVERAGE_MARKED || s == COVERAGE_CLEAR || s == COVERAGE_WIDE ||
           s == COVERAGE_MISSED;
}

static void outside_of_row(const struct coverage *c, const struct coverage_row *r, struct arena *a,
                           struct str *out)
{
    for (size_t f = 0; f < COVERAGE_FIGURES; f++) {
        const struct coverage_cell *const x = &r->figure[f];
        const double width = x->n > x->open ? x->width / (double)(x->n - x->open) : 0;
        if (is_outside(x->status))
            one_outside(
                r, coverage_figure_name((enum coverage_figure)f), x->status, percent(x->held, x->n),
                arena_printf(a, ", %.0f %% wide on average", 100 * width), &x->audit, "hold", out);
    }
    const enum coverage_status s = coverage_pairs(c, r);
    if (is_outside(s))
        one_outside(r, "alike", s, percent(r->different, r->alike), "", &r->audit,
                    "are called different", out);
}

static void outside(const struct coverage *c, struct arena *a, struct str *out)
{
    CLEANUP(str_done) struct str rows = {};
    for (size_t i = 0; i < c->n; i++)
        outside_of_row(c, &c->rows[i], a, &rows);
    if (rows.n > 0)
        str_printf(out, "\noutside of what is asked, in %%:\n%s", str_text(&rows));
}

void coverage_table(const struct coverage *c, bool colour, struct arena *a, struct str *out)
{
    struct table t;
    table_init(&t, a, columns, N_COLUMNS);
    for (size_t i = 0; i < c->n; i++) {
        const struct coverage_row *const r = &c->rows[i];
        const bool first = i == 0 || strcmp(r->law, r[-1].law) != 0;
        const struct table_cell row[N_COLUMNS] = {
            [LAW] = {first ? r->law : "", TABLE_STRONG},
            [SHAPE] = {arena_printf(a, "%zu x %zu", r->invocations, r->samples)},
            [MEAN] = figure(&r->figure[COVERAGE_MEAN], a),
            [MEDIAN] = figure(&r->figure[COVERAGE_MEDIAN], a),
            [P95] = figure(&r->figure[COVERAGE_P95], a),
            [RATIO] = figure(&r->figure[COVERAGE_RATIO], a),
            [DIFFERENT] = rate(r->different, r->alike, coverage_pairs(c, r), a),
            [FAMILY] = rate(r->wrong, r->families, coverage_families(c, r), a),
        };
        table_add(&t, row);
    }
    str_printf(out,
               "Coverage of the 95 %% intervals in %zu simulations: %% of them that hold the truth "
               "(%.1f to %.1f is asked)\n\n",
               c->simulations, 100 * c->low, 100 * c->high);
    table_print(&t, colour, out);
    outside(c, a, out);
    str_printf(out, "\nmedian, stopped as 'run --target-ci %g' stops (94 is asked):\n",
               c->n_stops ? 100 * c->stops[0].target : 0);
    stops(c, out);
    str_printf(out,
               "\ninv x n: invocations x samples of each. ratio: of the medians of two cells, one "
               "10 %% slower.\nalike: pairs of identical cells that are called different (4 to "
               "6 is asked); family: four such\ncells, any pair called different after Holm "
               "(6 at most). - no interval at this size; + an end is open in some;\n~ wider (fewer "
               "false differences) than asked;\n* outside, but the audit marks it in 95 of 100 "
               "runs, or where it marks nothing it is inside; ! missed.\n"
               "%zu missed, %zu wider than asked, %.0f s\n",
               c->missed, c->wide, c->seconds);
}
