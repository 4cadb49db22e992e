#include "analysis/audit_machine.h"

#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "num/quantile.h"
#include "store/evidence.h"
#include "store/results.h"

#include <math.h>

static struct audit_machine nothing(int32_t replicate, int32_t invocation)
{
    const double x = NOT_MEASURED;
    return (struct audit_machine){replicate, invocation, x, x, x, x, x, x, x, x, x, x, x, x};
}

static struct audit_machine of_record(const struct evidence *v)
{
    const struct evidence_machine *const m = &v->machine;
    return (struct audit_machine){
        .replicate = v->replicate,
        .invocation = v->invocation,
        .window_s = m->window_s,
        .steal = m->steal_percent,
        .steal_most = m->steal_percent_most,
        .others = m->others_percent,
        .pressure = m->pressure_percent,
        .waited = m->waited_percent,
        .celsius = m->celsius_most,
        .celsius_limit = m->celsius_limit,
        .throttles = m->throttle_events,
        .mhz = m->mhz_top,
        .mhz_first = m->mhz_first,
        .mhz_last = m->mhz_last,
    };
}

static void take(double *to, double x)
{
    *to = isnan(*to) ? x : *to;
}

/* Records come first, in no order that a search could use; a cell has few, or none that matter. */
static struct audit_machine *find(struct audit_machine *units, size_t n, size_t guess,
                                  int32_t replicate, int32_t invocation)
{
    for (size_t k = 0; k < n; k++) {
        struct audit_machine *const u = &units[(guess + k) % n];
        if (u->replicate == replicate && u->invocation == invocation)
            return u;
    }
    return nullptr;
}

size_t audit_machine_of(const struct audit_cell *c, struct arena *a,
                        const struct audit_machine **ret)
{
    const struct audit_kept *const k = c->kept;
    struct audit_machine *const units =
        ARENA_ARRAY(a, struct audit_machine, c->n_evidence + k->n_units + c->n_stated + 1);
    size_t n = 0;
    for (size_t i = 0; i < c->n_evidence; i++)
        units[n++] = of_record(c->evidence[i]);
    for (size_t i = 0; i < k->n_units; i++) {
        const struct audit_kept_unit *const x = &k->units[i];
        struct audit_machine *u = find(units, n, i, x->replicate, x->invocation);
        if (!u) {
            u = &units[n++];
            *u = nothing(x->replicate, x->invocation);
        }
        take(&u->steal, x->steal_percent);
        take(&u->celsius, x->celsius);
        take(&u->mhz, x->mhz);
    }
    for (size_t i = 0; i < c->n_stated; i++) {
        const struct results_row *const row = &c->stated[i];
        if (isnan(row->steal_percent) && isnan(row->temperature_c) && isnan(row->clock_mhz))
            continue;
        units[n] = nothing((int32_t)row->replicate, row->invocation);
        units[n].steal = row->steal_percent;
        units[n].celsius = row->temperature_c;
        units[n++].mhz = row->clock_mhz;
    }
    *ret = units;
    return n;
}

const char *audit_machine_names(const struct audit_machine *const *units, size_t n,
                                struct audit *out)
{
    constexpr size_t MOST = 8;
    CLEANUP(str_done) struct str s = {};
    bool replicates = false;
    for (size_t i = 0; i < n; i++)
        replicates = replicates || units[i]->replicate > 0;
    if (n == 1 && units[0]->invocation < 0)
        return "the row";
    str_puts(&s, n == 1 ? "invocation " : "invocations ");
    for (size_t i = 0; i < n && i < MOST; i++) {
        str_puts(&s, i == 0 ? "" : i + 1 == n ? " and " : ", ");
        if (replicates)
            str_printf(&s, "%d:", units[i]->replicate);
        str_printf(&s, "%d", units[i]->invocation);
    }
    if (n > MOST)
        str_printf(&s, " and %zu more", n - MOST);
    return audit_text(out, "%s", str_text(&s));
}

double audit_machine_median(const struct audit_cell *c, const struct audit_machine *const *units,
                            size_t n, bool in_them)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new((size_t)4 << 30);
    double *const x = ARENA_ARRAY(scratch, double, c->stats->n + 1);
    size_t m = 0;
    for (size_t u = 0; u < c->stats->n_units; u++) {
        bool among = false;
        for (size_t i = 0; i < n && !among; i++)
            among = units[i]->replicate == c->stats->units[u].replicate &&
                    units[i]->invocation == c->stats->units[u].invocation;
        for (size_t i = c->stats->start[u]; among == in_them && i < c->stats->start[u + 1]; i++)
            x[m++] = c->stats->x[i];
    }
    quantile_sort(x, m);
    return m ? quantile_sorted(x, m, 0.5) : NOT_MEASURED;
}

void audit_machine_add_before(const struct audit_whole *w, size_t replicate,
                              const struct audit_machine_before *k, struct audit *out)
{
    const struct audit_fact facts[] = {audit_number(k->key, k->value),
                                       audit_number("limit", k->limit)};
    audit_add(out,
              &(struct audit_finding){
                  .check = k->check,
                  .severity = k->severity,
                  .subject = {.replicate = w->results->n_replicates > 1 ? (int32_t)replicate : -1,
                              .invocation = -1},
                  .facts = facts,
                  .n_facts = COUNT_OF(facts),
                  .message = k->message,
                  .advice = k->advice,
                  .blocks = AUDIT_COMPARISON,
              });
}
