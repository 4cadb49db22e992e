#include "analysis/group_tests.h"

#include "analysis/pair.h"
#include "base/arena.h"
#include "base/defs.h"
#include "io/jsonw.h"
#include "num/posthoc.h"
#include "store/evidence.h"

#include <math.h>
#include <string.h>

struct values { /* of all groups, one after the other */
    double *x;
    size_t *n; /* of each group */
    size_t total;
    struct moment *moments;
};

static struct values values_of(const struct cell_stats *const *cells, size_t k, bool levels,
                               struct arena *a)
{
    struct values v = {.n = ARENA_ARRAY(a, size_t, k), .moments = ARENA_ARRAY(a, struct moment, k)};
    for (size_t i = 0; i < k; i++)
        v.total += v.n[i] = levels ? cells[i]->level.n : cells[i]->n;
    v.x = ARENA_ARRAY(a, double, v.total);
    for (size_t i = 0, at = 0; i < k; at += v.n[i++]) {
        memcpy(v.x + at, levels ? cells[i]->level.y : cells[i]->x, v.n[i] * sizeof *v.x);
        v.moments[i] = moment_of(v.x + at, v.n[i]);
    }
    return v;
}

static void find_pairs(struct group_tests *g, const struct values *v, struct arena *a)
{
    const size_t k = g->n, n = k * (k - 1) / 2;
    struct group_tests_pair *const pairs = ARENA_ARRAY(a, struct group_tests_pair, n);
    struct posthoc_pair *const tukey = ARENA_ARRAY(a, struct posthoc_pair, n);
    struct posthoc_pair *const howell = ARENA_ARRAY(a, struct posthoc_pair, n);
    posthoc_tukey_kramer(v->moments, k, NOT_MEASURED, tukey); /* no interval is shown of these */
    posthoc_games_howell(v->moments, k, NOT_MEASURED, howell);
    for (size_t i = 0; i < n; i++)
        pairs[i] = (struct group_tests_pair){tukey[i].a, tukey[i].b, tukey[i].difference,
                                             tukey[i].p, howell[i].p};
    g->n_pairs = n;
    g->pairs = pairs;
}

/* ---- blocks: an invocation of every configuration, in a random order ---- */

struct place { /* of one value */
    uint32_t configuration, block, order;
};

static const struct evidence *evidence_of_unit(const struct cell_stats *c, size_t unit)
{
    const struct cell_unit *const u = &c->units[unit];
    for (uint32_t i = 0; i < c->cell->n_runs; i++)
        if (c->cell->runs[i].replicate == u->replicate &&
            c->cell->runs[i].invocation == u->invocation)
            return c->cell->runs[i].evidence;
    return nullptr;
}

/* The dense number of key among keys[0..*n), added where it is new. */
static uint32_t dense(int64_t *keys, uint32_t *n, int64_t key)
{
    uint32_t i = 0;
    while (i < *n && keys[i] != key)
        i++;
    if (i == *n)
        keys[(*n)++] = key;
    return i;
}

static const char *places_of(const struct group_tests *g, struct place *ret, uint32_t *n_blocks,
                             uint32_t *n_orders, struct arena *a)
{
    size_t total = 0;
    for (size_t i = 0; i < g->n; i++)
        total += g->cells[i]->level.n;
    int64_t *const blocks = ARENA_ARRAY(a, int64_t, total), *const orders =
                                                                ARENA_ARRAY(a, int64_t, total);
    for (size_t i = 0, at = 0; i < g->n; i++)
        for (size_t u = 0; u < g->cells[i]->n_units; u++, at++) {
            const struct evidence *const e = evidence_of_unit(g->cells[i], u);
            if (!e || isnan(e->block) || isnan(e->order_in_block))
                return "the records do not say in which block and place an invocation ran";
            const int64_t replicate = g->cells[i]->units[u].replicate;
            ret[at] = (struct place){(uint32_t)i,
                                     dense(blocks, n_blocks, replicate << 32 | (int64_t)e->block),
                                     dense(orders, n_orders, (int64_t)e->order_in_block)};
        }
    return nullptr;
}

