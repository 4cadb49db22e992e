#include "analysis/audit_order.h"

#include "analysis/audit_series.h"
#include "analysis/audit_turn.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/dist.h"
#include "store/evidence.h"

#include <math.h>
#include <string.h>

enum { P, EFFECT, LEAST_BLOCKS, SAME_ORDER_P, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [P] = {"p", 0.002, "of blocks (F) or of the place in a block (t) having no effect"},
    [EFFECT] = {"effect", 0.03, "less matters to no decision"},
    [SAME_ORDER_P] =
        {"same_order_p", 0.01,
         "the chance that random orders are all the same; above it that is bad luck, and "
         "info"},
    [LEAST_BLOCKS] = {"least_blocks", 3, "that all cells of the group have in common"},
};

static constexpr unsigned BLOCKS = AUDIT_COMPARISON | AUDIT_WINNER;

/* Cells by blocks: logs of medians, and places in the order of running. */
struct table {
    size_t n_cells, n_blocks;
    const struct audit_cell **cells;
    double *y, *place; /* [cell * n_blocks + block]; place NOT_MEASURED: unknown */
    bool places_known;
    size_t left_out; /* invocations of blocks that not every cell has */
};

/* A block: invocation i of the plan runs every configuration once. Where the record says another
 * number, that one. */
static int64_t block_of(const struct audit_cell *c, size_t unit, double *ret_place)
{
    const struct cell_unit u = c->stats->units[unit];
    *ret_place = NOT_MEASURED;
    double block = u.invocation;
    for (size_t i = 0; i < c->n_evidence; i++)
        if (c->evidence[i]->replicate == u.replicate &&
            c->evidence[i]->invocation == u.invocation) {
            *ret_place = c->evidence[i]->order_in_block;
            if (c->evidence[i]->block >= 0)
                block = c->evidence[i]->block;
        }
    return (int64_t)u.replicate * 1000000 + (int64_t)block;
}

static bool find_block(const struct audit_cell *c, int64_t block, size_t *ret_unit,
                       double *ret_place)
{
    for (size_t u = 0; u < c->stats->n_units; u++)
        if (block_of(c, u, ret_place) == block) {
            *ret_unit = u;
            return true;
        }
    return false;
}

static double unit_level(const struct audit_cell *c, size_t u, struct arena *scratch)
{
    const struct cell_stats *const t = c->stats;
    return log(audit_series_median(t->x + t->start[u], t->start[u + 1] - t->start[u], scratch));
}

static bool in_all(const struct table *t, int64_t block)
{
    size_t unit;
    double place;
    for (size_t k = 1; k < t->n_cells; k++)
        if (!find_block(t->cells[k], block, &unit, &place))
            return false;
    return true;
}

/* Where no record says it: the order in which the invocations of a block began, if none began
 * before another's last request. */
static bool place_by_time(const struct table *t, const size_t *units, size_t b)
{
    const size_t n = t->n_blocks;
    for (size_t c = 0; c < t->n_cells; c++) {
        const struct audit_span own = t->cells[c]->kept->spans[units[c * n + b]];
        double before = 0;
        for (size_t k = 0; k < t->n_cells; k++) {
            const struct audit_span other = t->cells[k]->kept->spans[units[k * n + b]];
            const bool earlier = other.last_ns<own.first_ns, later = other.first_ns> own.last_ns;
            if (own.first_ns == INT64_MIN || other.first_ns == INT64_MIN ||
                (k != c && !earlier && !later))
                return false;
            before += earlier;
        }
        t->place[c * n + b] = before;
    }
    return true;
}

