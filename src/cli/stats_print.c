#include "cli/stats_print.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "report/table.h"

#include <math.h>

static const char *number(double x, struct arena *a)
{
    return isnan(x) ? nullptr : arena_printf(a, "%.5g", x);
}

static const char *interval(double lo, double hi, struct arena *a)
{
    if (isnan(lo) && isnan(hi))
        return nullptr;
    return arena_printf(a, "%s to %s", isnan(lo) ? "?" : number(lo, a),
                        isnan(hi) ? "?" : number(hi, a));
}

static const char *p_value(double p, struct arena *a)
{
    return isnan(p) ? nullptr : arena_printf(a, p < 0.001 ? "%.1e" : "%.3f", p);
}

static void left_out(size_t n, const char *why, struct str *out)
{
    if (n)
        str_printf(out, "%zu row%s left out: %s\n", n, n == 1 ? "" : "s", why);
}

void stats_print_rows(const struct column_table *t, struct str *out)
{
    left_out(t->no_value, "without a value", out);
    if (t->no_number)
        str_printf(out, "%zu row%s left out: no number (the first is row %zu, '%.60s')\n",
                   t->no_number, t->no_number == 1 ? "" : "s", t->not_a_number_row,
                   t->not_a_number);
    left_out(t->no_x, "x is missing, or no number", out);
    left_out(t->no_group, "without a group", out);
    left_out(t->no_pair, "without a pair", out);
    left_out(t->no_block, "without a block", out);
}

static void groups(const struct column_stats *s, bool colour, struct arena *a, struct str *out)
{
    enum { P5, P25, MEDIAN, P75, P90, P95, P99 };
    static const struct table_column columns[] = {
        {"group", false},   {"n", true},   {"mean", true}, {"interval", true}, {"median", true},
        {"interval", true}, {"sd", true},  {"p25", true},  {"p75", true},      {"p95", true},
        {"p99", true},      {"min", true}, {"max", true}};
    struct table t;
    table_init(&t, a, columns, COUNT_OF(columns));
    for (size_t i = 0; i < s->n_groups; i++) {
        const struct column_stats_group *const g = &s->groups[i];
        const struct table_cell row[COUNT_OF(columns)] = {
            {g->name, TABLE_STRONG},
            {arena_printf(a, "%zu", g->m.n), TABLE_PLAIN},
            {number(g->m.mean, a), TABLE_PLAIN},
            {interval(g->mean_lo, g->mean_hi, a), TABLE_FAINT},
            {number(g->q[MEDIAN], a), TABLE_PLAIN},
            {interval(g->q_ci[MEDIAN].lo, g->q_ci[MEDIAN].hi, a), TABLE_FAINT},
            {number(g->m.sd, a), TABLE_PLAIN},
            {number(g->q[P25], a), TABLE_PLAIN},
            {number(g->q[P75], a), TABLE_PLAIN},
            {g->m.n < quantile_least_n(0.95) ? nullptr : number(g->q[P95], a), TABLE_PLAIN},
            {g->m.n < quantile_least_n(0.99) ? nullptr : number(g->q[P99], a), TABLE_PLAIN},
            {number(g->m.min, a), TABLE_PLAIN},
            {number(g->m.max, a), TABLE_PLAIN}};
        table_add(&t, row);
    }
    table_print(&t, colour, out);
}

static void test_line(const char *name, const char *statistic, double x, double df1, double df2,
                      double p, struct arena *a, struct str *out)
{
    if (isnan(p))
        str_printf(out, "%-24s no test (a group with one value, or nothing varies)\n", name);
    else if (isnan(df2))
        str_printf(out, "%-24s %s(%.4g) = %.5g, p %s\n", name, statistic, df1, x, p_value(p, a));
    else
        str_printf(out, "%-24s %s(%.4g, %.4g) = %.5g, p %s\n", name, statistic, df1, df2, x,
                   p_value(p, a));
}

static void all_groups(const struct column_stats *s, struct arena *a, struct str *out)
{
    str_puts(out, "\n");
    test_line("Welch's ANOVA", "F", s->welch.f, s->welch.df1, s->welch.df2, s->welch.p, a, out);
    test_line("one-way ANOVA", "F", s->oneway.f, s->oneway.df1, s->oneway.df2, s->oneway.p, a, out);
    test_line("Kruskal-Wallis", "chi2", s->kruskal.statistic, s->kruskal.df, NOT_MEASURED,
              s->kruskal.p, a, out);
    if (!isnan(s->oneway.omega2))
        str_printf(out, "%-24s %.4g of the variance is between groups (omega2)\n", "",
                   s->oneway.omega2);
}

static void blocks(const struct column_stats *s, struct arena *a, struct str *out)
{
    str_puts(out, "\n");
    test_line("group, blocks taken off", "F", s->group_term.f, s->group_term.df, s->df_residual,
              s->group_term.p, a, out);
    test_line("block", "F", s->block_term.f, s->block_term.df, s->df_residual, s->block_term.p, a,
              out);
    if (s->interaction)
        test_line("group by block", "F", s->both_term.f, s->both_term.df, s->df_residual,
                  s->both_term.p, a, out);
    if (!isnan(s->friedman.p))
        test_line("Friedman", "chi2", s->friedman.statistic, s->friedman.df, NOT_MEASURED,
                  s->friedman.p, a, out);
    if (s->friedman_reason)
        str_printf(out, "%-24s %s\n", isnan(s->friedman.p) ? "Friedman: no test" : "",
                   s->friedman_reason);
}

static enum table_tone tone_of(enum column_stats_verdict v)
{
    return v == COLUMN_STATS_UNDECIDED || v == COLUMN_STATS_UNKNOWN ? TABLE_WARN : TABLE_PLAIN;
}

