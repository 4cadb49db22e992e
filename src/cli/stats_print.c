#include "cli/stats_print.h"

#include "analysis/column_series.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "report/table.h"

#include <math.h>

/* As many digits as tell neighbours apart: 10000000.2 is not 1e+07 where the sd is 0.1. */
static int digits_of(const struct column_stats *s)
{
    constexpr double LEAST = 5;
    constexpr double MOST = 15;
    constexpr double OF_SD = 3;
    double digits = LEAST;
    for (size_t i = 0; i < s->n_groups; i++) {
        const struct moment *const m = &s->groups[i].m;
        if (m->sd > 0)
            digits = fmax(digits, OF_SD + ceil(log10(fmax(fabs(m->min), fabs(m->max)) / m->sd)));
    }
    return (int)fmin(digits, MOST);
}

static const char *value(double x, int digits, struct arena *a)
{
    return isnan(x) ? nullptr : arena_printf(a, "%.*g", digits, x);
}

static const char *values(double lo, double hi, int digits, struct arena *a)
{
    if (isnan(lo) && isnan(hi))
        return nullptr;
    return arena_printf(a, "%s to %s", isnan(lo) ? "?" : value(lo, digits, a),
                        isnan(hi) ? "?" : value(hi, digits, a));
}

static const char *number(double x, struct arena *a)
{
    return value(x, 5, a);
}

