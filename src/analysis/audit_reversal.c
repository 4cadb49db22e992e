#include "analysis/audit_reversal.h"

#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/compare.h"
#include "store/results.h"

#include <math.h>
#include <string.h>

enum { REVERSAL, P, BEYOND, MORE, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [REVERSAL] = {"reversal", 1.4,
                  "times the latency, either way: no work is so much larger for one model and "
                  "smaller for another, and clocks that step down halve the speed"},
    [BEYOND] = {"beyond_size", 1.5,
                "times the square of how far apart the two models are: scenarios whose laws cross "
                "turn round too, by less"},
    [MORE] = {"more_tokens", 1.5,
              "times the tokens in a prefill: a step of padding or of a kernel's tiles is less"},
    [P] = {"reversal_p", 0.01, "of Welch's test on either side, where there are samples"},
};

constexpr size_t SCRATCH = (size_t)64 << 20;

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* ms per generated token where counted, else ms; of rows without either, 1 / rate. */
static double figure_of(const struct audit_cell *c, bool *ret_per_token)
{
    const double tokens = c->kept->generated_mean;
    *ret_per_token = tokens > 0;
    if (c->stats->n > 0)
        return tokens > 0 ? c->stats->median / tokens : c->stats->median;
    for (size_t i = 0; i < c->n_stated; i++) {
        const struct results_row *const r = &c->stated[i];
        const double all = isnan(r->median_ms) ? r->mean_ms : r->median_ms;
        const double ms = isnan(all) && isnan(r->tokens_per_s) ? r->decode_ms : all;
        *ret_per_token = r->generated_tokens > 0 || isnan(ms);
        if (!isnan(ms))
            return r->generated_tokens > 0 ? ms / r->generated_tokens : ms;
        if (r->tokens_per_s > 0)
            return 1e3 / r->tokens_per_s;
    }
    return NOT_MEASURED;
}

struct turn { /* the scenarios s and t of one model */
    const struct audit_cell *s, *t;
    double log_ratio, log_level;
};

struct cells { /* of the whole, and the logs of their samples, which many pairs of scenarios ask of
                */
    const struct audit_whole *w;
    struct moment *logs;            /* n 0: not asked yet */
    const struct audit_cell **mine; /* those of the backend and precision that are looked at */
    size_t n_mine;
};

static void choose(struct cells *cells, const struct folder_key *like)
{
    cells->n_mine = 0;
    for (size_t i = 0; i < cells->w->n_cells; i++)
        if (folder_key_same_engine(cells->w->cells[i].key, like))
            cells->mine[cells->n_mine++] = &cells->w->cells[i];
}

static struct moment logs_of(struct cells *cells, const struct audit_cell *c)
{
    const struct cell_stats *const t = c->stats;
    struct moment *const known = &cells->logs[c - cells->w->cells], m = {.n = t->n};
    double ss = 0;
    if (known->n > 0)
        return *known;
    for (size_t i = 0; i < t->n; i++)
        m.mean += log(t->x[i]) / (double)t->n;
    for (size_t i = 0; i < t->n; i++)
        ss += (log(t->x[i]) - m.mean) * (log(t->x[i]) - m.mean);
    m.var = ss / (double)(t->n - 1);
    m.sd = sqrt(m.var);
    return *known = m;
}

/* Samples of a different length each show nothing by their raw latency: then the medians decide. */
static bool sure(struct cells *cells, const struct turn *x)
{
    const struct cell_stats *const s = x->s->stats, *const t = x->t->stats;
    if (fabs(x->log_ratio) < log(limits[REVERSAL].value))
        return false;
    if (s->n < 2 || t->n < 2 || !(s->min > 0 && t->min > 0))
        return s->n == 0 && t->n == 0;
    const struct moment a = logs_of(cells, x->s), b = logs_of(cells, x->t);
    return compare_welch(&a, &b, 0.95).p < limits[P].value;
}

static const struct audit_cell *find(const struct cells *cells, const struct audit_cell *like,
                                     const char *scenario)
{
    for (size_t i = 0; i < cells->n_mine; i++) {
        const struct folder_key *const k = cells->mine[i]->key;
        if (same(k->scenario, scenario) && folder_key_same_configuration(k, like->key))
            return cells->mine[i];
    }
    return nullptr;
}

struct reversal {
    struct turn slower, faster; /* of the same two scenarios, with two models */
    size_t n_slower, n_faster;  /* models that say so for sure */
    double margin;              /* by which that is more than their sizes explain; log */
    bool per_token;
};

constexpr size_t MOST_MODELS = 128;

/* The scenarios s and t, for every model that ran both and is sure. */
static size_t turns_of(struct cells *cells, const char *s, const char *t, struct turn *ret,
                       bool *ret_per_token)
{
    size_t n = 0;
    *ret_per_token = true;
    for (size_t i = 0; i < cells->n_mine && n < MOST_MODELS; i++) {
        const struct audit_cell *const c = cells->mine[i];
        const struct audit_cell *const other =
            same(c->key->scenario, s) ? find(cells, c, t) : nullptr;
        bool a, b;
        if (!other)
            continue;
        const double x = log(figure_of(c, &a)), y = log(figure_of(other, &b));
        ret[n] = (struct turn){c, other, x - y, (x + y) / 2};
        if (isnan(x - y) || a != b || !sure(cells, &ret[n]))
            continue;
        *ret_per_token = *ret_per_token && a;
        n++;
    }
    return n;
}

