#include "analysis/audit_effect.h"

#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/dist.h"
#include "num/moment.h"
#include "store/evidence.h"
#include "store/results.h"

#include <math.h>
#include <string.h>

enum { MARGIN, LEAST_SCENARIOS, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [MARGIN] = {"margin", 0.05,
                "of the time, within which the whole 95 % interval of their ratio lies: half the "
                "bytes of a weight, or compiled code, change more"},
    [LEAST_SCENARIOS] = {"least_scenarios", 3, "that both have: pairs of which a ratio is taken"},
};

constexpr size_t MOST_CONFIGURATIONS = 256; /* pairs of them are looked at */

/* Does a record say of it what its label wishes? Then label-mismatch judges. */
static bool proven(const struct audit_cell *c)
{
    for (size_t i = 0; i < c->n_evidence; i++) {
        const struct evidence *const v = c->evidence[i];
        if (v->matmul.n || v->weights.n || v->providers.n ||
            v->compile.happened != EVIDENCE_UNKNOWN)
            return true;
    }
    for (size_t i = 0; i < c->n_stated; i++)
        if (c->stated[i].ran_backend || c->stated[i].ran_precision)
            return true;
    return false;
}

static double middle_of(const struct audit_cell *c)
{
    if (c->stats->n > 0)
        return c->stats->median;
    if (c->n_stated != 1 || c->stats->cell->status != STATUS_OK)
        return NOT_MEASURED;
    const struct results_row *const r = &c->stated[0];
    return !isnan(r->median_rest_ms) ? r->median_rest_ms
           : isnan(r->median_ms)     ? r->mean_ms
                                     : r->median_ms;
}

static bool is_compiled_twin(const char *plain, const char *other)
{
    const size_t n = strlen(plain);
    return strncmp(plain, other, n) == 0 && strcmp(other + n, "-compile") == 0;
}

/* Two labels of which one should have an effect; nullptr: they are not such a pair. */
static const char *differ_in(const struct folder_key *a, const struct folder_key *b)
{
    if (strcmp(a->model, b->model) != 0)
        return nullptr;
    if (strcmp(a->precision, b->precision) == 0)
        return is_compiled_twin(a->backend, b->backend) ? "compilation" : nullptr;
    return strcmp(a->backend, b->backend) == 0 && strcmp(a->precision, "unknown") != 0 &&
                   strcmp(b->precision, "unknown") != 0
               ? "precision"
               : nullptr;
}

/* Logs of b over a, a scenario each; ret has room for all cells. */
static size_t ratios(const struct audit_whole *w, const struct folder_key *a,
                     const struct folder_key *b, double *ret)
{
    size_t n = 0;
    for (size_t g = 0; g < w->n_groups; g++) {
        double x = NOT_MEASURED, y = NOT_MEASURED;
        for (size_t i = 0; i < w->groups[g].n; i++) {
            const struct audit_cell *const c = &w->groups[g].cells[i];
            if (folder_key_same_configuration(c->key, a) && !proven(c))
                x = middle_of(c);
            else if (folder_key_same_configuration(c->key, b) && !proven(c))
                y = middle_of(c);
        }
        if (x > 0 && y > 0)
            ret[n++] = log(y / x);
    }
    return n;
}

static bool compare(const struct audit_whole *w, const struct audit_cell *a,
                    const struct audit_cell *b, const char *what, double *room, struct audit *out)
{
    const size_t n = ratios(w, a->key, b->key, room);
    if ((double)n < limits[LEAST_SCENARIOS].value)
        return false;
    const struct moment m = moment_of(room, n);
    const double half = dist_t_quantile(0.975, (double)n - 1) * m.sd / sqrt((double)n);
    if (fabs(m.mean) + half >= log1p(limits[MARGIN].value))
        return true;
    const struct audit_subject subject = {.model = a->key->model,
                                          .backend = b->key->backend,
                                          .precision = b->key->precision,
                                          .replicate = -1,
                                          .invocation = -1};
    const struct audit_fact facts[] = {audit_word("labels_differ_in", what),
                                       audit_word("other", audit_label(out, a)),
                                       audit_number("scenarios", (double)n),
                                       audit_number("ratio", exp(m.mean)),
                                       audit_number("ratio_low", exp(m.mean - half)),
                                       audit_number("ratio_high", exp(m.mean + half))};
    audit_add(
        out,
        &(struct audit_finding){
            .check = "label-effect",
            .severity = AUDIT_WARN,
            .subject = subject,
            .facts = facts,
            .n_facts = COUNT_OF(facts),
            .message = audit_text(out,
                                  "%s takes %.3f times the time of %s over %zu scenarios (95 %% "
                                  "interval %.3f to %.3f): nothing shows that the label changed "
                                  "what ran",
                                  audit_label(out, b), exp(m.mean), facts[1].text, n,
                                  exp(m.mean - half), exp(m.mean + half)),
            .advice = "ask for proof of what ran (data types of the engine's layers, graphs that "
                      "were compiled, the file's digest) before the labels are compared",
            .blocks = AUDIT_COMPARISON | AUDIT_QUALITY,
        });
    return true;
}

static void look(const struct audit_whole *w, struct audit *out)
{
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)1 << 30);
    const struct audit_cell **const first =
        ARENA_ARRAY(a, const struct audit_cell *, MOST_CONFIGURATIONS);
    double *const room = ARENA_ARRAY(a, double, w->n_groups + 1);
    size_t n = 0;
    bool looked = false;
    for (size_t i = 0; i < w->n_cells && n < MOST_CONFIGURATIONS; i++) {
        bool seen = false;
        for (size_t k = 0; k < n && !seen; k++)
            seen = folder_key_same_configuration(first[k]->key, w->cells[i].key);
        if (!seen)
            first[n++] = &w->cells[i];
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) {
            const char *const what = differ_in(first[i]->key, first[k]->key);
            /* precisions: each pair once, in the order of the cells */
            if (what && (strcmp(what, "compilation") == 0 || i < k))
                looked = compare(w, first[i], first[k], what, room, out) || looked;
        }
    if (!looked)
        audit_not_run(out, "label-effect", nullptr,
                      "no two labels of one model that differ in precision or compilation, in "
                      "three scenarios, without a record of what ran");
}

const struct audit_check audit_effect_checks[] = {
    {.name = "label-effect",
     .rule = "warn: over least_scenarios, two precisions of one backend (or a backend and the same "
             "with -compile) of which no record says what ran are equally fast to within `margin`",
     .evidence = "labels_differ_in other scenarios ratio ratio_low ratio_high",
     .blocks = AUDIT_COMPARISON | AUDIT_QUALITY,
     .limits = limits,
     .n_limits = LIMITS,
     .whole = look},
    {},
};
