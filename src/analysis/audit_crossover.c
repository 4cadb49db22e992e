#include "analysis/audit_crossover.h"

#include "analysis/audit_line.h"
#include "analysis/audit_points.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/dist.h"
#include "store/results.h"

#include <math.h>
#include <string.h>

enum { CROSSOVER_P, CROSSOVERS, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [CROSSOVER_P] = {"crossover_p", 0.01,
                     "over the number of pairs: of the F test that scenarios have one level, "
                     "models apart"},
    [CROSSOVERS] = {"crossovers", 1.25, "of the largest to the smallest: less changes no decision"},
};

constexpr size_t SCRATCH = (size_t)1 << 30;
constexpr size_t MOST_SCENARIOS = 64;
constexpr double BEYOND = 2; /* times the sizes that were measured: further out nobody would look */

struct scenario {
    const char *name;
    struct audit_points points;
    double crossover; /* NOT_MEASURED: not near the sizes */
};

struct of_pair {
    size_t n;
    struct scenario *scenarios[MOST_SCENARIOS];
};

/* The log ratio of a model; NOT_MEASURED: it did not run there. */
static double ratio_of(const struct scenario *s, const char *model)
{
    for (size_t i = 0; i < s->points.n; i++)
        if (strcmp(s->points.model[i], model) == 0)
            return log(s->points.y[i]);
    return NOT_MEASURED;
}

/* Of scenarios in blocks of models, over the models that ran in all of them. NOT_MEASURED: fewer
 * than three. */
static double p_of_levels(const struct of_pair *o, struct arena *scratch, double *ret_f)
{
    const struct audit_points *const first = &o->scenarios[0]->points;
    double *const y = ARENA_ARRAY(scratch, double, o->n * first->n);
    size_t m = 0;
    for (size_t i = 0; i < first->n; i++) {
        bool all = true;
        for (size_t k = 0; k < o->n; k++) {
            y[m * o->n + k] = ratio_of(o->scenarios[k], first->model[i]);
            all = all && !isnan(y[m * o->n + k]);
        }
        m += all;
    }
    if (m < 3 || o->n < 2)
        return NOT_MEASURED;
    const double s = (double)o->n, models = (double)m;
    double grand = 0, between = 0, rest = 0;
    double *const level = ARENA_ARRAY(scratch, double, o->n);
    for (size_t i = 0; i < m; i++)
        for (size_t k = 0; k < o->n; k++) {
            level[k] += y[i * o->n + k] / models;
            grand += y[i * o->n + k] / models / s;
        }
    for (size_t k = 0; k < o->n; k++)
        between += models * (level[k] - grand) * (level[k] - grand);
    for (size_t i = 0; i < m; i++) {
        double own = 0;
        for (size_t k = 0; k < o->n; k++)
            own += y[i * o->n + k] / s;
        for (size_t k = 0; k < o->n; k++) {
            const double e = y[i * o->n + k] - own - level[k] + grand;
            rest += e * e;
        }
    }
    *ret_f = between / (s - 1) / (rest / ((s - 1) * (models - 1)));
    return rest > 0 ? dist_f_upper(*ret_f, s - 1, (s - 1) * (models - 1)) : between > 0 ? 0 : 1;
}

static void collect(const struct audit_whole *w, const struct folder_key *a,
                    const struct folder_key *b, struct of_pair *ret, struct arena *scratch)
{
    ret->n = 0;
    for (size_t i = 0; i < w->n_scenarios && ret->n < MOST_SCENARIOS; i++) {
        const char *const name = w->scenarios[i];
        struct scenario *const s = ARENA_ARRAY(scratch, struct scenario, 1);
        s->name = name;
        audit_points_collect(w, name, a, b, &s->points);
        const struct audit_line line =
            audit_line_of(s->points.x, s->points.y, s->points.n, scratch);
        if (line.n == 0)
            continue;
        const bool near = line.crossover >= line.x_least / BEYOND &&
                          line.crossover <= line.x_most * BEYOND && line.p < 0.05;
        s->crossover = near ? line.crossover : NOT_MEASURED;
        ret->scenarios[ret->n++] = s;
    }
}

static void judge(const struct folder_key *a, const struct folder_key *b, const struct of_pair *o,
                  size_t pairs, struct arena *scratch, struct audit *out)
{
    const struct scenario *least = nullptr, *most = nullptr;
    double f = NOT_MEASURED;
    for (size_t i = 0; i < o->n; i++) {
        const struct scenario *const s = o->scenarios[i];
        if (isnan(s->crossover))
            continue;
        least = !least || s->crossover < least->crossover ? s : least;
        most = !most || s->crossover > most->crossover ? s : most;
    }
    if (!least || !(most->crossover >= limits[CROSSOVERS].value * least->crossover))
        return;
    const double p = p_of_levels(o, scratch, &f);
    if (!(p < limits[CROSSOVER_P].value / (double)pairs))
        return;
    const struct audit_fact facts[] = {audit_number("scenarios", (double)o->n),
                                       audit_number("crossover_least", least->crossover),
                                       audit_word("least_of", least->name),
                                       audit_number("crossover_most", most->crossover),
                                       audit_word("most_of", most->name),
                                       audit_number("f_statistic", f),
                                       audit_number("p_value", p)};
    const struct audit_subject subject = {.replicate = -1, .invocation = -1};
    audit_add(out, &(struct audit_finding){
                       .check = "mixture",
                       .severity = AUDIT_WARN,
                       .subject = subject,
                       .facts = facts,
                       .n_facts = COUNT_OF(facts),
                       .message = audit_text(out,
                                             "%s/%s and %s/%s are alike at %.4gM in %s and at "
                                             "%.4gM in %s: a crossover over all scenarios is that "
                                             "of none of them",
                                             a->backend, a->precision, b->backend, b->precision,
                                             least->crossover / 1e6, least->name,
                                             most->crossover / 1e6, most->name),
                       .advice = "give the crossover of each scenario, or the range of them",
                       .blocks = AUDIT_FIT});
}

static void look(const struct audit_whole *w, struct audit *out)
{
    const size_t n = audit_points_models(w) < AUDIT_LINE_LEAST ? 0 : w->n_engines;
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++) {
            const struct folder_key *const a = w->engines[i]->key, *const b = w->engines[k]->key;
            CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
            struct of_pair o;
            collect(w, a, b, &o, scratch);
            judge(a, b, &o, n * (n - 1) / 2, scratch, out);
        }
}

const struct audit_check audit_crossover_checks[] = {
    {.name = "mixture",
     .rule = "warn: the model size at which two backends are alike (their ratio's law is 1 there, "
             "within twice the sizes measured) differs between scenarios by `crossovers`, and the "
             "scenarios' ratios differ at crossover_p",
     .evidence = "scenarios crossover_least least_of crossover_most most_of f_statistic p_value",
     .blocks = AUDIT_FIT,
     AUDIT_LIMITS(limits, CROSSOVER_P, CROSSOVERS),
     .whole = look},
    {},
};