static void pairs(const struct column_stats *s, bool colour, struct arena *a, struct str *out)
{
    static const struct table_column columns[] = {
        {"a", false},           {"b", false},       {"a - b", true},     {"interval", true},
        {"a / b", true},        {"p (Holm)", true}, {"p (ranks)", true}, {"Tukey", true},
        {"Games-Howell", true}, {"g", true},        {"interval", true},  {"P(a > b)", true},
        {"verdict", false}};
    struct table t;
    table_init(&t, a, columns, COUNT_OF(columns));
    for (size_t i = 0; i < s->n_pairs; i++) {
        const struct column_stats_pair *const p = &s->pairs[i];
        const struct compare_t *const test = s->table->pair ? &p->paired : &p->welch;
        const double d = s->table->pair ? (p->paired.lo + p->paired.hi) / 2 : p->difference;
        const struct table_cell row[COUNT_OF(columns)] = {
            {s->groups[p->a].name, TABLE_STRONG},
            {s->groups[p->b].name, TABLE_STRONG},
            {number(d, a), TABLE_PLAIN},
            {interval(test->lo, test->hi, a), TABLE_FAINT},
            {number(p->ratio, a), TABLE_PLAIN},
            {p_value(p->p_holm, a), TABLE_PLAIN},
            {p_value(s->table->pair ? p->wilcoxon.p : p->mann_whitney_holm, a), TABLE_PLAIN},
            {p_value(p->tukey.p, a), TABLE_PLAIN},
            {p_value(p->games_howell.p, a), TABLE_PLAIN},
            {number(p->hedges_g, a), TABLE_PLAIN},
            {interval(p->g_ci.lo, p->g_ci.hi, a), TABLE_FAINT},
            {number(p->dominance.a12, a), TABLE_PLAIN},
            {column_stats_verdict_text(s, p, a), tone_of(p->verdict)}};
        table_add(&t, row);
    }
    str_puts(out, "\n");
    table_print(&t, colour, out);
}

static void notes(const struct column_stats *s, struct str *out)
{
    size_t unpaired = 0;
    for (size_t i = 0; i < s->n_pairs; i++)
        unpaired += s->pairs[i].n_unpaired;
    str_printf(out, "\n%g %% intervals; p (Holm) of %s%s over %zu pair%s\n", 100 * s->asked.conf,
               s->table->pair ? "the paired t test" : "Welch's t test",
               s->asked.margin_is_ratio ? " of logs" : "", s->n_pairs, s->n_pairs == 1 ? "" : "s");
    if (s->table->pair)
        str_puts(out, "p (ranks) is Wilcoxon's\n");
    if (unpaired)
        str_printf(out, "%zu value%s without a partner\n", unpaired, unpaired == 1 ? "" : "s");
    if (isnan(s->asked.margin))
        str_puts(out, "no --margin: groups that are alike are never shown to be equivalent\n");
    for (size_t i = 0; i < s->n_pairs && s->n_pairs == 1; i++)
        if (!isnan(s->pairs[i].detectable))
            str_printf(out, "a difference of %.5g%s would have been found with a power of %g %%\n",
                       s->asked.margin_is_ratio ? exp(s->pairs[i].detectable)
                                                : s->pairs[i].detectable,
                       s->asked.margin_is_ratio ? " times" : "", 100 * COLUMN_STATS_POWER);
}

void stats_print_bootstrap(const struct column_stats *s, const struct column_bootstrap *b,
                           bool colour, struct arena *a, struct str *out)
{
    static const struct table_column columns[] = {
        {"bootstrap", false}, {"figure", false}, {"value", true}, {"percentile", true},
        {"basic", true},      {"BCa", true},     {"t", true},     {"drawing errs by", true}};
    struct table t;
    table_init(&t, a, columns, COUNT_OF(columns));
    for (size_t i = 0; i < s->n_groups; i++)
        for (size_t f = 0; f < COLUMN_BOOTSTRAP_FIGURES; f++) {
            const struct bootstrap_ends *const p = &b[i].percentile[f],
                                               *const basic = &b[i].basic[f],
                                               *const bca = &b[i].bca[f];
            const bool mean = f == COLUMN_BOOTSTRAP_MEAN;
            const struct table_cell row[COUNT_OF(columns)] = {
                {f == 0 ? s->groups[i].name : "", TABLE_STRONG},
                {column_bootstrap_name((enum column_bootstrap_figure)f), TABLE_PLAIN},
                {number(b[i].b[f].theta, a), TABLE_PLAIN},
                {interval(p->lo, p->hi, a), TABLE_FAINT},
                {interval(basic->lo, basic->hi, a), TABLE_FAINT},
                {interval(bca->lo, bca->hi, a), TABLE_PLAIN},
                {mean ? interval(b[i].t.lo, b[i].t.hi, a) : nullptr, TABLE_FAINT},
                {b[i].b[f].exact ? "all enumerated" : number(fmax(bca->error_lo, bca->error_hi), a),
                 TABLE_FAINT}};
            table_add(&t, row);
        }
    str_putc(out, '\n');
    table_print(&t, colour, out);
}

void stats_print(const struct column_stats *s, bool colour, struct arena *a, struct str *out)
{
    groups(s, colour, a, out);
    if (s->n_groups > 2)
        all_groups(s, a, out);
    if (s->table->block && s->n_groups > 1)
        blocks(s, a, out);
    if (s->n_groups == 1 && s->table->grouped)
        str_puts(out, "\none group: there is nothing to compare\n");
    if (s->n_pairs) {
        pairs(s, colour, a, out);
        notes(s, out);
    }
}
