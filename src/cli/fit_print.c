#include "cli/fit_print.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "report/table.h"

#include <math.h>

/* Sizes are counts of many digits: read without an exponent. */
static const char *number(double x, struct arena *a)
{
    return isnan(x) ? nullptr
                    : arena_printf(a, fabs(x) >= 1e5 && fabs(x) < 1e15 ? "%.0f" : "%.7g", x);
}

static const char *interval(double lo, double hi, struct arena *a)
{
    return isnan(lo) && isnan(hi) ? "none"
                                  : arena_printf(a, "%s to %s", isnan(lo) ? "?" : number(lo, a),
                                                 isnan(hi) ? "?" : number(hi, a));
}

static const char *law_text(const struct power_law *l, const char *x, const char *y,
                            struct arena *a)
{
    switch (l->form) {
    case POWER_LAW:
        return arena_printf(a, "%s = %.7g %s^%.7g", y, l->a, x, l->b);
    case POWER_LAW_OFFSET:
        return arena_printf(a, "%s = %.7g %s^%.7g %c %.7g", y, l->a, x, l->b, l->c < 0 ? '-' : '+',
                            fabs(l->c));
    case POWER_LAW_LINE:
        return arena_printf(a, "%s = %.7g %c %.7g %s", y, l->a, l->b < 0 ? '-' : '+', fabs(l->b),
                            x);
    }
    unreachable();
}

static void crossing(const char *what, const struct power_law_crossover *c, const char *x,
                     struct arena *a, struct str *out)
{
    if (isnan(c->x))
        str_printf(out, "%s: nowhere%s%s\n", what, c->why ? "; " : "", c->why ? c->why : "");
    else if (!c->identifiable)
        str_printf(out, "%s: %s (the curve says %s %s)\n", what, c->why, x, number(c->x, a));
    else
        str_printf(out, "%s: at %s %s\n", what, x, number(c->x, a));
    if (isnan(c->x))
        return;
    str_printf(out, "  Fieller's interval %s; bootstrap %s (%zu of %zu resamples cross)\n",
               interval(c->fieller_low, c->fieller_high, a), interval(c->boot_low, c->boot_high, a),
               c->met, c->drawn);
    str_printf(out, "  with one point left out %s\n", interval(c->without_low, c->without_high, a));
}

static void points(const struct column_fit_group *g, const char *x, const char *y, size_t width,
                   bool colour, struct arena *a, struct str *out)
{
    const struct table_column columns[] = {{"row", true},      {x, true},
                                           {y, true},          {"fitted", true},
                                           {"leverage", true}, {"b without it", true}};
    struct table t;
    table_init(&t, a, columns, COUNT_OF(columns));
    for (size_t i = 0; i < g->n; i++) {
        const bool strong = i == g->law.pivot;
        const struct table_cell row[COUNT_OF(columns)] = {
            {arena_printf(a, "%zu", g->row[i]), TABLE_PLAIN},
            {number(g->x[i], a), TABLE_PLAIN},
            {number(g->y[i], a), TABLE_PLAIN},
            {arena_printf(a, "%.5g", power_law_at(&g->law, g->x[i])), TABLE_FAINT},
            {arena_printf(a, "%.3f", g->law.leverage[i]), strong ? TABLE_STRONG : TABLE_PLAIN},
            {number(g->law.without_b[i], a), strong ? TABLE_STRONG : TABLE_PLAIN}};
        table_add(&t, row);
    }
    table_print_within(&t, 1, width, colour, out);
}

static void verdict(const struct column_fit_group *g, struct str *out)
{
    const struct power_law *const l = &g->law;
    str_printf(out, "%s%s%s\n", column_fit_verdict(g), l->usable && !l->fragile ? "" : ": ",
               !l->usable   ? l->unusable_why
               : l->fragile ? l->fragile_why
                            : "");
    if (!l->usable && l->fragile)
        str_printf(out, "fragile: %s\n", l->fragile_why);
}

static void group(const struct column_fit *f, const struct column_fit_group *g, const char *x,
                  const char *y, bool level_asked, size_t width, bool colour, struct arena *a,
                  struct str *out)
{
    constexpr size_t MOST_SHOWN = 40;
    const struct power_law *const l = &g->law;
    if (f->table->grouped)
        str_printf(out, "%s\n", g->name);
    if (g->reason) {
        str_printf(out, "no fit: %s\n\n", g->reason);
        return;
    }
    str_printf(out, "%s\n", law_text(l, x, y, a));
    str_printf(out, "  b %s, %g %% interval %s; bootstrap %s (%zu resamples", number(l->b, a),
               100 * f->asked.conf, interval(l->low, l->high, a),
               interval(l->boot_low, l->boot_high, a), l->drawn);
    if (l->refused)
        str_printf(out, ", %zu more refused: too few different %s", l->refused, x);
    str_printf(out, ")\n  R2 %.4f%s; %zu points, %s %s\n", l->r2,
               l->form == POWER_LAW ? " (of the logarithms)" : "", g->n, x,
               interval(l->x_min, l->x_max, a));
    str_printf(out, "  with one point left out b is %s\n",
               interval(l->without_low, l->without_high, a));
    if (!isnan(g->robust.slope))
        str_printf(out, "  median of all slopes (Theil and Sen) %s, interval %s\n",
                   number(g->robust.slope, a), interval(g->robust.lo, g->robust.hi, a));
    verdict(g, out);
    if (level_asked || g->straddles)
        crossing(arena_printf(a, "%s crosses %g", y, f->asked.level), &g->crossing, x, a, out);
    if (g->n <= MOST_SHOWN) {
        str_puts(out, "\n");
        points(g, x, y, width, colour, a, out);
    }
    str_puts(out, "\n");
}

void fit_print(const struct column_fit *f, const char *x, const char *y, bool level_asked,
               size_t width, bool colour, struct arena *a, struct str *out)
{
    for (size_t i = 0; i < f->n_groups; i++)
        group(f, &f->groups[i], x, y, level_asked, width, colour, a, out);
    for (size_t i = 0; i < f->n_pairs; i++) {
        const struct column_fit_pair *const p = &f->pairs[i];
        const char *const what =
            arena_printf(a, "%s and %s meet", f->groups[p->a].name, f->groups[p->b].name);
        if (p->reason)
            str_printf(out, "%s: cannot be told: %s\n", what, p->reason);
        else
            crossing(what, &p->crossing, x, a, out);
    }
}
