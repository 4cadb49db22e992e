#include "analysis/audit_turn.h"

#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "store/results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

constexpr size_t MOST_CONFIGURATIONS = 32;

struct turn { /* a configuration's samples of one scenario, or of all */
    const struct audit_cell *cell;
    int64_t first_ns, last_ns;
};

struct turns { /* in the order of time */
    struct turn items[MOST_CONFIGURATIONS];
    size_t n;
    bool apart; /* none began before the one before it had ended */
};

/* Of one replicate: clocks of different runs do not meet. False: no stamps of it. */
static bool span_of(const struct audit_cell *c, uint32_t replicate, struct turn *ret)
{
    *ret = (struct turn){c, INT64_MAX, INT64_MIN};
    for (size_t u = 0; u < c->stats->n_units; u++) {
        const struct audit_span s = c->kept->spans[u];
        if (c->stats->units[u].replicate != (int32_t)replicate)
            continue;
        if (s.first_ns == INT64_MIN)
            return false;
        ret->first_ns = s.first_ns < ret->first_ns ? s.first_ns : ret->first_ns;
        ret->last_ns = s.last_ns > ret->last_ns ? s.last_ns : ret->last_ns;
    }
    return ret->last_ns != INT64_MIN;
}

static int by_time(const void *a, const void *b)
{
    const struct turn *const x = a, *const y = b;
    return (x->first_ns > y->first_ns) - (x->first_ns < y->first_ns);
}

static void put_in_order(struct turns *t)
{
    if (t->n)
        qsort(t->items, t->n, sizeof *t->items, by_time);
    t->apart = t->n >= 2;
    for (size_t i = 1; i < t->n; i++)
        t->apart = t->apart && t->items[i - 1].last_ns < t->items[i].first_ns;
}

static struct turns turns_of(const struct audit_group *g, uint32_t replicate)
{
    struct turns t = {};
    for (size_t i = 0; i < g->n && t.n < MOST_CONFIGURATIONS; i++)
        t.n += span_of(&g->cells[i], replicate, &t.items[t.n]);
    put_in_order(&t);
    return t;
}

static bool same_order(const struct turns *a, const struct turns *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++)
        same = folder_key_same_engine(a->items[i].cell->key, b->items[i].cell->key);
    return same;
}

static void stretch(struct turns *all, const struct turns *one)
{
    for (size_t i = 0; i < one->n; i++)
        for (size_t k = 0; k < all->n; k++) {
            struct turn *const to = &all->items[k];
            if (!folder_key_same_engine(to->cell->key, one->items[i].cell->key))
                continue;
            to->first_ns =
                one->items[i].first_ns < to->first_ns ? one->items[i].first_ns : to->first_ns;
            to->last_ns = one->items[i].last_ns > to->last_ns ? one->items[i].last_ns : to->last_ns;
        }
}

static const char *order_of(const struct turns *t, struct audit *out)
{
    CLEANUP(str_done) struct str s = {};
    constexpr size_t SHOWN = 6;
    for (size_t i = 0; i < t->n && i < SHOWN; i++)
        str_printf(&s, "%s%s", i ? ", " : "", audit_label(out, t->items[i].cell));
    return audit_text(out, "%s%s", str_text(&s), t->n > SHOWN ? ", ..." : "");
}

static void say(const struct turns *t, double scenarios, double chance, bool one_stretch,
                enum audit_severity severity, struct audit *out)
{
    const struct audit_fact facts[] = {
        audit_number("scenarios", scenarios), audit_number("configurations", (double)t->n),
        audit_word("order", order_of(t, out)), audit_number("same_order_p", chance),
        audit_number("one_stretch", one_stretch)};
    const char *const how =
        one_stretch ? "each in one stretch of time" : "one after another in every scenario";
    audit_add(out, &(struct audit_finding){
                       .check = "order-effect",
                       .severity = severity,
                       .subject = {.replicate = -1, .invocation = -1},
                       .facts = facts,
                       .n_facts = COUNT_OF(facts),
                       .message = audit_text(out,
                                             "the configurations ran %s, always in the order %s: "
                                             "what the machine did meanwhile (warm-up, drift, "
                                             "clocks) cannot be told from a difference of theirs",
                                             how, facts[2].text),
                       .advice = "interleave them: several invocations of each, in blocks of "
                                 "random order",
                       .blocks = severity == AUDIT_INFO ? 0 : AUDIT_COMPARISON | AUDIT_WINNER});
}

static bool imported(const struct turns *t)
{
    for (size_t i = 0; i < t->n; i++)
        if (!t->items[i].cell->imported)
            return false;
    return true;
}

static void look_at_replicate(const struct audit_whole *w, uint32_t replicate, double same_order_p,
                              struct audit *out)
{
    struct turns first = {}, all = {};
    double scenarios = 0, orders = 1;
    for (size_t i = 0; i < w->n_groups; i++) {
        const struct turns t = turns_of(&w->groups[i], replicate);
        if (t.n < 2)
            continue;
        if (!t.apart || (first.n && !same_order(&first, &t)))
            return; /* they took turns, or another came first */
        if (!first.n)
            first = all = t;
        stretch(&all, &t);
        scenarios++;
    }
    if (first.n < 2)
        return;
    put_in_order(&all);
    for (size_t k = 2; k <= first.n; k++)
        orders *= (double)k;
    const double chance = pow(orders, 1 - scenarios);
    const bool sure = scenarios >= 2 && (chance < same_order_p || all.apart);
    if (sure || imported(&first))
        say(&first, scenarios, chance, all.apart && scenarios >= 2, sure ? AUDIT_WARN : AUDIT_INFO,
            out);
}

void audit_turn_look(const struct audit_whole *w, double same_order_p, struct audit *out)
{
    for (uint32_t r = 0; r < w->results->n_replicates; r++)
        look_at_replicate(w, r, same_order_p, out);
}