static const char *interval(double lo, double hi, struct arena *a)
{
    return values(lo, hi, 5, a);
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

static void groups(const struct column_stats *s, const struct stats_print_look *look,
                   struct arena *a, struct str *out)
{
    enum { P5, P25, MEDIAN, P75, P90, P95, P99 };
    static const struct table_column columns[] = {
        {"group", false},   {"n", true},   {"mean", true}, {"interval", true}, {"median", true},
        {"interval", true}, {"sd", true},  {"p25", true},  {"p75", true},      {"p95", true},
        {"p99", true},      {"min", true}, {"max", true}};
    const int digits = digits_of(s);
    struct table t;
    table_init(&t, a, columns, COUNT_OF(columns));
    for (size_t i = 0; i < s->n_groups; i++) {
        const struct column_stats_group *const g = &s->groups[i];
        const struct table_cell row[COUNT_OF(columns)] = {
            {g->name, TABLE_STRONG},
            {arena_printf(a, "%zu", g->m.n), TABLE_PLAIN},
            {value(g->m.mean, digits, a), TABLE_PLAIN},
            {values(g->mean_lo, g->mean_hi, digits, a), TABLE_FAINT},
            {value(g->q[MEDIAN], digits, a), TABLE_PLAIN},
            {values(g->q_ci[MEDIAN].lo, g->q_ci[MEDIAN].hi, digits, a), TABLE_FAINT},
            {number(g->m.sd, a), TABLE_PLAIN},
            {value(g->q[P25], digits, a), TABLE_PLAIN},
            {value(g->q[P75], digits, a), TABLE_PLAIN},
            {g->m.n < quantile_least_n(0.95) ? nullptr : value(g->q[P95], digits, a), TABLE_PLAIN},
            {g->m.n < quantile_least_n(0.99) ? nullptr : value(g->q[P99], digits, a), TABLE_PLAIN},
            {value(g->m.min, digits, a), TABLE_PLAIN},
            {value(g->m.max, digits, a), TABLE_PLAIN}};
        table_add(&t, row);
    }
    table_print_within(&t, 1, look->width, look->colour, out);
}

static void test_line(const char *name, const char *statistic, double x, double df1, double df2,
                      double p, struct arena *a, struct str *out)
{
    if (isnan(p))
        str_printf(out, "%-26s no test (a group with one value, or nothing varies)\n", name);
    else if (isnan(df2))
        str_printf(out, "%-26s %s(%.4g) = %.5g, p %s\n", name, statistic, df1, x, p_value(p, a));
    else
        str_printf(out, "%-26s %s(%.4g, %.4g) = %.5g, p %s\n", name, statistic, df1, df2, x,
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
        str_printf(out, "%-26s %.4g of the variance is between groups (omega2)\n", "",
                   s->oneway.omega2);
}

static void blocks(const struct column_stats *s, struct arena *a, struct str *out)
{
    str_puts(out, "\n");
    if (s->over_blocks.df > 0)
        test_line("group, a block is a value", "F", s->over_blocks.f, s->over_blocks.df,
                  s->df_over_blocks, s->over_blocks.p, a, out);
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
        str_printf(out, "  %s%s\n", isnan(s->friedman.p) ? "no Friedman test: " : "",
                   s->friedman_reason);
}

static enum table_tone tone_of(enum column_stats_verdict v)
{
    return v == COLUMN_STATS_UNDECIDED || v == COLUMN_STATS_UNKNOWN ? TABLE_WARN : TABLE_PLAIN;
}

/* The groups stand beside it. */
static const char *verdict(const struct column_stats *s, const struct column_stats_pair *p,
                           struct arena *a)
{
    if (p->verdict == COLUMN_STATS_UNKNOWN)
        return arena_printf(a, "no test: %s", p->reason);
    if (p->verdict == COLUMN_STATS_NEGLIGIBLE)
        return "differ, within the margin";
    if (p->verdict == COLUMN_STATS_UNDECIDED && p->more)
        return arena_printf(a, "undecided: %s%zu %ss of each",
                            p->more >= EQUIVALENCE_MOST_RUNS ? "over " : "", p->more,
                            column_stats_unit(s->basis));
    return column_stats_verdict_name(p->verdict);
}

/* On logs an estimate is told as a ratio, and what it can show as percent. */
static const char *detectable(const struct column_stats *s, double x, struct arena *a)
{
    if (isnan(x) || !s->asked.margin_is_ratio)
        return number(x, a);
    return arena_printf(a, "%.3g %%", 100 * expm1(x));
}

static const char *estimate(const struct column_stats *s, const struct column_stats_pair *p,
                            struct arena *a)
{
    return number(s->asked.margin_is_ratio ? exp(p->estimate) : p->estimate, a);
}

static const char *its_interval(const struct column_stats *s, const struct column_stats_pair *p,
                                struct arena *a)
{
    return s->asked.margin_is_ratio ? interval(exp(p->lo), exp(p->hi), a)
                                    : interval(p->lo, p->hi, a);
}

static double p_of_ranks(const struct column_stats *s, const struct column_stats_pair *p)
{
    return s->basis == COLUMN_STATS_BY_BLOCKS  ? p->blocks.wilcoxon.p
           : s->basis == COLUMN_STATS_BY_PAIRS ? p->pairs.wilcoxon.p
                                               : p->mann_whitney_holm;
}

static const char *count(size_t n, struct arena *a)
{
    return n ? arena_printf(a, "%zu", n) : nullptr;
}

static void pairs(const struct column_stats *s, const struct stats_print_look *look,
                  struct arena *a, struct str *out)
{
    const bool logs = s->asked.margin_is_ratio;
    const bool values = s->basis == COLUMN_STATS_BY_VALUES; /* as those tests take them */
    const struct table_column columns[] = {{"a", false},
                                           {"b", false},
                                           {logs ? "a / b" : "a - b", true},
                                           {"interval", true},
                                           {"p (Holm)", true},
                                           {"verdict", false},
                                           {"detectable", true},
                                           {"n to detect", true},
                                           {"p (labels)", true},
                                           {"p (ranks)", true},
                                           {"Dunnett", true},
                                           {"Tukey", true},
                                           {"Games-Howell", true},
                                           {logs ? "a - b" : "a / b", true},
                                           {"g", true},
                                           {"interval", true},
                                           {"P(a > b)", true}};
    struct table t;
    table_init(&t, a, columns, COUNT_OF(columns));
    for (size_t i = 0; i < s->n_pairs; i++) {
        const struct column_stats_pair *const p = &s->pairs[i];
        const struct table_cell row[COUNT_OF(columns)] = {
            {s->groups[p->a].name, TABLE_STRONG},
            {s->groups[p->b].name, TABLE_STRONG},
            {estimate(s, p, a), TABLE_PLAIN},
            {its_interval(s, p, a), TABLE_FAINT},
            {p_value(p->p_holm, a), TABLE_PLAIN},
            {verdict(s, p, a), tone_of(p->verdict)},
            {detectable(s, p->detectable, a), TABLE_PLAIN},
            {count(p->wanted, a), TABLE_PLAIN},
            {p_value(p->permutation.p, a), TABLE_PLAIN},
            {p_value(p_of_ranks(s, p), a), TABLE_PLAIN},
            {values ? p_value(p->dunnett.p, a) : nullptr, TABLE_PLAIN},
            {values ? p_value(p->tukey.p, a) : nullptr, TABLE_PLAIN},
            {values ? p_value(p->games_howell.p, a) : nullptr, TABLE_PLAIN},
            {number(logs ? p->difference : p->ratio, a), TABLE_PLAIN},
            {number(p->hedges_g, a), TABLE_PLAIN},
            {interval(p->g_ci.lo, p->g_ci.hi, a), TABLE_FAINT},
            {number(p->dominance.a12, a), TABLE_PLAIN}};
        table_add(&t, row);
    }
    str_puts(out, "\n");
    table_print_within(&t, 2, look->width, look->colour, out);
}

static void note_alone(const struct column_stats *s, struct str *out)
{
    size_t values = 0, blocks = 0;
    for (size_t i = 0; i < s->n_pairs; i++) {
        values += s->pairs[i].pairs.alone;
        blocks += s->pairs[i].blocks.alone;
    }
    if (values)
        str_printf(out, "%zu value%s without a partner\n", values, values == 1 ? "" : "s");
    if (blocks)
        str_printf(out, "%zu time%s a block had no %s of both groups\n", blocks,
                   blocks == 1 ? "" : "s", s->table->pair ? "pair" : "value");
}

static void note_columns(const struct column_stats *s, struct str *out)
{
    bool permuted = false, drawn = false, tested = false;
    for (size_t i = 0; i < s->n_pairs; i++) {
        tested = tested || !isnan(s->pairs[i].p);
        permuted = permuted || !isnan(s->pairs[i].permutation.p);
        drawn = drawn || (!isnan(s->pairs[i].permutation.p) && !s->pairs[i].permutation.exact);
    }
    if (tested)
        str_printf(out, "detectable: found with a power of %g %% at these n, level %.3g for each\n",
                   100 * COLUMN_STATS_POWER, s->alpha_pair);
    if (!isnan(s->asked.detect))
        str_printf(out, "n to detect: %ss of each group that find a difference of %g%s as often\n",
                   column_stats_unit(s->basis),
                   s->asked.detect * (s->asked.detect_is_ratio ? 100 : 1),
                   s->asked.detect_is_ratio ? " %" : "");
    if (permuted)
        str_printf(out, "p (labels): permutations, %s; not adjusted\n",
                   drawn ? "drawn where they are many" : "every one");
    str_printf(out, "p (ranks): %s\n",
               s->basis == COLUMN_STATS_BY_VALUES ? "Mann-Whitney, after Holm"
                                                  : "Wilcoxon's signed ranks; not adjusted");
    if (s->asked.control && s->basis == COLUMN_STATS_BY_VALUES)
        str_puts(out, "Dunnett: all against the control, one variance for all\n");
}

static void notes(const struct column_stats *s, struct str *out)
{
    str_printf(out, "\n%g %% intervals; p (Holm): %s, %zu comparison%s\n", 100 * s->asked.conf,
               column_stats_basis_name(s), s->n_pairs, s->n_pairs == 1 ? "" : "s");
    note_columns(s, out);
    note_alone(s, out);
    if (isnan(s->asked.margin))
        str_puts(out, "no --margin: groups that are alike are never shown to be equivalent\n");
}

/* ---- shares ---- */

static const char *percent(double x, struct arena *a)
{
    return isnan(x) ? nullptr : arena_printf(a, "%.4g %%", 100 * x);
}

static const char *percents(const struct proportion_interval *x, struct arena *a)
{
    return isnan(x->lo) ? nullptr : arena_printf(a, "%.4g to %.4g %%", 100 * x->lo, 100 * x->hi);
}

static void share_pairs(const struct column_share *c, const struct stats_print_look *look,
                        struct arena *a, struct str *out)
{
    const struct column_stats *const s = c->s;
    const struct table_column columns[] = {{"a", false},       {"b", false},    {"a - b", true},
                                           {"interval", true}, {"p", true},     {"p (Holm)", true},
                                           {"verdict", false}, {"pairs", true}, {"only a", true},
                                           {"only b", true}};
    struct table t;
    table_init(&t, a, columns, COUNT_OF(columns));
    for (size_t i = 0; i < s->n_pairs; i++) {
        const struct column_share_pair *const p = &c->pairs[i];
        const bool paired = s->table->pair;
        const struct table_cell row[COUNT_OF(columns)] = {
            {s->groups[s->pairs[i].a].name, TABLE_STRONG},
            {s->groups[s->pairs[i].b].name, TABLE_STRONG},
            {percent(p->difference.estimate, a), TABLE_PLAIN},
            {percents(&p->difference, a), TABLE_FAINT},
            {p_value(p->p, a), TABLE_PLAIN},
            {p_value(p->p_holm, a), TABLE_PLAIN},
            {p->verdict == COLUMN_STATS_UNKNOWN ? "no test: no pairs"
                                                : column_stats_verdict_name(p->verdict),
             tone_of(p->verdict)},
            {paired ? arena_printf(a, "%zu", p->n_paired) : nullptr, TABLE_PLAIN},
            {paired ? arena_printf(a, "%zu", p->only_a) : nullptr, TABLE_PLAIN},
            {paired ? arena_printf(a, "%zu", p->only_b) : nullptr, TABLE_PLAIN}};
        table_add(&t, row);
    }
    str_putc(out, '\n');
    table_print_within(&t, 2, look->width, look->colour, out);
    str_printf(out, "\n%g %% intervals (%s); p: %s\n", 100 * s->asked.conf,
               s->table->pair ? "Agresti and Min" : "Newcombe",
               s->table->pair ? "McNemar's exact test" : "Fisher's exact test");
    if (isnan(s->asked.margin))
        str_puts(out, "no --margin: groups that are alike are never shown to be equivalent\n");
}

void stats_print_shares(const struct column_share *c, const struct column_share_words *words,
                        const struct stats_print_look *look, struct arena *a, struct str *out)
{
    static const struct table_column columns[] = {{"group", false}, {"n", true},
                                                  {"yes", true},    {"share", true},
                                                  {"Wilson", true}, {"Clopper-Pearson", true}};
    struct table t;
    str_printf(out, "share of '%s'\n", words->yes ? words->yes : "1");
    table_init(&t, a, columns, COUNT_OF(columns));
    for (size_t i = 0; i < c->s->n_groups; i++) {
        const struct column_share_group *const g = &c->groups[i];
        const struct table_cell row[COUNT_OF(columns)] = {
            {c->s->groups[i].name, TABLE_STRONG},
            {arena_printf(a, "%zu", c->s->groups[i].m.n), TABLE_PLAIN},
            {arena_printf(a, "%zu", g->k), TABLE_PLAIN},
            {percent(g->wilson.estimate, a), TABLE_PLAIN},
            {percents(&g->wilson, a), TABLE_FAINT},
            {percents(&g->exact, a), TABLE_FAINT}};
        table_add(&t, row);
    }
    table_print_within(&t, 1, look->width, look->colour, out);
    if (c->pairs && c->s->n_pairs)
        share_pairs(c, look, a, out);
}

/* ---- bounds ---- */

void stats_print_bounds(const struct column_stats *s, const struct column_bound *b, size_t n,
                        const struct stats_print_look *look, struct arena *a, struct str *out)
{
    static const struct table_column columns[] = {
        {"group", false}, {"n", true}, {"above", true}, {"bound", false}, {"vouched for", true}};
    struct table t;
    table_init(&t, a, columns, COUNT_OF(columns));
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < s->n_groups; i++) {
            const struct column_bound_result r =
                column_bound_of(&s->groups[i], &b[k], s->asked.conf);
            const bool shown = r.r.verdict == TAIL_VERDICT_PASS,
                       above = r.r.verdict == TAIL_VERDICT_FAIL;
            const struct table_cell row[COUNT_OF(columns)] = {
                {s->groups[i].name, TABLE_STRONG},
                {arena_printf(a, "%zu", r.r.queries), TABLE_PLAIN},
                {arena_printf(a, "%zu", r.r.over), TABLE_PLAIN},
                {column_bound_text(&r, &b[k], a), shown   ? TABLE_GOOD
                                                  : above ? TABLE_BAD
                                                          : TABLE_WARN},
                {number(r.vouched, a), TABLE_FAINT}};
            table_add(&t, row);
        }
    str_putc(out, '\n');
    table_print_within(&t, 1, look->width, look->colour, out);
    str_printf(out,
               "\nbounds at a confidence of %g %% (MLPerf's early stopping; its own is 99 %%)\n",
               100 * s->asked.conf);
}

void stats_print_bootstrap(const struct column_stats *s, const struct column_bootstrap *b,
                           const struct stats_print_look *look, struct arena *a, struct str *out)
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
    table_print_within(&t, 2, look->width, look->colour, out);
}

/* Whoever takes rows for independent should know that they are not. */
static void dependence(const struct column_stats *s, struct arena *a, struct str *out)
{
    for (size_t i = 0; i < s->n_groups && s->basis == COLUMN_STATS_BY_VALUES; i++) {
        const struct column_stats_group *const g = &s->groups[i];
        const struct column_series c = column_series_of(s, g, a);
        if (column_series_depends(&c, g->m.n))
            str_printf(out,
                       "caution: rows of '%.40s' resemble their neighbours (lag 1: %.2f): worth "
                       "%.0f of %zu\n",
                       g->name, c.lag1, c.n_effective, g->m.n);
    }
}

void stats_print(const struct column_stats *s, const struct stats_print_look *look, struct arena *a,
                 struct str *out)
{
    groups(s, look, a, out);
    if (s->n_groups > 2 && !s->table->block)
        all_groups(s, a, out);
    if (s->table->block && s->n_groups > 1)
        blocks(s, a, out);
    if (s->n_groups == 1 && s->table->grouped)
        str_puts(out, "\none group: there is nothing to compare\n");
    if (s->n_pairs) {
        pairs(s, look, a, out);
        notes(s, out);
    }
    dependence(s, a, out);
}