static bool complete(const struct place *p, size_t n, size_t configurations, uint32_t blocks,
                     struct arena *a)
{
    bool *const seen = ARENA_ARRAY(a, bool, configurations *blocks);
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        bool *const s = &seen[p[i].block * configurations + p[i].configuration];
        found += !*s;
        *s = true;
    }
    return found == configurations * blocks && n == found;
}

static void find_factors(struct group_tests *g, const struct values *v, struct arena *a)
{
    struct place *const places = ARENA_ARRAY(a, struct place, v->total);
    uint32_t n_blocks = 0, n_orders = 0;
    g->no_blocks = g->unit != LEVEL_INVOCATIONS ? "a configuration has one invocation only"
                                                : places_of(g, places, &n_blocks, &n_orders, a);
    if (!g->no_blocks && !complete(places, v->total, g->n, n_blocks, a))
        g->no_blocks = "not every configuration ran in every block";
    if (g->no_blocks)
        return;
    uint32_t *const levels[GROUP_TESTS_FACTORS] = {ARENA_ARRAY(a, uint32_t, v->total),
                                                   ARENA_ARRAY(a, uint32_t, v->total),
                                                   ARENA_ARRAY(a, uint32_t, v->total)};
    for (size_t i = 0; i < v->total; i++) {
        levels[GROUP_TESTS_CONFIGURATION][i] = places[i].configuration;
        levels[GROUP_TESTS_BLOCK][i] = places[i].block;
        levels[GROUP_TESTS_ORDER][i] = places[i].order;
    }
    /* Without a degree of freedom for the residual, the order is what goes. */
    const size_t needed = 1 + (g->n - 1) + (n_blocks - 1) + (n_orders - 1);
    g->n_factors = n_orders > 1 && v->total > needed ? 3 : 2;
    static const uint32_t terms[] = {1U << GROUP_TESTS_CONFIGURATION, 1U << GROUP_TESTS_BLOCK,
                                     1U << GROUP_TESTS_ORDER};
    const struct anova_factors_design d = {
        .y = v->x,
        .n = v->total,
        .n_factors = g->n_factors,
        .level = {levels[0], levels[1], levels[2]},
        .n_levels = {(uint32_t)g->n, n_blocks, n_orders},
        .terms = terms,
        .n_terms = g->n_factors,
        .kind = ANOVA_FACTORS_II,
    };
    struct anova_factors_term found[GROUP_TESTS_FACTORS] = {};
    struct anova_factors f = {.term = found};
    anova_factors_of(&d, a, &f);
    memcpy(g->factors, f.term, g->n_factors * sizeof *f.term);
    double *const table = ARENA_ARRAY(a, double, v->total);
    for (size_t i = 0; i < v->total; i++)
        table[places[i].block * g->n + places[i].configuration] = v->x[i];
    g->friedman_p = rank_friedman(table, n_blocks, g->n, a).p;
}

struct group_tests group_tests_of(const struct cell_stats *const *cells, size_t n, struct arena *a)
{
    struct group_tests g = {.cells = cells, .n = n, .friedman_p = NOT_MEASURED};
    CLEANUP(arena_freep) struct arena *scratch = arena_new((size_t)4 << 30);
    const struct values samples = values_of(cells, n, false, scratch);
    g.samples = anova_oneway(samples.x, samples.n, n);
    g.samples_welch = anova_welch(samples.moments, n);
    const struct values levels = values_of(cells, n, true, scratch);
    g.levels = anova_oneway(levels.x, levels.n, n);
    g.welch = anova_welch(levels.moments, n);
    g.kruskal = rank_kruskal_wallis(levels.x, levels.n, n, scratch);
    for (size_t i = 0; i < n; i++)
        g.unit = cells[i]->level.unit > g.unit ? cells[i]->level.unit : g.unit;
    g.reason = n < 2                ? "fewer than two configurations have samples"
               : isnan(g.samples.f) ? "nothing varies within the configurations"
                                    : nullptr;
    if (n < 2) {
        g.no_blocks = g.reason;
        return g;
    }
    find_pairs(&g, &levels, a);
    find_factors(&g, &levels, a);
    return g;
}

