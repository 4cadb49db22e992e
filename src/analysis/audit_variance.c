#include "analysis/audit_variance.h"

#include "analysis/audit_claim.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/dist.h"
#include "store/results.h"

#include <math.h>
#include <string.h>

struct groups { /* of one analysis of variance: cells, or all cells of a backend together */
    struct audit_claim_side *items;
    const char **backends;
    size_t n;
    bool whole; /* every one has n, mean and deviation */
};

/* The cells of a backend as one sample: exact, from the sums. */
static void pool(struct audit_claim_side *to, const struct audit_claim_side *from)
{
    struct moment *const a = &to->m;
    const struct moment *const b = &from->m;
    const double n = (double)(a->n + b->n), apart = b->mean - a->mean, na = (double)a->n,
                 nb = (double)b->n;
    const double ss = (na - 1) * a->var + (nb - 1) * b->var + apart * apart * na * nb / n;
    a->mean += apart * nb / n;
    a->var = ss / (n - 1);
    a->sd = sqrt(a->var);
    a->n += b->n;
    to->mean_off = fmax(to->mean_off, from->mean_off);
    to->sd_off = fmax(to->sd_off, from->sd_off);
}

static void add(struct groups *g, const struct audit_cell *c, const struct results_row *r,
                bool by_backend)
{
    const struct audit_claim_side side =
        audit_claim_side_of(r->n_samples, r->mean_ms, r->std_ms, c->key->backend);
    g->whole = g->whole && side.m.n >= 2 && side.m.sd > 0 && !isnan(side.m.mean);
    for (size_t i = 0; by_backend && g->whole && i < g->n; i++)
        if (strcmp(g->backends[i], c->key->backend) == 0) {
            pool(&g->items[i], &side);
            return;
        }
    g->backends[g->n] = c->key->backend;
    g->items[g->n++] = side;
}

/* One row of each cell that states this F. */
static struct groups collect(const struct audit_whole *w, double f, bool by_backend,
                             struct arena *a)
{
    struct groups g = {.items = ARENA_ARRAY(a, struct audit_claim_side, w->n_cells),
                       .backends = ARENA_ARRAY(a, const char *, w->n_cells),
                       .whole = true};
    for (size_t i = 0; i < w->n_cells; i++)
        for (size_t k = 0; k < w->cells[i].n_stated; k++)
            if (w->cells[i].stated[k].f_statistic == f) {
                add(&g, &w->cells[i], &w->cells[i].stated[k], by_backend);
                break;
            }
    return g;
}

struct variance {
    double f, welch, off, df_between, df_within;
};

static struct variance variance_of(const struct groups *g)
{
    double n = 0, sum = 0, between = 0, within = 0, weights = 0, weighted = 0, rounding = 0;
    for (size_t i = 0; i < g->n; i++) {
        const struct moment *const m = &g->items[i].m;
        const double ni = (double)m->n;
        n += ni;
        sum += ni * m->mean;
        within += (ni - 1) * m->var;
        weights += ni / m->var;
        weighted += ni / m->var * m->mean;
        rounding += ni * g->items[i].mean_off * g->items[i].mean_off;
    }
    const double k = (double)g->n;
    double spread = 0, unequal = 0;
    for (size_t i = 0; i < g->n; i++) {
        const struct moment *const m = &g->items[i].m;
        const double ni = (double)m->n, wi = ni / m->var;
        between += ni * (m->mean - sum / n) * (m->mean - sum / n);
        spread += wi * (m->mean - weighted / weights) * (m->mean - weighted / weights);
        unequal += (1 - wi / weights) * (1 - wi / weights) / (ni - 1);
    }
    const double ms_within = within / (n - k);
    struct variance v = {.df_between = k - 1, .df_within = n - k};
    v.f = between / (k - 1) / ms_within;
    v.welch = spread / (k - 1) / (1 + 2 * (k - 2) / (k * k - 1) * unequal); /* Welch 1951 */
    /* The root of F is linear in the means. */
    const double off = sqrt(rounding / (k - 1) / ms_within);
    v.off = off * (2 * sqrt(v.f) + off);
    return v;
}

