#include "cli/quality_table.h"

#include "base/arena.h"
#include "base/str.h"
#include "report/table.h"

#include <math.h>
#include <string.h>

static const char *number(struct arena *a, double x)
{
    return isfinite(x) ? arena_printf(a, "%.6g", x) : nullptr;
}

static const char *range(struct arena *a, double lo, double hi)
{
    return isfinite(lo) ? arena_printf(a, "%.6g .. %.6g", lo, hi) : nullptr;
}

static const char *percent(struct arena *a, double x)
{
    return isfinite(x) ? arena_printf(a, "%+.4f %%", 100 * x) : nullptr;
}

static const char *percents(struct arena *a, double lo, double hi)
{
    return isfinite(lo) ? arena_printf(a, "%+.4f .. %+.4f", 100 * lo, 100 * hi) : nullptr;
}

static void add_row(struct table *t, const struct quality_table_row *r, struct arena *a)
{
    static const enum table_tone tones[] = {TABLE_FAINT, TABLE_GOOD, TABLE_BAD, TABLE_WARN};
    const struct quality_perplexity *const q = r->quality;
    const char *const verdict = quality_perplexity_verdict_name(q->verdict);
    const struct table_cell cells[] = {
        {arena_printf(a, "%s %s", r->backend, r->precision), TABLE_PLAIN},
        {number(a, q->value), TABLE_STRONG},
        {range(a, q->lo, q->hi), TABLE_PLAIN},
        {number(a, q->bits_per_byte.estimate), TABLE_PLAIN},
        {percent(a, q->increase), TABLE_PLAIN},
        {percents(a, q->increase_lo, q->increase_hi), TABLE_PLAIN},
        {percent(a, q->detectable), TABLE_PLAIN},
        {isfinite(q->kl.estimate) ? arena_printf(a, "%.3g", q->kl.estimate) : nullptr, TABLE_PLAIN},
        {isfinite(q->same_top.estimate) ? arena_printf(a, "%.3f %%", 100 * q->same_top.estimate)
                                        : nullptr,
         TABLE_PLAIN},
        {verdict
             ? isfinite(q->limit) ? arena_printf(a, "%s (%g %%)", verdict, 100 * q->limit) : verdict
             : nullptr,
         tones[q->verdict]},
    };
    table_add(t, cells);
}

static void notes(const struct quality_table_row *rows, size_t n, struct str *out)
{
    for (size_t i = 0; i < n; i++) {
        const struct quality_perplexity *const q = rows[i].quality;
        const char *const why = q->reason            ? q->reason
                                : rows[i].baseline   ? q->interval_reason
                                : q->compared_reason ? q->compared_reason
                                                     : q->verdict_reason;
        if (why)
            str_printf(out, "%s %s: %s\n", rows[i].backend, rows[i].precision, why);
    }
}

void quality_table(const struct quality_table_row *rows, size_t n, bool colour, struct arena *a,
                   struct str *out)
{
    static const struct table_column columns[] = {
        {"configuration", false}, {"perplexity", true}, {"95 % interval", true},
        {"bits/byte", true},      {"increase", true},   {"95 % interval", true},
        {"sees from", true},      {"KL", true},         {"same top", true},
        {"gate", false},
    };
    struct table t;
    table_init(&t, a, columns, COUNT_OF(columns));
    for (size_t i = 0; i < n; i++) {
        if (rows[i].model && (i == 0 || strcmp(rows[i].model, rows[i - 1].model) != 0))
            table_heading(&t, arena_printf(a, "model %s", rows[i].model));
        add_row(&t, &rows[i], a);
    }
    table_print(&t, colour, out);
    notes(rows, n, out);
}