/* ---- as JSON ---- */

static void test_object(struct jsonw *w, const char *key, const struct anova *t)
{
    jsonw_kobject(w, key);
    jsonw_kf64(w, "f_statistic", t->f);
    jsonw_kf64(w, "df_between", t->df1);
    jsonw_kf64(w, "df_within", t->df2);
    jsonw_kf64(w, "p_value", t->p);
    jsonw_end_object(w);
}

static void factors_object(struct jsonw *w, const struct group_tests *g)
{
    static const char *const names[] = {[GROUP_TESTS_CONFIGURATION] = "configuration",
                                        [GROUP_TESTS_BLOCK] = "block",
                                        [GROUP_TESTS_ORDER] = "order_in_block"};
    jsonw_kobject(w, "factors");
    for (size_t i = 0; i < g->n_factors; i++) {
        const struct anova_factors_term *const t = &g->factors[i];
        jsonw_kobject(w, names[i]);
        jsonw_kf64(w, "f_statistic", t->f);
        jsonw_kf64(w, "df", t->df);
        jsonw_kf64(w, "p_value", t->p);
        jsonw_kf64(w, "partial_omega_squared", t->partial_omega2);
        jsonw_end_object(w);
    }
    jsonw_kf64(w, "friedman_p", g->friedman_p);
    jsonw_kstr(w, "reason", g->no_blocks);
    jsonw_end_object(w);
}

static void pairs_array(struct jsonw *w, const struct group_tests *g, const struct results *r,
                        struct arena *a)
{
    jsonw_karray(w, "post_hoc");
    for (size_t i = 0; i < g->n_pairs; i++) {
        const struct group_tests_pair *const p = &g->pairs[i];
        jsonw_object(w);
        jsonw_kstr(w, "group_a", cell_label(r, g->cells[p->a]->cell, a));
        jsonw_kstr(w, "group_b", cell_label(r, g->cells[p->b]->cell, a));
        jsonw_kf64(w, "log_difference", p->difference);
        jsonw_kf64(w, "tukey_p", p->tukey_p);
        jsonw_kf64(w, "games_howell_p", p->games_howell_p);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

void group_tests_json(const struct group_tests *g, const struct results *r, const char *scenario,
                      const char *model, struct arena *a, struct jsonw *w)
{
    jsonw_object(w);
    jsonw_kstr(w, "scenario", scenario);
    jsonw_kstr(w, "model", model);
    jsonw_kf64(w, "f_statistic", g->samples.f);
    jsonw_kf64(w, "df_between", g->samples.df1);
    jsonw_kf64(w, "df_within", g->samples.df2);
    jsonw_kf64(w, "p_value", g->samples.p);
    jsonw_key(w, "significant");
    isnan(g->welch.p) ? jsonw_null(w) : jsonw_bool(w, g->welch.p < PAIR_ALPHA);
    jsonw_kstr(w, "significant_by", "Welch's ANOVA over rests_on");
    jsonw_kstr(w, "rests_on", level_unit_name(g->unit));
    if (g->reason)
        jsonw_kstr(w, "reason", g->reason);
    test_object(w, "welch", &g->welch);
    test_object(w, "welch_over_samples", &g->samples_welch);
    test_object(w, "classical", &g->levels);
    jsonw_kf64(w, "eta_squared", g->levels.eta2);
    jsonw_kf64(w, "omega_squared", g->levels.omega2);
    jsonw_kf64(w, "epsilon_squared", g->levels.epsilon2);
    jsonw_kobject(w, "kruskal_wallis");
    jsonw_kf64(w, "h", g->kruskal.statistic);
    jsonw_kf64(w, "df", g->kruskal.df);
    jsonw_kf64(w, "p_value", g->kruskal.p);
    jsonw_end_object(w);
    factors_object(w, g);
    pairs_array(w, g, r, a);
    jsonw_karray(w, "groups");
    for (size_t i = 0; i < g->n; i++)
        jsonw_str(w, cell_label(r, g->cells[i]->cell, a));
    jsonw_end_array(w);
    jsonw_ki64(w, "n_groups", (int64_t)g->n);
    jsonw_end_object(w);
}