static void say(const struct audit_claimed *claim, const struct audit_claim_value *given,
                const struct variance *v, const struct groups *g, struct audit *out)
{
    const struct audit_fact facts[] = {audit_word("figure", claim->figure),
                                       audit_number("stated", claim->stated),
                                       audit_number("recomputed", given->value),
                                       audit_word("recomputed_as", given->as),
                                       audit_number("groups", (double)g->n),
                                       audit_number("samples", v->df_between + v->df_within + 1)};
    audit_add(out,
              &(struct audit_finding){
                  .check = "stated-statistics",
                  .severity = AUDIT_FAIL,
                  .subject = {.replicate = -1, .invocation = -1},
                  .facts = facts,
                  .n_facts = COUNT_OF(facts),
                  .message = audit_text(out,
                                        "an analysis of variance is stated with %s %.4g; n, means "
                                        "and deviations of its %zu groups give %.4g with %.0f and "
                                        "%.0f degrees of freedom (%s)",
                                        claim->figure, claim->stated, g->n, given->value,
                                        v->df_between, v->df_within, given->as),
                  .advice = "it is not of these groups: find out of which data it is, or compute "
                            "it again from the samples",
                  .blocks = AUDIT_COMPARISON | AUDIT_WINNER});
}

static void judge_p(double stated, double f, const struct variance *v, const struct groups *g,
                    struct audit *out)
{
    constexpr double ALIKE = 1e-6;
    constexpr double FACTOR = 1.5;
    const double p = dist_f_upper(f, v->df_between, v->df_within);
    if (isnan(stated) || (stated < ALIKE && p < ALIKE) ||
        (stated <= p * FACTOR + audit_claim_rounding(stated) &&
         stated >= p / FACTOR - audit_claim_rounding(stated)))
        return;
    const struct audit_claimed claim = {"f_p_value", stated, {}, 0};
    say(&claim, &(struct audit_claim_value){"of the stated F", p, 0}, v, g, out);
}

static bool look_at(const struct audit_whole *w, const struct results_row *r, double tolerance,
                    struct audit *out)
{
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)1 << 30);
    const struct groups cells = collect(w, r->f_statistic, false, a),
                        backends = collect(w, r->f_statistic, true, a);
    const struct groups *const g = backends.n >= 2 && backends.n < cells.n ? &backends : &cells;
    if (!cells.whole || cells.n < 2)
        return false;
    struct audit_claimed claim = {"f_statistic", r->f_statistic, {}, 0};
    const struct variance by_cell = variance_of(&cells), v = variance_of(g);
    audit_claim_give(&claim, "one way, of the groups", v.f, v.off);
    audit_claim_give(&claim, "Welch's, of the groups", v.welch, v.off);
    audit_claim_give(&claim, "one way, of the cells", by_cell.f, by_cell.off);
    audit_claim_give(&claim, "Welch's, of the cells", by_cell.welch, by_cell.off);
    bool holds;
    const struct audit_claim_value *const given = audit_claim_nearest(&claim, tolerance, &holds);
    if (!given)
        return false;
    if (!holds)
        say(&claim, &claim.given[0], &v, g, out);
    judge_p(r->f_p_value, r->f_statistic, &v, g, out);
    return true;
}

static bool seen(const double *values, size_t n, double x)
{
    for (size_t i = 0; i < n; i++)
        if (values[i] == x)
            return true;
    return false;
}

size_t audit_variance_look(const struct audit_whole *w, double tolerance, struct audit *out)
{
    constexpr size_t MOST = 256;
    double values[MOST];
    size_t n = 0, looked = 0;
    for (size_t i = 0; i < w->n_cells; i++)
        for (size_t k = 0; k < w->cells[i].n_stated && n < MOST; k++) {
            const struct results_row *const r = &w->cells[i].stated[k];
            if (isnan(r->f_statistic) || seen(values, n, r->f_statistic))
                continue;
            values[n++] = r->f_statistic;
            looked += look_at(w, r, tolerance, out);
        }
    return looked;
}