static struct table table_of(const struct audit_group *g, struct arena *scratch)
{
    struct table t = {.cells = ARENA_ARRAY(scratch, const struct audit_cell *, g->n + 1),
                      .places_known = true};
    size_t most = 0;
    for (size_t i = 0; i < g->n; i++)
        if (g->cells[i].stats->n_units >= 2) {
            t.cells[t.n_cells++] = &g->cells[i];
            most = g->cells[i].stats->n_units > most ? g->cells[i].stats->n_units : most;
        }
    if (t.n_cells < 2)
        return t;
    const struct audit_cell *const first = t.cells[0];
    int64_t *const blocks = ARENA_ARRAY(scratch, int64_t, first->stats->n_units);
    double place;
    for (size_t u = 0; u < first->stats->n_units; u++)
        if (in_all(&t, block_of(first, u, &place)))
            blocks[t.n_blocks++] = block_of(first, u, &place);
    t.y = ARENA_ARRAY(scratch, double, t.n_cells *t.n_blocks + 1);
    t.place = ARENA_ARRAY(scratch, double, t.n_cells *t.n_blocks + 1);
    size_t *const units = ARENA_ARRAY(scratch, size_t, t.n_cells *t.n_blocks + 1);
    for (size_t c = 0; c < t.n_cells; c++) {
        t.left_out += t.cells[c]->stats->n_units - t.n_blocks;
        for (size_t b = 0; b < t.n_blocks; b++) {
            size_t u = 0;
            (void)find_block(t.cells[c], blocks[b], &u, &t.place[c * t.n_blocks + b]);
            t.y[c * t.n_blocks + b] = unit_level(t.cells[c], u, scratch);
            units[c * t.n_blocks + b] = u;
            t.places_known = t.places_known && t.place[c * t.n_blocks + b] >= 0;
        }
    }
    if (!t.places_known) {
        t.places_known = t.n_blocks > 0;
        for (size_t b = 0; b < t.n_blocks && t.places_known; b++)
            t.places_known = place_by_time(&t, units, b);
    }
    return t;
}

/* Takes the means of rows and columns off v; the sums of squares of what was taken off. */
static double double_centre(const struct table *t, const double *v, double *ret, double *ret_rows,
                            double *ret_columns)
{
    const size_t rows = t->n_cells, columns = t->n_blocks;
    double mean = 0, rest = 0;
    for (size_t i = 0; i < rows * columns; i++)
        mean += v[i] / (double)(rows * columns);
    for (size_t i = 0; i < rows * columns; i++)
        ret[i] = v[i] - mean;
    *ret_rows = *ret_columns = 0;
    for (size_t r = 0; r < rows; r++) {
        double m = 0;
        for (size_t k = 0; k < columns; k++)
            m += ret[r * columns + k] / (double)columns;
        for (size_t k = 0; k < columns; k++)
            ret[r * columns + k] -= m;
        *ret_rows += m * m * (double)columns;
    }
    for (size_t k = 0; k < columns; k++) {
        double m = 0;
        for (size_t r = 0; r < rows; r++)
            m += ret[r * columns + k] / (double)rows;
        for (size_t r = 0; r < rows; r++)
            ret[r * columns + k] -= m;
        *ret_columns += m * m * (double)rows;
    }
    for (size_t i = 0; i < rows * columns; i++)
        rest += ret[i] * ret[i];
    return rest;
}

static void say(const struct audit_group *g, enum audit_severity severity,
                const struct audit_fact *facts, size_t n_facts, const char *message,
                const char *advice, struct audit *out)
{
    audit_add(out, &(struct audit_finding){.check = "order-effect",
                                           .severity = severity,
                                           .subject = audit_subject_of_group(g),
                                           .facts = facts,
                                           .n_facts = n_facts,
                                           .message = message,
                                           .advice = advice,
                                           .blocks = severity == AUDIT_INFO ? 0 : BLOCKS});
}

/* Blocks that differ bias a comparison of cells that did not all run in them. */
static void look_at_blocks(const struct audit_group *g, const struct table *t, double rest,
                           double between, struct audit *out)
{
    const double df = (double)(t->n_blocks - 1), df_rest = df * (double)(t->n_cells - 1);
    const double f = between / df / (rest / df_rest), p = dist_f_upper(f, df, df_rest);
    const double effect = expm1(2 * sqrt(between / (double)(t->n_blocks * t->n_cells)));
    if (!(p < limits[P].value) || effect < limits[EFFECT].value)
        return;
    const struct audit_fact facts[] = {
        {"blocks", (double)t->n_blocks, nullptr},
        {"cells", (double)t->n_cells, nullptr},
        {"block_p", p, nullptr},
        {"block_effect", effect, nullptr},
        {"invocations_left_out", (double)t->left_out, nullptr},
    };
    const bool biased = t->left_out > 0;
    say(g, biased ? AUDIT_WARN : AUDIT_INFO, facts, COUNT_OF(facts),
        audit_text(
            out, "%s: all cells are slow or fast together by block (%.1f %%, F test p = %.2g)%s",
            g->scenario, 100 * effect, p, biased ? ", and not every cell ran in every block" : ""),
        biased ? "compare within the blocks that all cells have, or run the missing invocations"
               : "compare within blocks: the difference is sharper there",
        out);
}