static struct reversal compare(struct cells *cells, const char *s, const char *t)
{
    struct turn turns[MOST_MODELS];
    struct reversal r = {.margin = log(limits[BEYOND].value)};
    const size_t n = turns_of(cells, s, t, turns, &r.per_token);
    for (size_t i = 0; i < n; i++) {
        r.n_slower += turns[i].log_ratio > 0;
        r.n_faster += turns[i].log_ratio < 0;
        for (size_t k = 0; k < n; k++) {
            const double margin = turns[i].log_ratio - turns[k].log_ratio -
                                  2 * fabs(turns[i].log_level - turns[k].log_level);
            if (!(turns[i].log_ratio > 0 && turns[k].log_ratio < 0 && margin > r.margin))
                continue;
            r.margin = margin;
            r.slower = turns[i];
            r.faster = turns[k];
        }
    }
    return r;
}

static void say(const struct reversal *r, struct audit *out)
{
    const struct folder_key *const s = r->slower.s->key, *const t = r->slower.t->key;
    const struct audit_fact facts[] = {
        audit_word("where", "scenarios of models"),
        audit_word("scenario_a", s->scenario),
        audit_word("scenario_b", t->scenario),
        audit_word("slower_with", r->slower.s->key->model),
        audit_number("ratio_a_to_b_there", exp(r->slower.log_ratio)),
        audit_word("faster_with", r->faster.s->key->model),
        audit_number("ratio_a_to_b_with_it", exp(r->faster.log_ratio)),
        audit_number("models_slower", (double)r->n_slower),
        audit_number("models_faster", (double)r->n_faster)};
    audit_add(
        out,
        &(struct audit_finding){
            .check = "clock-states",
            .severity = AUDIT_WARN,
            .subject = {.backend = s->backend,
                        .precision = s->precision,
                        .replicate = -1,
                        .invocation = -1},
            .facts = facts,
            .n_facts = COUNT_OF(facts),
            .message = audit_text(
                out,
                "%s/%s: %s takes %.3g times the time of %s with %s and %.3g times with %s%s: "
                "the work does not turn round, the machine's state does",
                s->backend, s->precision, s->scenario, exp(r->slower.log_ratio), t->scenario,
                facts[3].text, exp(r->faster.log_ratio), facts[5].text,
                r->per_token ? " (per generated token)" : " (no answer's length is known)"),
            .advice = "fix the clocks, or record them with every sample; a mean over such "
                      "cells mixes two states, and so does a fit through them",
            .blocks = AUDIT_MEAN | AUDIT_MEDIAN | AUDIT_THROUGHPUT | AUDIT_FIT | AUDIT_COMPARISON});
}

/* One finding for each backend and precision: the pair of scenarios that is the clearest. */
static void look_at(struct cells *cells, struct audit *out)
{
    struct reversal worst = {};
    constexpr size_t MOST_SCENARIOS = 64;
    const char *scenarios[MOST_SCENARIOS];
    size_t n = 0;
    for (size_t i = 0; i < cells->n_mine && n < MOST_SCENARIOS; i++)
        if (!audit_is_one_of(scenarios, n, cells->mine[i]->key->scenario))
            scenarios[n++] = cells->mine[i]->key->scenario;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++) {
            const struct reversal r = compare(cells, scenarios[i], scenarios[k]);
            if (r.slower.s && r.margin > worst.margin)
                worst = r;
        }
    if (worst.slower.s)
        say(&worst, out);
}

static void look(const struct audit_whole *w, struct audit *out)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(SCRATCH);
    struct cells cells = {w, ARENA_ARRAY(a, struct moment, w->n_cells),
                          ARENA_ARRAY(a, const struct audit_cell *, w->n_cells), 0};
    size_t models = 0;
    for (size_t i = 0; i < w->n_groups; i++)
        models += i == 0 || !same(w->groups[i].model, w->groups[0].model);
    for (size_t i = 0; models >= 2 && i < w->n_engines; i++) {
        choose(&cells, w->engines[i]->key);
        look_at(&cells, out);
    }
}

/* ---- more tokens in less time ---- */

/* Tokens that one request of a prefill works through; NOT_MEASURED: nobody says, or it is none. */
static double prefilled(const struct audit_cell *c)
{
    const struct audit_kept *const k = c->kept;
    if (!strcasestr(c->key->scenario, "prefill"))
        return NOT_MEASURED;
    if (k->prompt_tokens_mean > 0)
        return k->prompt_tokens_mean;
    if (c->stats->n > 0)
        return k->rate_of_totals * c->stats->mean / 1e3;
    for (size_t i = 0; i < c->n_stated; i++) {
        const struct results_row *const r = &c->stated[i];
        const double ms = isnan(r->mean_ms) ? r->median_ms : r->mean_ms;
        const double n = r->prompt_tokens > 0 ? r->prompt_tokens
                         : r->tokens > 0      ? r->tokens
                                              : r->tokens_per_s * ms / 1e3;
        if (n > 0)
            return n;
    }
    return NOT_MEASURED;
}