static void look_at_places(const struct audit_group *g, const struct table *t, const double *rest,
                           struct arena *scratch, struct audit *out)
{
    double *const p = ARENA_ARRAY(scratch, double, t->n_cells * t->n_blocks);
    double rows, columns;
    const double pp = double_centre(t, t->place, p, &rows, &columns);
    if (pp < 1e-9) {
        double orders = 1;
        for (size_t k = 2; k <= t->n_cells; k++)
            orders *= (double)k;
        const double chance = pow(orders, -(double)(t->n_blocks - 1));
        const struct audit_fact facts[] = {{"blocks", (double)t->n_blocks, nullptr},
                                           {"cells", (double)t->n_cells, nullptr},
                                           {"same_order_p", chance, nullptr}};
        say(g, chance < limits[SAME_ORDER_P].value ? AUDIT_WARN : AUDIT_INFO, facts,
            COUNT_OF(facts),
            audit_text(out,
                       "%s: all %zu blocks ran their configurations in the same order: what comes "
                       "from the place and what from the configuration cannot be told apart",
                       g->scenario, t->n_blocks),
            "run each block in a random order, and more blocks", out);
        return;
    }
    double xy = 0, left = 0;
    for (size_t i = 0; i < t->n_cells * t->n_blocks; i++)
        xy += p[i] * rest[i];
    const double slope = xy / pp;
    for (size_t i = 0; i < t->n_cells * t->n_blocks; i++)
        left += (rest[i] - slope * p[i]) * (rest[i] - slope * p[i]);
    const double df = (double)((t->n_blocks - 1) * (t->n_cells - 1)) - 1;
    if (df < 1)
        return;
    const double pvalue = dist_t_two_sided(slope / sqrt(left / df / pp), df);
    const double effect = expm1(fabs(slope) * (double)(t->n_cells - 1));
    if (!(pvalue < limits[P].value) || effect < limits[EFFECT].value)
        return;
    const double least = sqrt(2 * rows); /* of places: 0, else the design is unbalanced */
    const struct audit_fact facts[] = {
        {"blocks", (double)t->n_blocks, nullptr},
        {"cells", (double)t->n_cells, nullptr},
        {"per_place", expm1(slope), nullptr},
        {"first_to_last", effect, nullptr},
        {"place_p", pvalue, nullptr},
        {"unbalance", least, nullptr},
    };
    say(g, AUDIT_WARN, facts, COUNT_OF(facts),
        audit_text(out,
                   "%s: the place in the order of running is worth %+.1f %% a step, %.1f %% from "
                   "first to last (p = %.2g)",
                   g->scenario, 100 * expm1(slope), 100 * effect, pvalue),
        "let the machine rest between invocations; randomise the order, and more blocks", out);
}

static void look(const struct audit_group *g, struct audit *out)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new((size_t)2 << 30);
    const struct audit_subject subject = audit_subject_of_group(g);
    const struct table t = table_of(g, scratch);
    if (t.n_cells < 2 || (double)t.n_blocks < limits[LEAST_BLOCKS].value) {
        audit_not_run(out, "order-effect", &subject,
                      "fewer than two cells with three invocations in common");
        return;
    }
    double *const rest = ARENA_ARRAY(scratch, double, t.n_cells *t.n_blocks);
    double rows, columns;
    const double ss = double_centre(&t, t.y, rest, &rows, &columns);
    look_at_blocks(g, &t, ss, columns, out);
    if (t.places_known)
        look_at_places(g, &t, rest, scratch, out);
}

static void look_at_turns(const struct audit_whole *w, struct audit *out)
{
    audit_turn_look(w, limits[SAME_ORDER_P].value, out);
}

const struct audit_check audit_order_checks[] = {
    {.name = "order-effect",
     .rule = "warn: the place in a block (as recorded, else by the time of the first request) has "
             "an effect at p; blocks that all ran in one order, "
             "unless by chance (info); block effects where cells did not all run in the same "
             "blocks, info where they did",
     .evidence = "blocks cells block_p block_effect invocations_left_out per_place first_to_last "
                 "place_p unbalance same_order_p",
     .blocks = BLOCKS,
     .limits = limits,
     .n_limits = LIMITS,
     .group = look},
    {.name = "order-effect",
     .rule = "warn: the configurations of a model ran one after another and in one order in every "
             "scenario (same_order_p), or each in one stretch of time of all scenarios; info where "
             "there are too few scenarios to tell, of imported data",
     .evidence = "scenarios configurations order same_order_p one_stretch",
     .blocks = BLOCKS,
     AUDIT_LIMITS(limits, SAME_ORDER_P, SAME_ORDER_P),
     .whole = look_at_turns},
    {},
};