/* The clearest pair of one configuration: the first has more tokens and takes less time. */
static struct turn quicker_of(struct cells *cells, const struct audit_cell *like)
{
    const struct audit_whole *const w = cells->w;
    struct turn best = {.log_ratio = 0};
    for (size_t i = 0; i < w->n_cells; i++)
        for (size_t k = 0; k < w->n_cells; k++) {
            const struct audit_cell *const more = &w->cells[i], *const less = &w->cells[k];
            bool a, b;
            if (i == k || !folder_key_same_configuration(more->key, like->key) ||
                !folder_key_same_configuration(less->key, like->key) ||
                !(prefilled(more) >= limits[MORE].value * prefilled(less)))
                continue;
            const double x = log(figure_of(more, &a)), y = log(figure_of(less, &b));
            const struct turn t = {more, less, x - y, 0};
            if (!a && !b && x - y < best.log_ratio && sure(cells, &t))
                best = t;
        }
    return best;
}

static void say_quicker(const struct turn *t, struct audit *out)
{
    const double more = prefilled(t->s), less = prefilled(t->t);
    bool per_token;
    const struct audit_fact facts[] = {
        audit_word("where", "scenarios of one model"),
        audit_word("scenario_a", t->s->key->scenario),
        audit_word("scenario_b", t->t->key->scenario),
        audit_number("ratio_a_to_b_there", exp(t->log_ratio)),
        audit_number("tokens_a", more),
        audit_number("tokens_b", less),
    };
    audit_add(
        out,
        &(struct audit_finding){
            .check = "clock-states",
            .severity = AUDIT_WARN,
            .subject = {.model = t->s->key->model,
                        .backend = t->s->key->backend,
                        .precision = t->s->key->precision,
                        .replicate = -1,
                        .invocation = -1},
            .facts = facts,
            .n_facts = COUNT_OF(facts),
            .message = audit_text(out,
                                  "%s: %s has %.3g tokens and takes %.4g ms, %s has %.3g and takes "
                                  "%.4g ms: more work in less time is another state of the machine "
                                  "(or a cold one)",
                                  audit_label(out, t->s), t->s->key->scenario, more,
                                  figure_of(t->s, &per_token), t->t->key->scenario, less,
                                  figure_of(t->t, &per_token)),
            .advice = "fix the clocks, or record them with every sample; run scenarios in turn",
            .blocks = AUDIT_MEAN | AUDIT_MEDIAN | AUDIT_THROUGHPUT | AUDIT_COMPARISON});
}

static bool first_of_configuration(const struct audit_whole *w, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (folder_key_same_configuration(w->cells[k].key, w->cells[i].key))
            return false;
    return true;
}

static void look_for_quicker(const struct audit_whole *w, struct audit *out)
{
    constexpr size_t MOST_CELLS = 2000; /* every pair is looked at */
    CLEANUP(arena_freep) struct arena *a = arena_new(SCRATCH);
    struct cells cells = {.w = w, .logs = ARENA_ARRAY(a, struct moment, w->n_cells)};
    for (size_t i = 0; w->n_cells <= MOST_CELLS && i < w->n_cells; i++) {
        if (!first_of_configuration(w, i))
            continue;
        const struct turn t = quicker_of(&cells, &w->cells[i]);
        if (t.s)
            say_quicker(&t, out);
    }
}

const struct audit_check audit_reversal_checks[] = {
    {.name = "clock-states",
     .rule = "warn: on one backend a scenario takes `reversal` times the time of another with one "
             "model, and the other that much more with another model (per generated token where "
             "counted; Welch's test below reversal_p where there are samples), and by more than "
             "beyond_size",
     .evidence = "where scenario_a scenario_b slower_with ratio_a_to_b_there faster_with "
                 "ratio_a_to_b_with_it models_slower models_faster",
     .blocks = AUDIT_MEAN | AUDIT_MEDIAN | AUDIT_THROUGHPUT | AUDIT_FIT | AUDIT_COMPARISON,
     AUDIT_LIMITS(limits, REVERSAL, BEYOND),
     .whole = look},
    {.name = "clock-states",
     .rule = "warn: a prefill of more_tokens times the tokens takes less time by `reversal` than "
             "another of the same configuration (Welch's test below reversal_p)",
     .evidence = "where scenario_a scenario_b ratio_a_to_b_there tokens_a tokens_b",
     .blocks = AUDIT_MEAN | AUDIT_MEDIAN | AUDIT_THROUGHPUT | AUDIT_COMPARISON,
     AUDIT_LIMITS(limits, MORE, MORE),
     .whole = look_for_quicker},
    {},
};
